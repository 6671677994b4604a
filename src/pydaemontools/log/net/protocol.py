"""What is said over a connection once there is one: the part that TCP and RELP have in common."""

from collections import deque

from .phases import OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...base.retry import Retry
    from ..lines.frames import Frames
    from .backlog import Backlog
    from .transport import Connection


class StreamProtocol:
    """A protocol sends what BACKLOG has, texts that FRAMES made, over one connection after the
    other, and tells it and RETRY what has arrived. Raises OSError at the end of a connection.
    """

    answering = False  # whether the server has still to answer to finish()
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

    @property
    def room(self) -> bool:
        """Whether more may be sent now."""
        return not self._connection.full

    def due(self) -> float | None:
        """Return in how many seconds there is something to do, if the server says nothing."""
        return 0.0 if self.room and self.backlog.ready(self._cursor) else None

    def step(self) -> None:
        """Go on with whatever can be done now."""
        self.listen()
        if self._connection.phase == OPEN:
            self.feed()

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

    def _delivered(self, position: int) -> None:
        """All before POSITION has arrived."""
        self.backlog.delivered(position)
        self.retry.worked()
