"""Plain TCP, and TLS over it: what arrived is what the other machine's kernel has.

Where the connection ends before that, what was sent is sent again over the next one, from the
first message that may not have arrived; and where the backlog has it still, from the first that
the server may not have read.
"""

import time

from ...base.backoff import Backoff
from .phases import OPEN
from .previous_connection import ENDED
from .protocol import StreamProtocol
from .replay import Replay
from .transport import Ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...base.retry import Retry
    from ..lines.frames import Frames
    from .backlog import Backlog
    from .transport import Connection

LOOK = 0.001, 0.1  # seconds until we look whether all has arrived: first, longest
TURN = 1 << 20  # bytes that are sent before anything else is seen to


class TcpProtocol(StreamProtocol):
    """Messages and nothing else; the server says nothing."""

    _arrived: int  # bytes of this connection
    _settled: float  # from when on what arrived counts as taken

    def __init__(self, frames: "Frames", backlog: "Backlog", retry: "Retry") -> None:
        super().__init__(frames, backlog, retry)
        self._replay = Replay()
        self._backoff = Backoff(*LOOK)
        self._look = LOOK[0]  # seconds until the next look

    def begin(self, connection: "Connection") -> None:
        """Begin anew over CONNECTION, with all that has not arrived."""
        super().begin(connection)
        self._replay.begin(self._cursor)
        self._arrived = 0
        early = connection.tls and connection.tls.early
        self._settled = self._lasting if early else 0.0
        connection.phase = OPEN
        if self.backlog.kept:
            self.backlog.connected(connection.endpoints)

    def due(self) -> float | None:
        """Return in how many seconds there is something to send, or to look for."""
        due = super().due()
        if due != 0 and self._in_flight:
            due = max(self._look, self._settled - time.monotonic())
        return due

    def step(self) -> None:
        """Go on with whatever can be done now."""
        # Before we meet an end: what has arrived by then need not be sent again.
        self._confirm()
        super().step()
        self._confirm()

    def feed(self) -> None:
        """Send some of what there is; the other sinks wait meanwhile."""
        connection = self._connection
        most = connection.written + TURN
        while self.backlog.ready(self._cursor):
            if connection.full or connection.written >= most:
                break
            text, self._cursor = self.backlog.read(self._cursor)
            before = connection.written
            try:
                connection.write(text)
            finally:
                # Also of what met the end of the connection much may have arrived.
                if connection.written > before:
                    self._in_flight.append((connection.written, self._cursor))
            self._backoff.reset()

    def _confirm(self) -> None:
        """Let the backlog know what has arrived."""
        if not self._in_flight or time.monotonic() < self._settled:
            return
        arrived = self._connection.arrived()
        if arrived > self._arrived:
            self._backoff.reset()
        self._look = self._backoff.pause()
        self._arrived = arrived
        position = -1
        while self._in_flight and self._in_flight[0][0] <= arrived:
            _, position = self._in_flight.popleft()
        if position >= 0:
            self._delivered(position)

    def _delivered(self, position: int) -> None:
        self._replay.acknowledged(position)
        super()._delivered(position)

    def ended(self, error: OSError) -> None:
        """Leave out what had arrived, but for what the server may not have read."""
        try:
            self._confirm()
        except OSError:
            # What we know is what was so the last time.
            pass
        if self._in_flight and self._arrived and not self._connection.tls:
            self._salvage()
        short = time.monotonic() < self._lasting
        in_order = False
        if short or self.backlog.kept:
            in_order = isinstance(error, Ended) and self._connection.closed()
        # A server that has read what came may close then, each time.
        self.refused = short and not (in_order and self._took)
        if self.backlog.kept:
            self.backlog.rewind(self._replay.resume_at(in_order=in_order))
            self.backlog.connected(b"")

    def _salvage(self) -> None:
        """Leave out those messages of a text that arrived."""
        end, _ = self._in_flight[0]
        text, after = self.backlog.read(self.backlog.begin)
        count = self._arrived - (end - len(text))
        ends = [at for _, at in self.frames.spans(text) if at <= count]
        if ends:
            self._delivered(after - len(text) + ends[-1])

    def finish(self) -> None:
        """Say that nothing more comes; the server's end will say that all was read."""
        self._connection.finish()
        self.answering = bool(self.backlog.kept)

    def finished(self, error: OSError | None) -> None:
        """Note what our successor has to know of the connection."""
        in_order = isinstance(error, Ended) and self._connection.closed()
        super().finished(None if in_order else error)
        if in_order:
            self.backlog.connected(b"")
        elif error:
            self.ended(error)
        elif self.backlog.kept:
            # The server has it all; who comes next sees to that.
            self.backlog.connected(self.backlog.connection + ENDED)
