"""What is said over a connection once there is one: the part that TCP and RELP have in common."""

import time
from collections import deque

from .phases import OPEN
from .transport import GONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...base.retry import Retry
    from ..lines.frames import Frames
    from .backlog import Backlog
    from .transport import Connection

SETTLE = 0.5  # seconds in which a server, or what stands before it, may find that it is not for us


class StreamProtocol:
    """A protocol sends what BACKLOG has, texts that FRAMES made, over one connection after the
    other, and tells it what has arrived, and RETRY once a connection is one that lasts. Raises
    OSError at the end of a connection.
    """

    answering = False  # whether the server has still to answer to finish()
    refused = False  # whether the last connection ended too soon, though all is sent
    _took: bool  # whether something has arrived
    _lasting: float  # from when on the connection counts as one
    _check_at: float  # when it is looked at whether the server is there
    _connection: "Connection"
    _cursor: int  # the position of what is to be sent next
    _in_flight: deque[tuple[int, int]]  # what will tell of an arrival, and up to which position

    def __init__(self, frames: "Frames", backlog: "Backlog", retry: "Retry") -> None:
        self.frames = frames
        self.backlog = backlog
        self.retry = retry

    def begin(self, connection: "Connection") -> None:
        """Begin anew over CONNECTION, with all that has not arrived."""
        self._connection = connection
        self._cursor = self.backlog.begin
        self._in_flight = deque()
        self._took = self.refused = False
        now = time.monotonic()
        self._lasting = now + SETTLE
        self._check_at = now + GONE

    @property
    def room(self) -> bool:
        """Whether more may be sent now."""
        return not self._connection.full

    def due(self) -> float | None:
        """Return in how many seconds there is something to do, if the server says nothing."""
        if self.room and self.backlog.ready(self._cursor):
            return 0.0
        dues = [self._lasting] * (self._took and self.retry.trying)
        dues += [self._check_at] * bool(self._in_flight)
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def step(self) -> None:
        """Go on with whatever can be done now."""
        self.listen()
        if self._connection.phase == OPEN:
            self.feed()
        now = time.monotonic()
        if now >= self._lasting:
            self._worked()
        if now >= self._check_at:
            self._connection.check()
            self._check_at = now + GONE

    def listen(self) -> None:
        """Send what the connection did not take before, and consume what the server says."""
        self._connection.push()
        self.receive(self._connection.read())

    def receive(self, data: bytes) -> None:
        """Consume DATA, which the server has sent; what nobody asked for says nothing."""

    def feed(self) -> None:
        """Send some of what there is, as far as there is room."""

    def ended(self, error: OSError) -> None:
        """See to what must be sent again, now that ERROR ended the connection."""

    def finish(self) -> None:
        """Say that nothing more comes."""

    def finished(self, error: OSError | None) -> None:
        """Note how the connection was after finish(): ended by ERROR, or still there."""
        if not error:
            # As far as we shall know.
            self._worked()

    def _delivered(self, position: int) -> None:
        """All before POSITION has arrived."""
        self._took = True
        self.backlog.delivered(position)

    def _worked(self) -> None:
        """The server is there, if it took something."""
        if self._took and self.retry.trying:
            self.retry.worked()
