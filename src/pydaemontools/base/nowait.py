"""Writing without ever waiting for whoever reads: what a process that lasts says on stderr.

Such a process must not stand still because nobody reads its stderr. What does not fit is
dropped and counted, and the count is said when there is room again. The description behind
the fd is shared with others, so it is never made non-blocking: a write that may not wait is
asked for by itself, in the first of these ways that the system has:

- a pipe: pwritev2(2) with RWF_NOWAIT (Linux 6.4; not for one with a name), or a description
  of our own, opened anew from /proc, or poll(2) and at most PIPE_BUF bytes;
- a socket: send(2) with MSG_DONTWAIT;
- a terminal: a description of our own, by /proc or by its name. Where neither is there, as in
  a bare chroot, poll(2) and little at a time, which waits if the terminal is stopped just then;
- all else, files for one: a plain write, which waits for nobody.
"""

import posix
from errno import EAGAIN
from select import POLLOUT, poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    # Writes some of the data, or raises OSError.
    Way = Callable[[bytes], int]

PIPE_BUF = 4096  # bytes that go into a pipe whole, where poll says that there is room
LITTLE = 64  # bytes that a terminal takes, where poll says that there is room
OPEN = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_NOCTTY | posix.O_CLOEXEC
SOCKET, FIFO = 0o140000, 0o010000


class NoWaitWriter:
    """Writes to FD, whatever that is from time to time."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._file: tuple[int, int] | None = None  # the one that `_ways` are for
        self._ways: list[Way] = []
        self._own = -1  # a description of our own
        self._ready = poll()
        self._ready.register(fd, POLLOUT)

    def has_room(self) -> bool:
        """Whether it takes something now, or fails at once."""
        return bool(self._ready.poll(0))

    def write(self, data: bytes) -> int:
        """Write some of DATA; return how much. Raises OSError, EAGAIN where there is no room."""
        found = posix.fstat(self._fd)
        if self._file != (found.st_dev, found.st_ino):
            self._file = found.st_dev, found.st_ino
            self._forget()
            self._ways = self._find(found.st_mode & 0o170000)
        while True:
            try:
                return self._ways[0](data[:PIPE_BUF])
            except BlockingIOError:
                raise
            except OSError:
                # The first write is the probe: where it is refused, the next way has its turn.
                if len(self._ways) == 1:
                    raise
                del self._ways[0]

    def _find(self, kind: int) -> "list[Way]":
        """The ways to write to a file of that KIND, the best one first."""
        if kind == SOCKET:
            return [self._send]
        if kind == FIFO:
            return [self._nowait, self._reopened, self._polled]
        if posix.isatty(self._fd):
            return [self._reopened, self._named, self._polled_terminal]
        return [self._plain]

    def _forget(self) -> None:
        if self._own >= 0:
            posix.close(self._own)
            self._own = -1

    def _plain(self, data: bytes) -> int:
        return posix.write(self._fd, data)

    def _nowait(self, data: bytes) -> int:
        # The offset is the file's own: a pipe has none.
        return posix.pwritev(self._fd, [data], -1, posix.RWF_NOWAIT)

    def _reopened(self, data: bytes) -> int:
        if self._own < 0:
            self._own = posix.open(f"/proc/self/fd/{self._fd}", OPEN)
        return posix.write(self._own, data)

    def _named(self, data: bytes) -> int:
        if self._own < 0:
            self._own = posix.open(posix.ttyname(self._fd), OPEN)
        return posix.write(self._own, data)

    def _send(self, data: bytes) -> int:
        from _socket import MSG_DONTWAIT, MSG_NOSIGNAL, socket

        here = socket(fileno=posix.dup(self._fd))
        try:
            return here.send(data, MSG_DONTWAIT | MSG_NOSIGNAL)
        finally:
            here.close()

    def _polled(self, data: bytes) -> int:
        if not self.has_room():
            raise BlockingIOError(EAGAIN, "")
        return posix.write(self._fd, data)

    def _polled_terminal(self, data: bytes) -> int:
        return self._polled(data[:LITTLE])


class Stderr:
    """What the process WHO says on fd 2; `dropped` counts the lines that did not fit.

    `on_drop` is called when there begins to be something that is owed.
    """

    def __init__(self, who: bytes) -> None:
        self.who = who
        self.dropped = 0
        self.on_drop: Callable[[], None] = lambda: None
        self._torn = False  # whether the last line that is there has no end
        self._writer = NoWaitWriter(2)

    def say(self, data: bytes) -> None:
        """Write DATA, whole lines, or drop what does not fit; first what is owed."""
        left = self._write(data) if self.catch_up() else data
        if left:
            owed, self.dropped = self.dropped, self.dropped + left.count(b"\n")
            if not owed:
                self.on_drop()

    def uncaught(
        self, kind: type[BaseException], error: BaseException, trace: "TracebackType | None"
    ) -> None:
        """Say what nobody caught, as the interpreter would (sys.excepthook)."""
        from traceback import format_exception

        self.say("".join(format_exception(kind, error, trace)).encode("utf-8", "replace"))

    def catch_up(self) -> bool:
        """Say how many lines were dropped, if there is room by now; return whether none is owed."""
        if not self.dropped:
            return True
        many = b"1 line" if self.dropped == 1 else b"%d lines" % self.dropped
        what = self.who + b": warning: dropped " + many + b" for which stderr had no room\n"
        if self._write(b"\n" * self._torn + what):
            return False
        self.dropped = 0
        return True

    def _write(self, data: bytes) -> bytes:
        """Write DATA; return what of it did not fit."""
        try:
            while data:
                # Whole lines into a pipe, where one is not longer than fits at once.
                end = len(data) if len(data) <= PIPE_BUF else data.rfind(b"\n", 0, PIPE_BUF) + 1
                written = self._writer.write(data[: end or PIPE_BUF])
                if written:
                    self._torn = data[written - 1 : written] != b"\n"
                data = data[written:]
        except BlockingIOError:
            return data
        except OSError:
            # Stderr is gone: there is nobody to tell, and nothing is owed.
            return b""
        return b""
