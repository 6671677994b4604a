"""A connection to a server over which lines flow in order: TCP, and TLS over it (RFC 6587, 5425).

A text is kept until the other machine's kernel has it. Where the connection ends before that
it is sent again over the next one, from the first message that may not have arrived; and where
the backlog has it still, from the first that the server may not have read.
"""

import time
from collections import deque
from errno import ETIMEDOUT

from ...base.retry import Retry
from ..pipe.sink import Sink
from .lookup import Lookup
from .previous_connection import ENDED, PreviousConnection
from .replay import Replay
from .transport import Connection, Ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ssl import SSLContext

    from ..lines.batch import Batch
    from ..lines.frames import LineFrames, OctetFrames
    from ..lines.targets import Target
    from ..pipe.pump_loop import Waker
    from .backlog import Backlog

PATIENCE = 15.0  # seconds that a server has to answer when we come
LOOK = 0.001, 0.1  # seconds until we look whether all has arrived: first, longest
TURN = 1 << 20  # bytes that are sent before anything else is seen to
PAUSE = 1.0  # seconds between two looks at the clock, at the most
LINGER = 5.0  # seconds in which a server has to take something of a spool, at the end
LEAVE = 2.0  # seconds that a server has to read all, or to answer, when we go
SETTLE = 0.5  # seconds in which a server may find that it does not want us


