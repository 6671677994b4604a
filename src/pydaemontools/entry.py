"""Where every command starts: what installed scripts and the files of `originals` import.

Neither this module's name nor enter() ever changes: an `originals` directory that an older
release made goes on running, and is known for what it is.
"""

import gc
import posix
import sys
from _signal import SIG_DFL, SIGINT, SIGPIPE, default_int_handler, getsignal, signal

from .base.cli import Quit, say
from .base.process import environ, fsencode, limits, standard_fds
from .base.tools import OWN, load
from .chain import pathexec

# What the header says: the name of a link to the script, and of the environment a copy, or what
# of it a shell may not hand on, or its text (see data/entry.sh).
CALLED, COPY, LOST, TEXT = FROM_HEADER = (
    b"PYDAEMONTOOLS_CALLED",
    b"PYDAEMONTOOLS_ENVIRON",
    b"PYDAEMONTOOLS_LOST",
    b"PYDAEMONTOOLS_TEXT",
)
WARNING = (
    b"a shell lost variables whose names are no shell's;"
    b" scripts of `python -m pydaemontools entries` start without one"
)
GARBAGE = 10000  # objects that are made, and stay, before a search for circles that nobody has


def enter(name: str, scripts: str) -> None:
    """Be the tool NAME, called by an entry script that stands in the directory SCRIPTS."""
    # What is made at a start stays: to look through it for circles is a fiftieth of the time.
    gc.set_threshold(GARBAGE)
    pathexec.home = fsencode(scripts) if scripts else None
    # An entry script that was called through a link has found out where that leads.
    link = _from_header(CALLED) or fsencode(sys.argv[0])
    pathexec.called = link.rpartition(b"/")[2] if name in ("sv", "pysv") else b""
    main = load(name)
    restore_startup(name.encode())
    if name in OWN:
        standard_fds()
    # It is chpst that is what it is called.
    shown = link if name == "chpst" else name.encode()
    argv = [shown, *map(fsencode, sys.argv[1:])]
    _end(pathexec.run(name.encode(), main, argv))


def _end(code: int) -> None:
    """End with the exit code CODE, and at once unless something waits for the end.

    The interpreter would first take apart all that was loaded: a tenth of the time of a short tool.
    """
    if not {"atexit", "threading"} & sys.modules.keys():
        # Nothing is to be done at the end, and no thread is waited for; our tools write by posix.
        posix._exit(code & 0xFF)  # noqa: SLF001
    sys.exit(code)


def restore_startup(who: bytes) -> None:
    """Undo what CPython and the entry script did; take the limits that wait. Exits for WHO."""
    _restore_signals()
    _restore_environment(who, environ)
    if b"PYDAEMONTOOLS_LIMITS" in environ:
        from .base.limits import from_environ

        try:
            limits.update(from_environ(environ))
        except Quit as end:
            sys.exit(end.say(who))


def _restore_signals() -> None:
    """Give SIGPIPE and ^C their default actions: CPython takes both.

    It ignores SIGPIPE, and SIGXFSZ, whatever it was started with, so that a disposition
    of "ignored" is not handed through a chain; the C tools do hand it through. SIGXFSZ
    stays ignored until the exec (see chain/pathexec.py): a file that may not grow is an error here.
    """
    signal(SIGPIPE, SIG_DFL)
    if getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, SIG_DFL)


def _restore_environment(who: bytes, environ: dict[bytes, bytes]) -> None:
    """Make ENVIRON again what the tool was started with.

    A shell stands before the interpreter in an entry script, and a shell drops names
    that are not its own kind and adds PWD; so the script passes on a copy of what it
    got. CPython, in the C locale, adds LC_CTYPE.
    """
    copy, lost, text = (_from_header(name) for name in (COPY, LOST, TEXT))
    if copy is not None:
        from binascii import a2b_base64

        _replace(environ, a2b_base64(copy))
    elif lost or text:
        from .base.shell_loss import give_back, is_whole

        whole = is_whole(environ, text) if text else give_back(environ, lost or b"")
        if not whole:
            say(who + b": warning: " + WARNING)
    elif b"" in environ or environ.get(b"LC_CTYPE") in (b"C.UTF-8", b"C.utf8", b"UTF-8"):
        try:
            with open("/proc/self/environ", "rb", buffering=0) as start:
                _replace(environ, start.read())
        except OSError:
            # No /proc: it was CPython that set it unless the locale asks for more than C.
            if not (environ.get(b"LC_ALL") or environ.get(b"LANG")):
                del environ[b"LC_CTYPE"]


def _from_header(name: bytes) -> bytes | None:
    """Remove the variable NAME; return its value if the shell header of this script sets it.

    For Python that header is the script's docstring. To any other script anybody may give it.
    """
    value = environ.pop(name, None)
    return value if name.decode() in (sys.modules["__main__"].__doc__ or "") else None


def _replace(environ: dict[bytes, bytes], block: bytes) -> None:
    environ.clear()
    for entry in block.split(b"\0"):
        # A name may begin with "=" but has to be there: what has none is no variable.
        at = entry.find(b"=", 1)
        # One of the header's that was there before is somebody else's.
        if at > 0 and entry[:at] not in FROM_HEADER:
            environ.setdefault(entry[:at], entry[at + 1 :])
