"""Reading a pipe in blocks, and consuming only what has been dealt with.

look() copies what stdin holds without consuming it (tee(2) into a pipe of our own); take()
consumes it once it is where it should be. So whatever kills this process leaves in the
pipe what was not delivered. Where stdin is no pipe or there is no tee, the bytes are read
plainly and kept in memory until they are taken: then a kill loses them.
"""

import posix
from _stat import S_ISFIFO
from fcntl import fcntl, ioctl
from select import POLLIN, poll

from ...base.tee import find_tee

BLOCK = 262144  # bytes looked at together, at the most: they stay in the processor's cache
LONG = 65536  # bytes of a line that has no end yet, before it is passed on in pieces
RECORD = 1 << 20  # bytes of a line that is kept whole, if the pipe can be that large
END = 4096  # bytes in which the end of a line is looked for, where it is all that is looked for
PAGES = 16384  # bytes of pages that may be filled in part though a pipe is full
LITTLE = 4096  # bytes that are no burst
KEPT = 4 << 20  # bytes, in a piece, that malloc is to keep for the next block
FIONREAD = 0x541B
F_SETPIPE_SZ, F_GETPIPE_SZ = 1031, 1032
COUNT = memoryview(bytearray(4)).cast("i")  # where the system writes it, for one after another

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...base.tee import Tee


def open_source(fd: int) -> "Source":
    """Return the source of what comes in on FD. Raises OSError if FD cannot be read."""
    if S_ISFIFO(posix.fstat(fd).st_mode):
        # The end of a pipe that is there for writing would only look empty.
        posix.read(fd, 0)
        tee = find_tee()
        copy = pipe_like(fd) if tee else None
        if tee and copy:
            keep_blocks()
            return PipeSource(fd, tee, copy)
    return Source(fd)


def keep_blocks() -> None:
    """Have malloc keep a block that is freed for the next one, in this process; once, since a
    second time it would fill as much.

    What was the largest piece to be freed is glibc's measure of what it keeps. Else each block is
    made of new pages, which the kernel has to clear.
    """
    bytes(KEPT)


def pipe_like(fd: int) -> tuple[int, int] | None:
    """Return a pipe with room for all that the pipe FD can hold; None if we may not have one.

    Both get as much as an ordinary user may have, or what a RECORD needs if we may have that.
    A copy with less room would never show the end of a line that stands behind many small writes.
    """
    copy = posix.pipe2(posix.O_CLOEXEC)
    try:
        with open("/proc/sys/fs/pipe-max-size", "rb") as limit:
            most = int(limit.read())
    except OSError:
        # What room there is will do.
        most = 0
    for size in (max(most, 2 * RECORD), most) if most else ():
        try:
            fcntl(copy[1], F_SETPIPE_SZ, size)
            fcntl(fd, F_SETPIPE_SZ, size)
            break
        except OSError:
            pass
    try:
        room = fcntl(fd, F_GETPIPE_SZ)
        if room > fcntl(copy[1], F_GETPIPE_SZ):
            fcntl(copy[1], F_SETPIPE_SZ, room)
    except OSError:
        posix.close(copy[0])
        posix.close(copy[1])
        return None
    return copy


class Source:
    """Bytes from an fd, kept in memory until they are taken."""

    lasts = False  # whether what was not taken is there for a successor

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.long = LONG  # bytes of a line without an end that is passed on at once
        self.room = 0  # bytes that the pipe holds
        self.ended = False
        self.hung_up = False  # whether whoever waits has seen that nobody can write any more
        self.buffered = b""  # what was read and not taken
        self.available = 0  # how many bytes there were at the last look, less what was taken
        self.consumed = 0  # how many bytes were taken, in all: the offset of what is available

    def look(self, most: int = 0) -> bytes:  # noqa: ARG002 - of what is held there is no more
        """Return what is there and was not taken; set `ended` once nothing can follow it. If that
        is much it is the beginning, of MOST bytes if so much can be had.

        Does not wait. Raises OSError if FD cannot be read.
        """
        waiter = poll()
        waiter.register(self.fd, POLLIN)
        if not self.ended and len(self.buffered) < BLOCK and waiter.poll(0):
            new = posix.read(self.fd, BLOCK)
            self.ended = not new
            self.buffered += new
        self.available = len(self.buffered)
        return self.buffered

    def glance(self) -> bytes:
        """Return all that is there, if it is little, and whole lines; else nothing."""
        return b""

    def fill(self) -> int:
        """Return how many bytes there were at the last look."""
        return self.available

    def take(self, count: int) -> None:
        """Consume the first COUNT bytes: they have been dealt with."""
        self.consumed += count
        self.buffered = self.buffered[count:]


