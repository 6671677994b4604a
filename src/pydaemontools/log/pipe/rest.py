"""A rest between lines that follow each other: they gather in the pipe, where they are safe.

What comes after silence is at once where it should be. But a line that comes alone costs a wake-up,
and ten that are found together cost hardly more.
"""

from .source import LITTLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .source import Source

# At these seconds of a rest there is a look whether the pipe fills; the last ends it. A look costs
# as much as a line: there is only the last where the pipe has room for a burst.
LOOKS, ONE_LOOK = (0.002, 0.005, 0.01, 0.02, 0.045), (0.045,)
ROOM = 1 << 20  # bytes of a pipe that has room for a burst
CLOSE = 0.02  # seconds between lines that follow each other


class Rest:
    """Knows from what comes out of SOURCE when a rest pays; `on`: whether there is one."""

    __slots__ = (
        "_began",
        "_came",
        "_consumed",
        "_done",
        "_early",
        "_looks",
        "_source",
        "on",
    )

    def __init__(self, source: "Source") -> None:
        self.on = False
        self._source = source
        self._looks = ONE_LOOK if source.room >= ROOM else LOOKS
        self._done = 0  # looks
        self._began = 0.0
        self._early = (
            False  # whether lines came soon in the last rest, or at all if it had one look
        )
        self._consumed = 0  # bytes, until
        self._came = 0.0  # this time

    def begin(self, now: float) -> bool:
        """Begin a rest, NOW that all that can be done is done; return whether there is one."""
        source = self._source
        came, self._consumed = source.consumed - self._consumed, source.consumed
        if not came:
            return False
        follows = self._early or now - self._came < CLOSE
        self._began = self._came = now
        self._done, self._early = 0, False
        self.on = follows and came < LITTLE and source.lasts and not source.available
        return self.on

    @property
    def next(self) -> float:
        """When the next look is due."""
        return self._began + self._looks[self._done]

    def look(self) -> int:
        """Look, and maybe end the rest; return how many bytes are there."""
        there = self._source.fill()
        self._done += 1
        self.on = there < LITTLE and self._done < len(self._looks)
        self._early |= there > 0 and (self.on or len(self._looks) == 1)
        return there
