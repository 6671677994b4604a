"""Whether a service works, by its own word: the script ./check in its directory."""

import posix
from errno import ENOENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # Says on stderr what could not be done with a file: doing, file, error.
    Warn = Callable[[bytes, bytes, OSError], None]

FILE = b"/check"


def run_check_script(warn: "Warn") -> bool:
    """Run ./check, if there is one, in the current directory, with stdout closed.

    As in the original, one that a signal killed or that cannot be run is a yes.
    """
    try:
        posix.stat(b"check")
    except OSError as error:
        if error.errno != ENOENT:
            warn(b"stat ", FILE, error)
        return error.errno == ENOENT
    try:
        pid = posix.fork()
    except OSError as error:
        warn(b"fork for ", FILE, error)
        return False
    if not pid:
        _be(warn)
    return not posix.waitpid(pid, 0)[1] >> 8


def _be(warn: "Warn") -> None:
    try:
        posix.close(1)
    except OSError:
        # It was closed before us.
        pass
    try:
        posix.execve(b"check", [b"./check"], posix.environ)
    except OSError as error:
        warn(b"run ", FILE, error)
    finally:
        posix._exit(0)  # noqa: SLF001 - a child never returns into its parent
