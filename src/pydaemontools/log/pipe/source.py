"""Reading a pipe in blocks, and taking from it only what has been dealt with.

look() copies what stdin holds without consuming it (tee(2) into a pipe of our own); take()
consumes it once it is where it should be. So whatever kills this process leaves in the
pipe what was not delivered. Where stdin is no pipe or there is no tee, the bytes are read
plainly and kept in memory until taken: then a kill loses them.
"""

import posix
import stat
from _signal import set_wakeup_fd
from array import array
from errno import EBADF
from fcntl import fcntl, ioctl
from select import EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, POLLIN, POLLOUT, epoll, poll

BLOCK = 262144  # bytes looked at together, at the most: they stay in the processor's cache
LONG = 65536  # bytes of a line that has no end yet, before it is passed on in pieces, at the most
KEPT = 4 << 20  # bytes, in a piece, that malloc is to keep for the next block
PATIENCE = 0.01, 1.0  # seconds until a line without an end is looked at again: first, longest
FIONREAD = 0x541B
F_SETPIPE_SZ, F_GETPIPE_SZ = 1031, 1032
SPLICE_F_NONBLOCK = 2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Tee = Callable[[int, int, int], int]


def open_source(fd: int) -> "Source":
    """The source of the bytes that come in on FD. Raises OSError if FD cannot be read."""
    if stat.S_ISFIFO(posix.fstat(fd).st_mode):
        # The end of a pipe that is there for writing would only look empty.
        posix.read(fd, 0)
        tee = find_tee()
        copy = pipe_like(fd) if tee else None
        if tee and copy:
            return PipeSource(fd, tee, copy)
    return Source(fd)


def find_tee() -> "Tee | None":
    """The system's tee(2), which Python does not wrap; None where there is none."""
    try:
        from ctypes import CDLL, get_errno

        call = CDLL(None, use_errno=True).tee
    except (ImportError, AttributeError, OSError):
        return None

    def tee(source: int, copy: int, count: int) -> int:
        copied: int = call(source, copy, count, SPLICE_F_NONBLOCK)
        if copied < 0:
            raise OSError(get_errno(), "")
        return copied

    try:
        tee(-1, -1, 1)
    except OSError as error:
        # Who has it finds fault with the files; an old kernel or a sandbox with the call.
        return tee if error.errno == EBADF else None
    return None


def pipe_like(fd: int) -> tuple[int, int] | None:
    """A pipe with room for all that the pipe FD can hold; None if we may not have one.

    Both get as much as an ordinary user may have. A copy with less room would never show
    the end of a line that stands behind many small writes.
    """
    copy = posix.pipe2(posix.O_CLOEXEC)
    try:
        with open("/proc/sys/fs/pipe-max-size", "rb") as limit:
            most = int(limit.read())
        fcntl(copy[1], F_SETPIPE_SZ, most)
        fcntl(fd, F_SETPIPE_SZ, most)
    except OSError:
        # What room there is will do.
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
        self.long = LONG  # bytes that a line without an end has to have to be passed on
        self.ended = False
        self.held = b""  # what was read and not taken
        self.there = 0  # how many bytes there were at the last look
        self.taken = 0  # bytes, in all
        self.told: list[int] = []  # fills with the signals that ask for an end
        # Where a signal's number arrives, so that it ends a wait.
        self._wake = posix.pipe2(posix.O_NONBLOCK | posix.O_CLOEXEC)
        set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        self._poll = poll()
        self._poll.register(fd, POLLIN)
        self._poll.register(self._wake[0], POLLIN)
        self._watched: dict[int, int] = {}

    def watch(self, fd: int, *, write: bool) -> None:
        """Have FD end a wait or a sleep when it can be read from, or written to if WRITE."""
        self._watched[fd] = POLLIN | POLLOUT if write else POLLIN
        self._poll.register(fd, self._watched[fd])

    def unwatch(self, fd: int) -> None:
        """FD is nothing to wait for any more."""
        del self._watched[fd]
        self._poll.unregister(fd)

    def wait(self, seconds: float | None) -> None:
        """Until there may be something new, a signal came, or SECONDS have passed."""
        timeout = None if seconds is None else seconds * 1000
        if any(fd == self._wake[0] for fd, _ in self._poll.poll(timeout)):
            self._drain()

    def sleep(self, seconds: float) -> None:
        """Until a signal came or SECONDS have passed, whatever comes in."""
        waiter = poll()
        waiter.register(self._wake[0], POLLIN)
        for fd, events in self._watched.items():
            waiter.register(fd, events)
        # A negative time would be for ever.
        if any(fd == self._wake[0] for fd, _ in waiter.poll(max(0.0, seconds) * 1000)):
            self._drain()

    def _drain(self) -> None:
        posix.read(self._wake[0], 4096)

    def look(self) -> bytes:
        """All that is there and was not taken; sets `ended` once nothing can follow it.

        Does not wait. Raises OSError if FD cannot be read.
        """
        waiter = poll()
        waiter.register(self.fd, POLLIN)
        if not self.ended and len(self.held) < BLOCK and waiter.poll(0):
            new = posix.read(self.fd, BLOCK)
            self.ended = not new
            self.held += new
        self.there = len(self.held)
        return self.held

    def take(self, count: int) -> None:
        """The first COUNT bytes have been dealt with."""
        self.taken += count
        self.held = self.held[count:]


