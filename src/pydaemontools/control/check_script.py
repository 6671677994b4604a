"""Whether a service works, by its own word: the script ./check in its directory."""

import posix
from errno import ENOENT

from ..base.process import leave_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # Says on stderr what could not be done with a file: doing, file, error.
    Warn = Callable[[bytes, bytes, OSError], None]

FILE = b"/check"
LIMIT = 5.0  # seconds for an answer, under our own names


def run_check_script(warn: "Warn", limit: float | None = None) -> bool:
    """Run ./check, if there is one, in the current directory, with stdout closed.

    As in the original, one that a signal killed or that cannot be run is a yes. One that takes
    more than LIMIT seconds is ended, with its process group, and is a no.
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
        _be(warn, session=limit is not None)
    status = posix.waitpid(pid, 0)[1] if limit is None else _wait(pid, limit)
    return status is not None and not status >> 8


def _wait(pid: int, limit: float) -> int | None:
    """The wait status of the child PID, which leads a session; None if it took too long."""
    from _signal import SIGKILL
    from time import monotonic, sleep

    end, pause = monotonic() + limit, 0.001
    while True:
        ended, status = posix.waitpid(pid, posix.WNOHANG)
        if ended:
            return status
        if monotonic() >= end:
            break
        sleep(pause)
        pause = min(0.05, pause * 2)
    for target in (-pid, pid):
        try:
            posix.kill(target, SIGKILL)
        except ProcessLookupError:
            # It has not come to lead one yet.
            pass
    posix.waitpid(pid, 0)
    return None


def _be(warn: "Warn", *, session: bool) -> None:
    if session:
        posix.setsid()
        leave_terminal()
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
