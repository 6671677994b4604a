"""Many pipes in one process: they share what a look needs, and only a flooded one is made larger.

All pipes of an ordinary user may have 64 MiB together; beyond that each new one is of one page.
"""

import posix
from _stat import S_ISFIFO
from fcntl import fcntl

from ...base.tee import find_tee
from .source import (
    F_GETPIPE_SZ,
    F_SETPIPE_SZ,
    PAGES,
    RECORD,
    PipeSource,
    Source,
    keep_blocks,
    pipe_like,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...base.tee import Tee

LARGE = RECORD  # bytes of a pipe that was flooded


class Shared:
    """What the sources of one process have in common."""

    def __init__(self) -> None:
        keep_blocks()
        source, sink = posix.pipe2(posix.O_CLOEXEC)
        copy = pipe_like(source)
        posix.close(source)
        posix.close(sink)
        self._copy = copy or posix.pipe2(posix.O_CLOEXEC)
        self._tee = find_tee()
        self._null = posix.open("/dev/null", posix.O_WRONLY | posix.O_CLOEXEC)
        self._most = fcntl(self._copy[0], F_GETPIPE_SZ)

    def open(self, fd: int) -> Source:
        """Return the source of what comes in on FD. Raises OSError if FD cannot be read."""
        if S_ISFIFO(posix.fstat(fd).st_mode) and self._tee:
            return SharedPipeSource(fd, self._tee, self._copy, self._null, most=self._most)
        return Source(fd)


class SharedPipeSource(PipeSource):
    """Bytes from a pipe that is made larger, up to MOST bytes, once half of it is full."""

    def __init__(self, fd: int, tee: "Tee", copy: tuple[int, int], null: int, *, most: int) -> None:
        super().__init__(fd, tee, copy, null)
        self._most = min(most, LARGE)

    def fill(self) -> int:
        """Return how many bytes the pipe holds."""
        count = super().fill()
        if count * 2 >= self.room < self._most:
            self._enlarge()
        return count

    def _enlarge(self) -> None:
        try:
            self.room = fcntl(self.fd, F_SETPIPE_SZ, self._most)
        except OSError:
            # The user has as much as he may have. What there is will do.
            self._most = 0
            return
        self.long = min(RECORD, self.room - PAGES)
