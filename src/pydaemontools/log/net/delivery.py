"""How far a spool is: what of it was delivered, and what is in it for good.

The file `state` says so to whoever comes next.
"""

from .segments import Segments
from .spool_records import file_offset, position
from .spooldir import SpoolDir, SpoolState


class Delivery:
    """Up to where SEGMENTS were delivered. The state in DIRECTORY is what was known last."""

    def __init__(self, segments: Segments, directory: SpoolDir) -> None:
        self.directory = directory
        self._segments = segments
        self.begin = self._first()  # where the first text stands that was not delivered
        self.settled = segments.end  # up to where all has left the pipe

    def start(self) -> None:
        """Begin, now that what a predecessor had not taken is cut off. Raises OSError."""
        known = self.directory.state.known
        self.begin = self._first()
        self.settled = self._segments.end
        state = self.state()
        if (state.at, state.end, state.left) != (known.at, known.end, known.left):
            try:
                self.directory.state.write(state)
            except OSError:
                # What is written from here on shall not look as if it was delivered.
                if known.at > self.begin:
                    raise

    def move(self, at: int) -> None:
        """Note that what is before AT was delivered, and what is behind it was not."""
        self.begin = self._segments.after(at)
        self.note()

    def settle(self, end: int) -> None:
        """Note that what is before END has left the pipe."""
        if self.settled != end:
            self.settled = end
            self.note()

    def note(self) -> None:
        """Have the file `state` say how it is."""
        try:
            self.directory.state.write(self.state())
        except OSError:
            # Then some comes again, or not again, if we are killed now.
            pass

    def state(self) -> SpoolState:
        """Return what the file `state` has to say."""
        return SpoolState(self.begin, self.settled, self.left(self.settled))

    def left(self, end: int) -> int:
        """Return how many bytes before END were not delivered, of those that are on the disk."""
        return self._segments.between(self.begin, end) if self.begin < end else 0

    def drop(self, kept: int) -> bool:
        """Let go of what was delivered, but for the last KEPT bytes; return whether a file went."""
        first = self._segments.first
        try:
            self._segments.drop(file_offset(self._segments.before(self.begin, kept))[0])
        except OSError:
            # It is tried again the next time.
            pass
        return self._segments.first > first

    def _first(self) -> int:
        """Return where the first text stands that was not delivered, as far as that is known."""
        at = max(self.directory.state.known.at, position(self._segments.first, 0))
        return self._segments.after(min(at, self._segments.end))
