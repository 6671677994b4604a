"""What a server's kernel has acknowledged, and how much of it the server may never have read.

TCP does not tell. But how a connection ends tells something: in order (FIN, and no RST after it)
if the server had read all that its kernel had, so that only what it had in hand is lost if it was
killed; not in order (RST, or no answer) if there was more, which may be all that a kernel holds.
"""

import time
from collections import deque

IN_ORDER = 5.0, 2  # seconds in which a server is done with what it has read; see `resume_at`
BROKEN = 3600.0, 100  # seconds for which a server stands still, and nobody sees to it
STEP = 5.0  # seconds between two marks


class Replay:
    """The positions of a stream up to which all was acknowledged, and when."""

    def __init__(self) -> None:
        # When, and up to where it was before, since when.
        self._marks: deque[tuple[float, int, float]] = deque()
        self._at = 0  # all before that is acknowledged,
        self._last = 0.0  # and has been since then
        self._ends = {kind: deque[int](maxlen=kind[1]) for kind in (IN_ORDER, BROKEN)}

    def begin(self, at: int) -> None:
        """A connection begins, with what stands at AT."""
        self._marks = deque([(0.0, at, 0.0)])
        self._at, self._last = at, 0.0

    def acknowledged(self, at: int) -> None:
        """All before AT is acknowledged."""
        now = time.monotonic()
        if now >= self._marks[-1][0] + STEP:
            self._marks.append((now, self._at, self._last))
        while len(self._marks) > 1 and self._marks[1][0] <= now - BROKEN[0]:
            self._marks.popleft()
        self._at, self._last = at, now

    def resume_at(self, *, in_order: bool) -> int:
        """Return from where to send again, now that the connection ended: what was acknowledged
        a while ago is left out, and so is what was sent again a number of times already.
        """
        seconds, times = kind = IN_ORDER if in_order else BROKEN
        at, ends = self._at, self._ends[kind]
        if not self._last:
            return at
        since = time.monotonic() - seconds
        if self._last > since:
            at = self._before(since)
        if len(ends) == times:
            at = min(max(at, min(ends)), self._at)
        ends.append(self._at)
        return at

    def _before(self, since: float) -> int:
        """Return up to where all was acknowledged at the time SINCE, or STEP before that."""
        for when, at, before in reversed(self._marks):
            if when <= since or before <= since:
                return at
        return self._marks[0][1]
