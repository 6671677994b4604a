"""What a pump puts batches into. Each kind of target is one."""

from ..lines.levels import DEBUG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lines.batch import Batch


class Sink:
    """A sink that has everything at once and keeps nothing; a subclass says what it does.

    No method but sync(), back() and close() raises, and none waits long: a datagram for a
    second at the most if its server is slow, a file for its disk, an alert on stderr for
    whoever reads that. PATH is what it is called in messages.
    """

    least = DEBUG  # what is less important than this severity does not get here
    colour = False  # whether escape sequences may be in what it gets
    takes_text = False  # whether the text of a batch, or of what is important in it, is enough
    lines = 0  # how many were put
    connects: int | None = None  # how many connections came about; None where there are none

    def __init__(self, path: bytes) -> None:
        self.path = path

    @property
    def stalled(self) -> bool:
        """Whether nothing more may be read now."""
        return False

    @property
    def held(self) -> int:
        """How many bytes wait here in memory."""
        return 0

    @property
    def spooled(self) -> int:
        """How many bytes wait here on a disk."""
        return 0

    def put(self, batch: "Batch") -> None:
        """Send on what is important enough of BATCH, and count its lines."""
        if self.least < DEBUG:
            batch = batch.important(self.least)
        self.lines += batch.begun
        if self.colour and batch.kept:
            batch = batch.coloured()
        self.send(batch)

    def send(self, batch: "Batch") -> None:
        """Send on BATCH, or hold what cannot be sent now."""

    def flush(self) -> None:
        """Try again to send on what is held, if it is time for that."""

    def due(self) -> float | None:
        """Return in how many seconds a flush makes sense; None if there is nothing to flush."""
        return None

    def lost(self) -> int:
        """Return how many messages are held that nobody has."""
        return 0

    def mark(self) -> None:
        """Remember where the next batch begins."""

    def back(self) -> None:
        """Let go of everything since the mark, if that can be: it comes again. Raises OSError."""

    def leaving(self) -> None:
        """Know that what was put leaves the source now, and does not come again."""

    def turn(self, *, full: bool = False) -> None:
        """Begin a new file, if there is something in this one, or if it is old or FULL."""

    def turn_due(self) -> float | None:
        """Return in how many seconds the file is old, and turn() makes sense; None if never."""
        return None

    def syncing(self) -> bool:
        """Return whether a thread is busy with making sure of what was sent on: have it begin."""
        return False

    def sync(self) -> None:
        """Make sure of what was sent on. Raises OSError."""

    def close(self) -> None:
        """Nothing more comes. Raises OSError."""


def overriding(sinks: "Sequence[Sink]", method: str) -> "tuple[Sink, ...]":
    """Return those of SINKS for which a METHOD of every sink does something."""
    base = getattr(Sink, method)
    return tuple(sink for sink in sinks if getattr(type(sink), method) is not base)
