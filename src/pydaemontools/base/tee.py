"""tee(2), which Python does not wrap: what is in a pipe is copied into another, and stays there."""

import posix
from errno import EBADF, ENOSYS

SPLICE_F_NONBLOCK = 2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Tee = Callable[[int, int, int], int]


def find_tee() -> "Tee | None":
    """Return the system's tee(2), which Python does not wrap; None where there is none."""
    try:
        from _ctypes import get_errno

        from .libc import function

        call = function("tee")
    except (ImportError, OSError):
        return None

    def tee(source: int, copy: int, count: int) -> int:
        copied = call(source, copy, count, SPLICE_F_NONBLOCK)
        if copied < 0:
            raise OSError(get_errno(), "")
        return copied

    try:
        tee(-1, -1, 1)
    except OSError as error:
        # Who has it finds fault with the files; an old kernel or a sandbox with the call.
        return tee if error.errno == EBADF else None
    return None


class Glimpse:
    """Copies what is in a pipe into one of its own, and reads it there.

    Raises OSError where the system has no such thing.
    """

    def __init__(self) -> None:
        tee = find_tee() if hasattr(posix, "splice") else None
        if not tee:
            raise OSError(ENOSYS, "")
        self._tee = tee
        self._source, self._sink = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)

    def close(self) -> None:
        """Close that pipe."""
        posix.close(self._source)
        posix.close(self._sink)

    def see(self, fd: int, most: int) -> bytes:
        """What is in the pipe FD, MOST bytes of it; nothing at its end. Raises OSError."""
        return posix.read(self._source, self._tee(fd, self._sink, most))

    def move(self, fd: int, sink: int, count: int) -> int:
        """Move up to COUNT bytes of it to the pipe SINK; return how many. Raises OSError."""
        return posix.splice(fd, sink, count, flags=SPLICE_F_NONBLOCK)
