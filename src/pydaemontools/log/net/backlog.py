"""A backlog: what a stream has still to deliver. The one here is in memory, a spool is on a disk.

A position is a number that grows along the stream. What is before `begin` was delivered, and
`end` is where the next text will stand.
"""

from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Backlog(Protocol):
        """Texts of whole messages, in the order in which they are to be sent."""

        kept: int  # bytes of what was delivered that are kept, for rewind()

        @property
        def connection(self) -> bytes:
            """What connected() was given the last time, perhaps by a process before us."""

        @property
        def idle(self) -> float:
            """How many seconds before us somebody had it the last time, at the most."""

        @property
        def begin(self) -> int:
            """Where the first text stands that was not delivered."""

        @property
        def end(self) -> int:
            """Where the next text will stand."""

        @property
        def stalled(self) -> bool:
            """Whether no more shall come now."""

        @property
        def held(self) -> int:
            """Bytes that are nowhere but in memory."""

        @property
        def size(self) -> int:
            """Bytes that were not delivered."""

        def put(self, text: bytes) -> None:
            """Deliver TEXT after all the others."""

        def flush(self) -> None:
            """Try again what did not go well."""

        def settle(self) -> None:
            """Know that all that was put is nowhere else any more."""

        def ready(self, at: int) -> bool:
            """Return whether there is something behind AT that may be sent."""

        def read(self, at: int) -> tuple[bytes, int]:
            """Return some text that stands at AT, and where it ends. There has to be some."""

        def delivered(self, at: int) -> None:
            """Let go of what is before AT: it was delivered."""

        def rewind(self, at: int) -> None:
            """Deliver what stands behind AT once more, as far as it is kept."""

        def connected(self, endpoints: bytes) -> None:
            """Note the connection between ENDPOINTS that is used now; none if that is empty."""

        def pending(self) -> list[bytes]:
            """Return the texts that nobody has, and that are lost with this process."""

        def sync(self) -> None:
            """Make sure of what is held elsewhere. Raises OSError."""

        def close(self) -> None:
            """Let go of everything. Raises OSError."""


class MemoryBacklog:
    """A backlog that is lost with its process."""

    stalled = False
    kept = 0
    connection = b""
    idle = 0.0

    def __init__(self) -> None:
        self.begin = 0
        self.end = 0
        self._texts: deque[tuple[int, bytes]] = deque()  # each with the position of its end
        self._next = 0  # which of them is likely to be read next

    @property
    def held(self) -> int:
        """Bytes that are nowhere but in memory."""
        return self.end - self.begin

    size = held

    def put(self, text: bytes) -> None:
        """Deliver TEXT after all the others."""
        self.end += len(text)
        self._texts.append((self.end, text))

    def flush(self) -> None:
        """Nothing: memory does not fail."""

    def settle(self) -> None:
        """Nothing: what is lost with its process is missing to nobody."""

    def ready(self, at: int) -> bool:
        """Return whether there is something behind AT."""
        return at < self.end

    def read(self, at: int) -> tuple[bytes, int]:
        """Return some text that stands at AT, and where it ends."""
        if not self._next or self._texts[self._next - 1][0] != at:
            self._next = next(i for i, (end, _) in enumerate(self._texts) if end > at)
        end, text = self._texts[self._next]
        self._next += 1
        return text[len(text) - (end - at) :], end

    def delivered(self, at: int) -> None:
        """Let go of what is before AT: it was delivered."""
        self.begin = at
        while self._texts and self._texts[0][0] <= at:
            self._texts.popleft()
            self._next = max(0, self._next - 1)

    def rewind(self, at: int) -> None:
        """Nothing: what was delivered is not kept."""

    def connected(self, endpoints: bytes) -> None:
        """Nothing: who comes after us has nothing of what was sent."""

    def pending(self) -> list[bytes]:
        """Return the texts that nobody has."""
        if not self._texts:
            return []
        first, *rest = [text for _, text in self._texts]
        return [first[len(first) - (self._texts[0][0] - self.begin) :], *rest]

    def sync(self) -> None:
        """Nothing: there is no disk."""

    def close(self) -> None:
        """Nothing is open."""
