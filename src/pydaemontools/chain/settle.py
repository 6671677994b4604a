"""Put back what starting an interpreter changed, so that a link leaves no trace of it."""

import posix
from _signal import SIG_DFL, SIGINT, SIGPIPE, SIGXFSZ, default_int_handler, getsignal, signal

from . import exec as chain

# Which of fds 0-2 were closed at the start, and are now /dev/null.
opened: list[int] = []


def settle(*, own: bool) -> None:
    """Undo what CPython and the entry script did; under an OWN name open fds 0-2 too."""
    signals()
    environment(chain.environ)
    if b"PYDAEMONTOOLS_LIMITS" in chain.environ:
        from .limits import taken

        chain.limits = taken(chain.environ)
    if own:
        standard_fds()


def signals() -> None:
    """Give SIGPIPE, SIGXFSZ and ^C their default actions: CPython takes all three.

    It ignores the first two whatever it was started with, so that a disposition of
    "ignored" for them is not handed through a chain; the C tools do hand it through.
    """
    signal(SIGPIPE, SIG_DFL)
    signal(SIGXFSZ, SIG_DFL)
    if getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, SIG_DFL)


def environment(environ: dict[bytes, bytes]) -> None:
    """Make ENVIRON again what the tool was started with.

    A shell stands before the interpreter in an entry script, and a shell drops names
    that are not its own kind and adds PWD; so the script passes on a copy of what it
    got. CPython, in the C locale, adds LC_CTYPE.
    """
    copy = environ.pop(b"PYDAEMONTOOLS_ENVIRON", b"")
    if copy:
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


def standard_fds() -> None:
    """Open those of fds 0-2 that are closed on /dev/null, or the next open() takes their place."""
    for fd in range(3):
        try:
            posix.fstat(fd)
        except OSError:
            posix.set_inheritable(posix.open("/dev/null", posix.O_RDWR), True)
            opened.append(fd)


def title(name: bytes) -> None:
    """Call this process NAME where ps and top show it: it stays, and is not a "python3"."""
    try:
        with open("/proc/self/comm", "wb", buffering=0) as comm:
            comm.write(name)
    except OSError:
        # No /proc, or none that may be written: then it goes by the interpreter's name.
        pass
