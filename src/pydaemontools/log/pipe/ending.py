"""What ends the input of a pump: its own end, or signals that ask for an end."""

INFINITY = float("inf")
GRACE = 5.0  # seconds that a sink has to come back, once an end was asked for


class Ending:
    """How the input ends: `signals` fills with those that ask for it, `last` says that it is here.

    A sink that is away then has GRACE seconds to come back, or all the time with PATIENT. What
    is there is the last to be passed on; with TO_LINE_END, the line that has begun is waited for.
    """

    __slots__ = ("_grace", "_limit", "_to_line_end", "_until", "last", "signals")

    def __init__(self, *, patient: bool = False, to_line_end: bool = False) -> None:
        self.signals: list[int] = []
        self.last = False  # whether nothing follows the block that was looked at
        self._grace = INFINITY if patient else GRACE
        self._to_line_end = to_line_end
        self._until = INFINITY  # the end of the grace
        self._limit = -1  # the offset up to which the input was there when an end was asked for

    def rest(self, now: float) -> float:
        """Return how many seconds sinks still have at the time NOW to come back."""
        if self.signals:
            self._until = min(self._until, now + self._grace)
        return self._until - now

    def cut(self, block: bytes, offset: int, available: int, *, inside: bool) -> bytes:
        """Return what of BLOCK comes before the end that was asked for; set `last` if that is all.

        BLOCK stands at OFFSET of the input, which has AVAILABLE bytes from there on; INSIDE says
        whether that is within a line.
        """
        known = self._limit >= 0
        if not known:
            self._limit = offset + available
        if not self._to_line_end:
            block = block[: self._limit - offset]
            self.last = offset + len(block) == self._limit
        elif known:
            end = block.find(b"\n") + 1
            self.last = end > 0
            block = block[:end] or block
        else:
            self.last = block[-1:] == b"\n" if block else not inside
        return block
