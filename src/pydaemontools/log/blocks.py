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
from fcntl import fcntl, ioctl
from select import EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, POLLIN, epoll, poll

BLOCK = 262144  # bytes looked at together, at the most, where there is no tee
FIONREAD = 0x541B
F_SETPIPE_SZ, F_GETPIPE_SZ = 1031, 1032
SPLICE_F_NONBLOCK = 2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Tee = Callable[[int, int, int, int], int]


def open_source(fd: int) -> "Source":
    """The source of the bytes that come in on FD."""
    if stat.S_ISFIFO(posix.fstat(fd).st_mode):
        tee = find_tee()
        if tee is not None:
            return PipeSource(fd, tee)
    return Source(fd)


def find_tee() -> "Tee | None":
    """The C library's tee(2), which Python does not wrap; None where there is none."""
    try:
        import ctypes

        tee: Tee = ctypes.CDLL(None, use_errno=True).tee
    except (ImportError, AttributeError, OSError):
        return None
    return tee


class Source:
    """Bytes from an fd, kept in memory until they are taken."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.ended = False
        self._held = b""
        # Where a signal's number arrives, so that it ends a wait.
        self._wake = posix.pipe2(posix.O_NONBLOCK | posix.O_CLOEXEC)
        set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        self._poll = poll()
        self._poll.register(fd, POLLIN)
        self._poll.register(self._wake[0], POLLIN)

    def wait(self, seconds: float | None) -> None:
        """Until there may be something new, a signal came, or SECONDS have passed."""
        timeout = None if seconds is None else seconds * 1000
        if any(fd == self._wake[0] for fd, _ in self._poll.poll(timeout)):
            self._drain()

    def sleep(self, seconds: float) -> None:
        """Until a signal came or SECONDS have passed, whatever comes in."""
        waiter = poll()
        waiter.register(self._wake[0], POLLIN)
        if waiter.poll(seconds * 1000):
            self._drain()

    def _drain(self) -> None:
        posix.read(self._wake[0], 4096)

    def look(self) -> bytes:
        """All that is there and was not taken; sets `ended` once nothing can follow it.

        Does not wait. Raises OSError if FD cannot be read.
        """
        waiter = poll()
        waiter.register(self.fd, POLLIN)
        if not self.ended and len(self._held) < BLOCK and waiter.poll(0):
            new = posix.read(self.fd, BLOCK)
            self.ended = not new
            self._held += new
        return self._held

    def take(self, count: int) -> None:
        """The first COUNT bytes have been dealt with."""
        self._held = self._held[count:]


class PipeSource(Source):
    """Bytes from a pipe, left in it until they are taken."""

    def __init__(self, fd: int, tee: "Tee") -> None:
        super().__init__(fd)
        self._tee = tee
        self._copy = posix.pipe2(posix.O_CLOEXEC)
        self._null = posix.open("/dev/null", posix.O_WRONLY | posix.O_CLOEXEC)
        _enlarge(fd, self._copy[1])
        self._hung_up = False
        # Edge-triggered: what stays in the pipe must not wake us again.
        self._epoll = epoll()
        self._epoll.register(fd, EPOLLIN | EPOLLET)
        self._epoll.register(self._wake[0], EPOLLIN)

    def wait(self, seconds: float | None) -> None:
        """Until there is something new, a signal came, or SECONDS have passed."""
        for fd, events in self._epoll.poll(-1 if seconds is None else seconds):
            if fd == self._wake[0]:
                self._drain()
            elif events & (EPOLLHUP | EPOLLERR):
                self._hung_up = True

    def look(self) -> bytes:
        """All that the pipe holds, as far as a copy has room for it."""
        there = array("i", [0])
        ioctl(self.fd, FIONREAD, there)
        if not there[0]:
            self.ended = self._hung_up
            return b""
        copied = self._tee(self.fd, self._copy[1], there[0], SPLICE_F_NONBLOCK)
        if copied <= 0:
            return b""
        block = posix.read(self._copy[0], copied)
        while len(block) < copied:
            block += posix.read(self._copy[0], copied - len(block))
        self.ended = self._hung_up and copied >= there[0]
        return block

    def take(self, count: int) -> None:
        """Consume the first COUNT bytes of the pipe."""
        while count:
            count -= posix.splice(self.fd, self._null, count)


def _enlarge(source: int, copy: int) -> None:
    """Give both pipes as much room as an ordinary user may have, and the same."""
    try:
        with open("/proc/sys/fs/pipe-max-size", "rb") as limit:
            fcntl(source, F_SETPIPE_SZ, int(limit.read()))
    except OSError:
        # What room there is will do.
        pass
    try:
        fcntl(copy, F_SETPIPE_SZ, fcntl(source, F_GETPIPE_SZ))
    except OSError:
        pass
