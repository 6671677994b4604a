"""What of a block can be passed on: whole lines and records.

The rest of one stays in the pipe for a while, since it may be about to come.
"""

from time import monotonic

from ..lines.utf8 import boundary
from .ending import INFINITY
from .source import BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.transform import Transform
    from .ending import Ending
    from .source import Source

REST = 0.5  # seconds that the rest of a record has to come
LONG = 65536  # bytes of a line without an end, from which on its rest is waited for no longer


class Wholeness:
    """Knows what is whole of what SOURCE has, as TRANSFORM sees it. Once ENDING has signals nothing
    is waited for.
    """

    # There may be thousands in one process.
    __slots__ = (
        "_ending",
        "_grown",
        "_line",
        "_record",
        "_seen",
        "_source",
        "_transform",
        "line_rest",
    )

    def __init__(self, source: "Source", ending: "Ending", transform: "Transform") -> None:
        self._source = source
        self._ending = ending
        self._transform = transform
        self.line_rest = REST  # seconds that the rest of a line has to come
        self._record = INFINITY  # until when we wait for the rest of a record
        self._line = INFINITY  # until when we wait for the rest of a long line
        self._grown = 0  # how much of that line there was when the wait began
        self._seen = 0  # how much of a large record

    @property
    def due(self) -> float:
        """Until when the rest of something is waited for."""
        return min(self._record, self._line)

    def forget(self) -> None:
        """Nothing is waited for."""
        self._line = self._record = INFINITY
        self._grown = self._seen = 0

    def of(self, block: bytes, *, inside: bool) -> bytes:
        """Return what of BLOCK can be passed on, the source's next, which begins INSIDE a line."""
        block = self._lines(block, inside=inside)
        return self._records(block) if self._transform.by_records else block

    def _lines(self, block: bytes, *, inside: bool) -> bytes:
        """Return what of BLOCK is whole lines; or the beginning of one, if its end does not come
        soon, or there is no room for it.
        """
        source = self._source
        lines = whole_lines(block, min(LONG, source.long))
        if inside or self._ending.signals or not lines or lines[-1:] == b"\n":
            self._line, self._grown = INFINITY, 0
            return lines
        if source.available > len(block):
            block = source.look(source.long)
            if end := block.find(b"\n") + 1:
                return block[:end]
        now = monotonic()
        if source.available > self._grown:
            self._line, self._grown = now + self.line_rest, source.available
        if len(block) < source.long and now < self._line:
            return b""
        self._line, self._grown = INFINITY, 0
        return whole_lines(block, 0)

    def _records(self, block: bytes) -> bytes:
        """Return what of BLOCK is whole records. The rest stays where it is, if more comes soon."""
        now, source = monotonic(), self._source
        end = len(block)
        if block[-1:] == b"\n" and not self._ending.signals:
            late = now >= self._record
            end = end if late else self._transform.whole_records(block)
            if source.available > BLOCK and (late or not end):
                # It may be larger than what is looked at together.
                block = source.look(source.long)
                if source.ended:
                    self._ending.last = True
                    return block
                block = whole_lines(block, LONG)
                end = len(block) if late else self._transform.whole_records(block)
            if source.available >= source.long:
                end = end or len(block)
        if not block or end:
            self._record, self._seen = INFINITY, 0
        elif source.available > max(self._seen, LONG):
            # One that is large takes its time.
            self._record, self._seen = now + REST, source.available
        else:
            self._record = min(self._record, now + REST)
        return block[:end]


def whole_lines(block: bytes, long: int) -> bytes:
    """Return what of BLOCK can be passed on: whole lines, or one without an end that is LONG."""
    end = block.rfind(b"\n") + 1
    if end or len(block) < long:
        return block[:end]
    return block[: boundary(block, len(block) - 1)]