class PipeSource(Source):
    """Bytes from a pipe, left in it until they are taken."""

    lasts = True

    def __init__(self, fd: int, tee: "Tee", copy: tuple[int, int]) -> None:
        super().__init__(fd)
        self._tee = tee
        # Many small writes fill a pipe when it is little more than half full.
        self.long = min(LONG, fcntl(fd, F_GETPIPE_SZ) // 2)
        self._copy = copy
        self._null = posix.open("/dev/null", posix.O_WRONLY | posix.O_CLOEXEC)
        self._hung_up = False
        self._count = array("i", [0])
        self._room = bytearray(BLOCK)
        self._patience = PATIENCE[0]
        # What was the largest piece to be freed is glibc's measure of what it keeps. Else each
        # block is made of new pages, which the kernel has to clear.
        bytes(KEPT)
        # Edge-triggered: what stays in the pipe must not wake us again.
        self._epoll = epoll()
        self._epoll.register(fd, EPOLLIN | EPOLLET)
        self._epoll.register(self._wake[0], EPOLLIN)

    def watch(self, fd: int, *, write: bool) -> None:
        """Have FD end a wait or a sleep when it can be read from, or written to if WRITE."""
        super().watch(fd, write=write)
        self._epoll.register(fd, EPOLLIN | EPOLLOUT if write else EPOLLIN)

    def unwatch(self, fd: int) -> None:
        """FD is nothing to wait for any more."""
        super().unwatch(fd)
        try:
            self._epoll.unregister(fd)
        except OSError:
            # It was closed, and so forgotten.
            pass

    def wait(self, seconds: float | None) -> None:
        """Until there may be something new, a signal came, or SECONDS have passed."""
        if self._holds():
            # A write larger than the pipe tells nobody that it goes on behind what is there.
            seconds = self._patience if seconds is None else min(seconds, self._patience)
        found = self._epoll.poll(-1 if seconds is None else seconds)
        self._patience = PATIENCE[0] if found else min(2 * self._patience, PATIENCE[1])
        for fd, events in found:
            if fd == self._wake[0]:
                self._drain()
            elif fd == self.fd and events & (EPOLLHUP | EPOLLERR):
                self._hung_up = True

    def look(self) -> bytes:
        """What the pipe holds, or the beginning of that."""
        self.there = self._holds()
        if not self.there:
            self.ended = self._hung_up
            return b""
        try:
            copied = self._tee(self.fd, self._copy[1], min(self.there, BLOCK))
        except BlockingIOError:
            # Somebody else has taken it.
            return b""
        block = posix.read(self._copy[0], copied)
        while len(block) < copied:
            block += posix.read(self._copy[0], copied - len(block))
        self.ended = self._hung_up and copied >= self.there
        return block

    def _holds(self) -> int:
        """How many bytes are in the pipe."""
        ioctl(self.fd, FIONREAD, self._count)
        return self._count[0]

    def move(self, file: int, offset: int, count: int) -> int:
        """Move up to COUNT bytes from the pipe to FILE, behind OFFSET; give how many."""
        moved = posix.splice(self.fd, file, count, offset_dst=offset)
        self.taken += moved
        return moved

    def drop(self, count: int) -> int:
        """Consume the first COUNT bytes of the pipe, at most BLOCK, in one call; how many it were.

        A read of what is there is not ended by a signal: it copies all, into memory that has
        been used before and is there. A splice to /dev/null may be.
        """
        dropped = posix.readv(self.fd, [memoryview(self._room)[:count]])
        self.taken += dropped
        return dropped

    def take(self, count: int) -> None:
        """Consume the first COUNT bytes of the pipe."""
        self.taken += count
        while count and (taken := posix.splice(self.fd, self._null, count)):
            count -= taken
