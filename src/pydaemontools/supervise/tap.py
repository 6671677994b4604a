"""A pipe between a service and where its output goes, through which we see the output.

Only where somebody asked for it: a pattern or silence in the log to look for, or a last
line to remember where there is no logger. The supervisor never waits here: it reads when
there is something, and only when that can be written on. On its way to a logger it is moved
from pipe to pipe (splice(2)) and not through us, and only while the logger has the other pipe
too: kill -9 loses nothing of it.
"""

import posix
import sys
from select import POLLOUT
from time import monotonic

from ..base import kept_pipe
from ..base.nowait import PIPE_BUF, NoWaitWriter
from ..base.tee import Glimpse
from ..jobs.loop import Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

AGAIN = 0.1  # seconds until it is looked what else there is, while nothing can be passed on
BURST = 16  # chunks at once: whoever prints all the time does not get all of ours
LINE = 1000  # bytes of a line that are looked at


class Tap:
    """What is written to `fd` goes on to SINK; `on_line` is called with each line.

    PIPE is one that there is already: its two ends. If SINK leads to a logger, READER says whether
    that is there, and if not calls what it is given once it may be.
    """

    __slots__ = (
        "_begun",
        "_buffer",
        "_drained",
        "_glimpse",
        "_loop",
        "_part",
        "_reader",
        "_seen",
        "_sink",
        "_source",
        "fd",
        "last_line",
        "last_read",
        "on_line",
    )

    def __init__(
        self,
        loop: Loop,
        sink: int,
        pipe: tuple[int, int] | None = None,
        reader: "Callable[[Callable[[], None]], bool] | None" = None,
    ) -> None:
        self._loop = loop
        self._sink = sink
        self._source, self.fd = pipe or kept_pipe.make()
        posix.set_blocking(self._source, False)
        self._reader = reader
        self._glimpse = _glimpse() if reader else None
        self._seen = 0  # bytes that were looked at and are still in the pipe
        self._buffer = b""  # what was read and not yet written
        self._begun = b""  # and the beginning of a line behind that
        self._part = b""  # the beginning of a line
        self._drained: Callable[[], None] | None = None
        self.on_line: Callable[[bytes], None] | None = None
        self.last_line = b""  # the last line that said something
        self.last_read = 0.0  # when something came, the last time
        loop.watch(self._source, self.forward)

    def forward(self) -> None:
        """Pass on what is there, as far as that goes without waiting, and no more than a pipe."""
        if self._reader and not self._reader(self._go_on):
            # It would be in nobody's hands but ours.
            self._look_ahead()
            self._loop.forget(self._source)
            self._loop.at(monotonic() + AGAIN, self._go_on)
            return
        for _ in range(BURST):
            if not _writer(self._sink).has_room():
                self._hold()
                return
            try:
                room = self._pass()
            except BlockingIOError:
                self._finish()
                return
            if not room:
                self._hold()
                return
        if self._drained or self._begun:
            # Perhaps nothing more comes in to wake us.
            self._loop.at_turn_end(self.forward)

    def close(self, callback: "Callable[[], None]") -> None:
        """Call CALLBACK when everything has been passed on; nothing more may come."""
        self._drained = callback
        self.forward()

    @property
    def part(self) -> bytes:
        """The beginning of a line that has no end yet."""
        return self._part

    def release(self) -> None:
        """Close it; whoever still writes to it is told."""
        posix.close(self._source)
        posix.close(self.fd)
        if self._glimpse:
            self._glimpse.close()

    def cut(self) -> None:
        """What comes next begins a line: another run prints it."""
        self._part = b""

    @property
    def last_sign(self) -> float:
        """When it has printed something, the last time; now, if what it has printed waits here."""
        return monotonic() if self.pending() else self.last_read

    def pending(self) -> int:
        """How many bytes were written to it and not passed on."""
        return len(self._buffer) + len(self._begun) + unread(self._source)

    def _hold(self) -> None:
        """Nobody reads at the other end: wait for that, and read nothing."""
        self._loop.forget(self._source)
        self._loop.once(self._sink, self._go_on, POLLOUT)

    def _go_on(self) -> None:
        self._loop.watch(self._source, self.forward)
        self.forward()

    def _pass(self) -> bool:
        """Pass on a chunk, or what is left of one; return whether there was room for some of it.

        Raises BlockingIOError if there is none.
        """
        if self._glimpse:
            if not self._seen:
                data = self._glimpse.see(self._source, PIPE_BUF)
                self._seen = len(data)
                self._look(data)
            return self._move(self._glimpse)
        if not self._buffer:
            self._buffer = self._read()
            self._look(self._buffer)
        return self._write()

    def _read(self) -> bytes:
        """The next of it: whole lines where there are more, since others may write there too.

        Raises BlockingIOError if there is none.
        """
        begun, self._begun = self._begun, b""
        try:
            data = begun + posix.read(self._source, PIPE_BUF - len(begun))
        except BlockingIOError:
            if not begun:
                raise
            return begun
        end = data.rfind(b"\n") + 1 if len(data) == PIPE_BUF else 0
        if end:
            data, self._begun = data[:end], data[end:]
        return data

    def _look_ahead(self) -> None:
        """Look at what is there, though it stays there."""
        if self._glimpse and (there := unread(self._source)) > self._seen:
            data = self._glimpse.see(self._source, there)
            self._look(data[self._seen :])
            self._seen = max(self._seen, len(data))

    def _move(self, glimpse: Glimpse) -> bool:
        try:
            self._seen -= glimpse.move(self._source, self._sink, self._seen)
        except BlockingIOError:
            # Somebody else has filled it.
            return False
        return True

    def _finish(self) -> None:
        if self._drained:
            self._loop.forget(self._source)
            callback, self._drained = self._drained, None
            callback()

    def _write(self) -> bool:
        """Write what was read; return whether there was room for some of it."""
        try:
            self._buffer = self._buffer[_writer(self._sink).write(self._buffer) :]
        except BlockingIOError:
            return False
        except OSError:
            # Nobody is there to read it, as nobody would be without us.
            self._buffer = b""
        return True

    def _look(self, data: bytes) -> None:
        self.last_read = monotonic()
        lines = (self._part + data).split(b"\n")
        self._part = lines.pop()[:LINE]
        for line in lines:
            if line and not line.isspace():
                self.last_line = line
            if self.on_line:
                self.on_line(line)


def _writer(sink: int) -> NoWaitWriter:
    """What writes to SINK, for all whose it is."""
    if sink not in _writers:
        _writers[sink] = NoWaitWriter(sink)
    return _writers[sink]


_writers: dict[int, NoWaitWriter] = {}


def unread(fd: int) -> int:
    """How many bytes stand in the pipe FD."""
    from fcntl import ioctl
    from termios import FIONREAD

    count = bytearray(4)
    ioctl(fd, FIONREAD, count)
    return int.from_bytes(count, sys.byteorder)


def _glimpse() -> Glimpse | None:
    """What looks into a pipe, if the system has that."""
    try:
        return Glimpse()
    except OSError:
        return None
