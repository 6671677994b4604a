"""Put back what starting an interpreter changed, so that a link leaves no trace of it."""

from _signal import SIG_DFL, SIGINT, SIGPIPE, default_int_handler, getsignal, signal

from .process import environ, limits


def settle() -> None:
    """Undo what CPython and the entry script did; take the limits that wait."""
    signals()
    environment(environ)
    if b"PYDAEMONTOOLS_LIMITS" in environ:
        from .limits import taken

        limits.update(taken(environ))


def signals() -> None:
    """Give SIGPIPE and ^C their default actions: CPython takes both.

    It ignores SIGPIPE, and SIGXFSZ, whatever it was started with, so that a disposition
    of "ignored" is not handed through a chain; the C tools do hand it through. SIGXFSZ
    stays ignored until the exec (see exec.py): a file that may not grow is an error here.
    """
    signal(SIGPIPE, SIG_DFL)
    if getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, SIG_DFL)


def environment(environ: dict[bytes, bytes]) -> None:
    """Make ENVIRON again what the tool was started with.

    A shell stands before the interpreter in an entry script, and a shell drops names
    that are not its own kind and adds PWD; so the script passes on a copy of what it
    got. CPython, in the C locale, adds LC_CTYPE.
    """
    copy = environ.pop(b"PYDAEMONTOOLS_ENVIRON", None)
    if copy is not None:
        from binascii import a2b_base64

        _replace(environ, a2b_base64(copy))
    elif b"" in environ or environ.get(b"LC_CTYPE") in (b"C.UTF-8", b"C.utf8", b"UTF-8"):
        try:
            with open("/proc/self/environ", "rb", buffering=0) as start:
                _replace(environ, start.read())
        except OSError:
            # No /proc: it was CPython that set it unless the locale asks for more than C.
            if not (environ.get(b"LC_ALL") or environ.get(b"LANG")):
                del environ[b"LC_CTYPE"]


def _replace(environ: dict[bytes, bytes], block: bytes) -> None:
    environ.clear()
    for entry in block.split(b"\0"):
        # A name may begin with "=" but has to be there: what has none is no variable.
        at = entry.find(b"=", 1)
        if at > 0:
            environ.setdefault(entry[:at], entry[at + 1 :])
