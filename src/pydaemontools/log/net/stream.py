"""A sink for a server to which messages flow in order: over TCP (RFC 6587), TLS (5425) or RELP.

It is a client: it looks for the server, connects, and comes again after a pause. The phases that
it goes through are in phases.py; what it says to the server is the protocol's.
"""

import time
from errno import ETIMEDOUT

from ..pipe.sink import Sink
from .lookup import Lookup
from .phases import IDLE, OPEN, OPENING, RESOLVING
from .previous_connection import PreviousConnection
from .transport import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..lines.batch import Batch
    from ..lines.targets import Target
    from ..pipe.pump_loop import Waker
    from .protocol import StreamProtocol
    from .tls import Tls

PATIENCE = 15.0  # seconds that a server has to answer when we come
PAUSE = 1.0  # seconds between two looks at the clock, at the most
GLANCE = 0.1  # seconds between two looks at what nobody wakes us for
LINGER = 5.0  # seconds in which a server has to take something of a spool, at the end
LEAVE = 2.0  # seconds that a server has to read all, or to answer, when we go


class Stream(Sink):
    """The server of TARGET, to which PROTOCOL sends, over what TLS makes for each connection, if
    that is wanted. SOURCE wakes us for what we wait for.
    """

    def __init__(
        self,
        target: "Target",
        protocol: "StreamProtocol",
        source: "Waker",
        tls: "Callable[[], Tls] | None" = None,
    ) -> None:
        super().__init__(target.text)
        self.backlog = backlog = protocol.backlog
        self.retry = protocol.retry
        self.connects: int = 0
        self._target = target
        self._protocol = protocol
        self._source = source
        self._tls = tls
        self._previous: PreviousConnection | None = None  # if nobody knows how it ended
        if backlog.connection:
            self._previous = PreviousConnection(backlog.connection, backlog.idle)
        self._lookup: Lookup | None = None
        self._connection: Connection | None = None
        self._watched = -1, False  # an fd, and whether it is watched for room to write
        self._deadline = 0.0  # until when the server has to have answered
        self._turn = 0  # which of the server's addresses is the first to be tried

    @property
    def held(self) -> int:
        """How many bytes wait in memory, or were sent and may not have arrived."""
        return self.backlog.held

    @property
    def spooled(self) -> int:
        """How many bytes wait in the spool."""
        return self.backlog.size - self.backlog.held

    @property
    def stalled(self) -> bool:
        """Whether nothing more may be read now."""
        return self.backlog.stalled

    @property
    def phase(self) -> int:
        """Where it stands."""
        idle = RESOLVING if self._lookup else IDLE
        return self._connection.phase if self._connection else idle

    def send(self, batch: "Batch") -> None:
        """Send BATCH, or hold what cannot be sent now."""
        for text in self._protocol.frames.texts(batch):
            self.backlog.put(text)
        self.flush()

    def flush(self) -> None:
        """Go on with whatever can be done now."""
        self.backlog.flush()
        try:
            self._work()
        except OSError as error:
            self._failed(error)
        self._watch()

    def due(self) -> float | None:
        """Return in how many seconds a flush makes sense, if nothing is heard of the server."""
        due = self._due()
        if self._previous and self._previous.blocking:
            return GLANCE
        if not self._previous and not self.backlog.stalled:
            return due
        # Nobody wakes us when that changes.
        return GLANCE if due is None else min(due, GLANCE)

    def leaving(self) -> None:
        """Know that what was put leaves the pipe now."""
        self.backlog.settle()

    def lost(self) -> int:
        """Return how many messages are held that nobody has."""
        spans = self._protocol.frames.spans
        return sum(sum(1 for _ in spans(text)) for text in self.backlog.pending())

    def sync(self) -> None:
        """Make sure of what a spool has. Raises OSError."""
        self.backlog.sync()

    def close(self) -> None:
        """Let go of the server, once it has what a spool has, if it takes it."""
        self._linger()
        if self._connection and self.phase == OPEN:
            self._farewell(self._connection)
        self._drop()
        self.backlog.close()

    def _due(self) -> float | None:
        phase = self.phase
        if phase == IDLE and self.backlog.ready(self.backlog.begin):
            # Often enough for whoever was told to end meanwhile.
            return min(self.retry.rest, PAUSE)
        if phase <= RESOLVING:
            return None
        if phase < OPEN:
            return max(0.0, self._deadline - time.monotonic())
        return self._protocol.due()

    def _work(self) -> None:
        previous = self._previous
        if previous and previous.over():
            self._previous = None
            if previous.broken:
                # Nobody will read what went over it.
                self._drop()
                self.backlog.rewind(0)
        if self.phase == IDLE and self.backlog.ready(self.backlog.begin) and not self.retry.rest:
            if self._previous and self._previous.blocking:
                return
            self._lookup = Lookup(self._target.host, self._target.port)
        if self._lookup and self._lookup.done:
            self._connect(self._lookup)
        if self._connection:
            self._go_on(self._connection)

    def _connect(self, lookup: Lookup) -> None:
        """Begin a connection to one of the addresses that LOOKUP has found. Raises OSError."""
        self._lookup = None
        # Its fd may be the next one's.
        self._wake_for()
        addresses = lookup.result()
        self._deadline = time.monotonic() + PATIENCE
        turn = self._turn % len(addresses)
        tls = self._tls() if self._tls else None
        self._connection = Connection(addresses[turn:] + addresses[:turn], tls)

    def _go_on(self, connection: Connection) -> None:
        """Go on over CONNECTION, as far as it is. Raises OSError at its end."""
        if connection.phase < OPENING and connection.step():
            self.connects += 1
            self._deadline = time.monotonic() + PATIENCE
            self._protocol.begin(connection)
        if connection.phase >= OPENING:
            self._protocol.step()
        if connection.phase < OPEN and time.monotonic() > self._deadline:
            raise OSError(ETIMEDOUT, "")

    def _failed(self, error: OSError) -> None:
        """The connection is no more, or never was, as ERROR says."""
        phase = self.phase
        if phase < OPEN:
            # Another address may be better.
            self._turn += 1
        if phase >= OPENING:
            self._protocol.ended(error)
        self._drop()
        if self.backlog.ready(self.backlog.begin) or self._protocol.refused:
            self.retry.failed(error)

    def _linger(self) -> None:
        """Deliver what is in a spool for as long as the server takes it.

        When our input has ended it has LINGER to take more, each time. When we were told to
        end it has LINGER for all, and none if it is away: our successor will see to that.
        """
        begin = self.backlog.begin
        until = time.monotonic() + LINGER
        self.retry.at_once()
        while self.backlog.ready(self.backlog.begin) and not self.held:
            ended = self._source.ended and not self._source.signals
            rest = until - time.monotonic()
            if rest <= 0 or (self.retry.away and not ended):
                break
            due = self.due()
            self._source.sleep(rest if due is None else min(due, rest))
            self.flush()
            if ended and begin != self.backlog.begin:
                begin = self.backlog.begin
                until = time.monotonic() + LINGER

    def _farewell(self, connection: Connection) -> None:
        """Say that nothing more comes, and hear the answer."""
        if connection.full or not connection.written:
            return
        until = time.monotonic() + LEAVE
        try:
            self._protocol.finish()
            while self._protocol.answering and time.monotonic() < until:
                self._watch()
                self._source.sleep(until - time.monotonic())
                self._protocol.listen()
        except OSError as error:
            self._protocol.finished(error)
        else:
            self._protocol.finished(None)

    def _drop(self) -> None:
        self._wake_for()
        if self._connection:
            self._connection.close()
            self._connection = None

    def _watch(self) -> None:
        """Have the source wake us for what we wait for."""
        if self._lookup:
            self._wake_for(self._lookup.fd)
        elif self._connection:
            self._wake_for(self._connection.fileno(), write=self._connection.wants_room)

    def _wake_for(self, fd: int = -1, *, write: bool = False) -> None:
        """Have the source wake us for FD and nothing else; for nothing if it is negative."""
        if (fd, write) != self._watched:
            if self._watched[0] >= 0:
                self._source.unwatch(self._watched[0])
            self._watched = fd, write
            if fd >= 0:
                self._source.watch(fd, write=write)