class PipeSource(Source):
    """Bytes from a pipe, left in it until they are taken."""

    lasts = True

    def __init__(
        self,
        fd: int,
        tee: "Tee",
        copy: tuple[int, int],
        null: int = -1,
    ) -> None:
        super().__init__(fd)
        self._tee = tee
        self.room = fcntl(fd, F_GETPIPE_SZ)
        # Many small writes fill a pipe when it is little more than half full. Of a large one the
        # pump sees that nothing more comes.
        self.long = self.room // 2 if self.room <= BLOCK else min(RECORD, self.room - PAGES)
        self._copy = copy
        if null < 0:
            null = posix.open("/dev/null", posix.O_WRONLY | posix.O_CLOEXEC)
        self._null = null
        self._count = COUNT

    def fill(self) -> int:
        """Return how many bytes the pipe holds."""
        ioctl(self.fd, FIONREAD, self._count)
        self.available = self._count[0]
        return self.available

    def look(self, most: int = 0) -> bytes:
        """Return what the pipe holds, or the beginning of that, of MOST bytes or a block."""
        if not self.fill():
            self.ended = self.hung_up
            return b""
        try:
            copied = self._tee(self.fd, self._copy[1], min(self.available, max(most, BLOCK)))
        except BlockingIOError:
            # Somebody else has taken it.
            return b""
        block = self._copied(copied)
        self.ended = self.hung_up and copied >= self.available
        return block

    def glance(self) -> bytes:
        """Return all that is there, if it is little, and whole lines; else nothing.

        The system is not asked how much there is: what comes behind it is for the next look.
        """
        try:
            copied = self._tee(self.fd, self._copy[1], LITTLE)
        except BlockingIOError:
            return b""
        block = posix.read(self._copy[0], copied)
        if len(block) < copied:
            block += self._copied(copied - len(block))
        if block[-1:] != b"\n" or copied == LITTLE or 2 * copied >= self.room:
            return b""
        self.available = copied
        return block

    def _copied(self, count: int) -> bytes:
        """Return COUNT bytes that were copied."""
        block = posix.read(self._copy[0], count)
        while len(block) < count:
            block += posix.read(self._copy[0], count - len(block))
        return block

    def lines_end(self, most: int) -> int:
        """Return how many of the first MOST bytes are whole lines, of which only the end is read;
        none if no line ends there.
        """
        try:
            copied = self._tee(self.fd, self._copy[1], most)
        except BlockingIOError:
            return 0
        before = max(0, copied - END)
        self._discard(self._copy[0], before)
        end = self._copied(copied - before).rfind(b"\n") + 1
        return before + end if end else 0

    def move(self, file: int, offset: int | None, count: int) -> int:
        """Move up to COUNT bytes from the pipe to FILE, behind OFFSET or where it stands; return
        how many it were.
        """
        moved = posix.splice(self.fd, file, count, offset_dst=offset)
        self.consumed += moved
        self.available -= moved
        return moved

    def drop(self, count: int) -> int:
        """Consume the first COUNT bytes in one call; return how many it were.

        No signal ends a splice from pipe to pipe, which takes what is there without a copy of it.
        A splice to /dev/null may be ended: it is only for what was consumed already.
        """
        dropped = posix.splice(self.fd, self._copy[1], count)
        self.consumed += dropped
        self.available -= dropped
        self._discard(self._copy[0], dropped)
        return dropped

    def _discard(self, fd: int, count: int) -> None:
        """Let go of COUNT bytes of the pipe FD."""
        while count and (taken := posix.splice(fd, self._null, count)):
            count -= taken

    def take(self, count: int) -> None:
        """Consume the first COUNT bytes of the pipe."""
        self.consumed += count
        self.available -= count
        if count < LITTLE:
            # As one call that is the cheapest.
            count -= len(posix.read(self.fd, count))
        if count:
            self._discard(self.fd, count)