class Stream(Sink):
    """The server at PLACE; FRAMES makes text of lines, BACKLOG keeps it until it has arrived."""

    _cursor: int  # what is to be sent next
    _flying: deque[tuple[int, int]]  # what to be told of, and what it means
    _arrived: int
    _recorded: bool  # whether the backlog knows of the connection, and has what goes over it

    def __init__(
        self,
        place: "Target",
        frames: "OctetFrames | LineFrames",
        backlog: "Backlog",
        source: "Waker",
        context: "SSLContext | None" = None,
    ) -> None:
        super().__init__(place.text)
        self.backlog = backlog
        self.frames = frames
        self.connects: int = 0
        self.retry = Retry(place.text, far=True)
        self._place = place
        self._source = source
        self._context = context
        self._orphan = self._predecessor()
        self._lookup: Lookup | None = None
        self._connection: Connection | None = None
        self._watched = -1, False  # an fd, and whether it is watched for room to write
        self._deadline = 0.0  # until when the server has to have answered
        self._settled = 0.0  # from when on what arrived counts as taken
        self._look = LOOK[0]
        self._acknowledged = Replay()
        self._turn = 0  # which of the server's addresses is the first to be tried
        self._begin()

    @property
    def held(self) -> int:
        """Bytes that wait here, and those of which nobody knows whether they arrived."""
        return self.backlog.held

    @property
    def spooled(self) -> int:
        """How many bytes wait in the spool."""
        return self.backlog.size - self.backlog.held

    @property
    def stalled(self) -> bool:
        """Whether nothing more may be read now."""
        return self.backlog.stalled

    def send(self, batch: "Batch") -> None:
        """Send BATCH, or hold what cannot be sent now."""
        for text in self.frames.texts(batch):
            self.backlog.put(text)
        self.flush()

    def flush(self) -> None:
        """Go on with whatever can be done now."""
        self.backlog.flush()
        try:
            self._work()
        except OSError as error:
            self._trouble(error)
        self._watch()

    def due(self) -> float | None:
        """In how many seconds a flush makes sense, if nothing is heard of the server."""
        if self.backlog.stalled:
            return LOOK[1]
        due = self._due()
        if self._orphan:
            # Nobody wakes us when that changes.
            return LOOK[1] if due is None else min(due, LOOK[1])
        return due

    def _due(self) -> float | None:
        if not self._connection:
            return None if self._lookup else self._rest()
        if not self._open:
            return max(0.0, self._deadline - time.monotonic())
        if self._room and self.backlog.ready(self._cursor):
            return 0.0
        return self._again()

    def _rest(self) -> float | None:
        """In how many seconds a connection is begun, if there is something to send."""
        if not self.backlog.ready(self._cursor):
            return None
        # Often enough for whoever was told to end meanwhile.
        return LOOK[1] if self._held_back else min(self.retry.rest, PAUSE)

    def lost(self) -> int:
        """How many messages are held that nobody has."""
        return sum(sum(1 for _ in self.frames.spans(text)) for text in self.backlog.pending())

    def sync(self) -> None:
        """Make sure of what a spool has."""
        self.backlog.sync()

    def close(self) -> None:
        """Let go of the server, once it has what a spool has, if it takes it."""
        self._linger()
        self._farewell()
        self._drop()
        self.backlog.close()

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

    # What differs between one protocol and another.

    @property
    def _open(self) -> bool:
        """Whether the server takes messages."""
        return self._connection is not None and self._connection.open

    @property
    def _room(self) -> bool:
        """Whether more may be sent now."""
        return self._connection is not None and not self._connection.full

    def _opened(self, connection: Connection) -> None:
        """CONNECTION has just been opened."""
        self._recorded = bool(self.backlog.kept)
        if self._recorded:
            self.backlog.connected(connection.ends)
        self._settled = time.monotonic() + SETTLE if connection.early else 0.0

    def _heard(self, said: bytes) -> None:
        """The server SAID something: nobody asked it to."""

    def _feed(self, connection: Connection) -> None:
        """Send some of what there is, as far as there is room; the others wait meanwhile."""
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
                    self._flying.append((connection.written, self._cursor))
            self._look = LOOK[0]

    def _confirm(self, connection: Connection) -> None:
        """Forget what has arrived."""
        if not self._flying or time.monotonic() < self._settled:
            return
        arrived = connection.arrived()
        self._look = LOOK[0] if arrived > self._arrived else min(2 * self._look, LOOK[1])
        self._arrived = arrived
        position = -1
        while self._flying and self._flying[0][0] <= arrived:
            _, position = self._flying.popleft()
        if position >= 0:
            self._took(position)

    def _again(self) -> float | None:
        """In how many seconds it makes sense to look what has arrived."""
        return max(self._look, self._settled - time.monotonic()) if self._flying else None

    def _salvage(self) -> None:
        """The connection is gone: forget what had arrived of what was on its way."""
        if not self._flying or not self._connection:
            return
        try:
            self._confirm(self._connection)
        except OSError:
            # What we know is what was so the last time.
            pass
        if not self._flying or self._context or not self._arrived:
            return
        end, _ = self._flying[0]
        text, after = self.backlog.read(self.backlog.begin)
        over = self._arrived - (end - len(text))
        whole = [at for _, at in self.frames.spans(text) if at <= over]
        if whole:
            self._took(after - len(text) + whole[-1])

    def _finish(self, connection: Connection) -> None:
        """Say that nothing more comes."""
        connection.finish()

    @property
    def _answering(self) -> bool:
        """Whether the server has something to say to that: its end says that all was read."""
        return bool(self.backlog.kept)

    # What is the same.

    def _farewell(self) -> None:
        """Say that nothing more comes, and hear the answer."""
        connection = self._connection
        if not connection or not self._open or connection.full or not connection.written:
            return
        until = time.monotonic() + LEAVE
        try:
            self._finish(connection)
            while self._answering and time.monotonic() < until:
                self._watch()
                self._source.sleep(until - time.monotonic())
                connection.push()
                self._heard(connection.read())
            if self._recorded:
                # It has all; who comes next sees to that.
                self.backlog.connected(self.backlog.connection + ENDED)
        except OSError as error:
            if isinstance(error, Ended) and connection.closed():
                self.backlog.connected(b"")
            else:
                self._reckon(error)

    def _took(self, position: int) -> None:
        """All before POSITION has arrived."""
        self._acknowledged.took(position)
        self.backlog.done(position)
        self.retry.worked()

    def _work(self) -> None:
        if self._orphan:
            self._see_to(self._orphan)
        if not self._connection and not self._reach():
            return
        connection = self._connection
        if not connection or (not connection.open and not self._reached(connection)):
            return
        # Before we meet an end: what has arrived by then need not be sent again.
        self._confirm(connection)
        connection.push()
        self._heard(connection.read())
        if self._open:
            self._feed(connection)
            self._confirm(connection)
        elif time.monotonic() > self._deadline:
            raise OSError(ETIMEDOUT, "")

    def _reach(self) -> bool:
        """Begin a connection, if there is something to send and it is time; whether it is."""
        if not self._lookup:
            if not self.backlog.ready(self._cursor) or self.retry.rest or self._held_back:
                return False
            self._lookup = Lookup(self._place.host, self._place.port)
        lookup = self._lookup
        self._lookup = None
        # Its fd may be the next one's.
        self._unwatch()
        addresses = lookup.take()
        if addresses is None:
            self._lookup = lookup
            return False
        tls = None
        if self._context:
            from .tls import Tls

            name = self._place.options.get(b"name", self._place.host)
            tls = Tls(self._context, name.decode())
        self._deadline = time.monotonic() + PATIENCE
        turn = self._turn % len(addresses)
        self._connection = Connection(addresses[turn:] + addresses[:turn], tls)
        return True

    def _predecessor(self) -> PreviousConnection | None:
        """The connection that the process before us had, if nobody knows how it ended."""
        if not self.backlog.connection:
            return None
        return PreviousConnection(self.backlog.connection, self.backlog.idle)

    @property
    def _held_back(self) -> bool:
        """Whether what was sent before us shall be read first."""
        return bool(self._orphan and self._orphan.first)

    def _see_to(self, orphan: PreviousConnection) -> None:
        """Send again what went over the connection of ORPHAN if nobody will read it."""
        if not orphan.over():
            return
        self._orphan = None
        if orphan.broken:
            self._drop()
            self.backlog.again(0)
            self._begin()

    def _reached(self, connection: Connection) -> bool:
        """Whether CONNECTION is open, and the first to know."""
        if not connection.step():
            if time.monotonic() > self._deadline:
                raise OSError(ETIMEDOUT, "")
            return False
        self.connects += 1
        self._opened(connection)
        return True

    def _trouble(self, error: OSError) -> None:
        """The connection is no more, or never was."""
        if not self._open:
            # Another address may be better.
            self._turn += 1
        self._reckon(error)
        self._drop()
        if self.backlog.ready(self._cursor):
            self.retry.failed(error)

    def _reckon(self, error: OSError) -> None:
        """ERROR ended the connection: what had arrived need not be sent again, but for what the
        server may not have read.
        """
        self._salvage()
        if self._connection and self._recorded:
            in_order = isinstance(error, Ended) and self._connection.closed()
            self.backlog.again(self._acknowledged.again(in_order=in_order))
            self.backlog.connected(b"")

    def _drop(self) -> None:
        self._unwatch()
        if self._connection:
            self._connection.close()
            self._connection = None
        self._begin()

    def _begin(self) -> None:
        """Nothing is on its way: what has not arrived is sent over the next connection."""
        self._cursor = self.backlog.begin
        self._acknowledged.begin(self._cursor)
        self._flying = deque()
        self._arrived = 0
        self._recorded = False

    def _watch(self) -> None:
        """Have the source wake us for what we wait for."""
        wanted = -1, False
        if self._lookup:
            wanted = self._lookup.fd, False
        elif self._connection:
            wanted = self._connection.fileno(), self._connection.wants
        if wanted != self._watched:
            self._unwatch()
            self._watched = wanted
            if wanted[0] >= 0:
                self._source.watch(wanted[0], write=wanted[1])

    def _unwatch(self) -> None:
        if self._watched[0] >= 0:
            self._source.unwatch(self._watched[0])
            self._watched = -1, False
