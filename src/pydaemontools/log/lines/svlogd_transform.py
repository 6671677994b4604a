"""svlogd by blocks: bytes replaced at the beginning of each line, and who is to have it.

A line that comes in pieces is what its first piece, and what follows it, says: `state` tells a
successor how far it is, and where it goes.
"""

import time

from ...base import tai64
from .batch import Batch
from .svlogd_patterns import HeadSelection, may_be_longer
from .transform import Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .svlogd_config import SvlogdConfig

FAILED = b"warning: failure sending through udp: "
DOTS = b"..."  # behind what is not shown of a line
SEEN = 24  # bits for how much of a line was seen, in a state
MOST_SEEN = (1 << SEEN) - 1


def stamp_at(joint: bytes) -> bytes:
    """The time, UTC, to five digits behind the point: 2026-11-21_13:45:59.12345, with that JOINT
    between day and hour, and a blank.
    """
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    day, hour = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)).encode().split()
    return b"%b%b%b.%05d " % (day, joint, hour, nanoseconds // 10_000)


# By how often -t was said.
STAMPS: "list[Callable[[], bytes]]" = [
    bytes,
    tai64.label,
    lambda: stamp_at(b"_"),
    lambda: stamp_at(b"T"),
]


class SvlogdOptions:
    """How svlogd was called: which KIND of time stands before a line, of how many bytes of a line
    MOST holds, and what is replaced in them: each byte that is REPLACED or is not to be printed,
    by BY; nothing if that is empty.
    """

    def __init__(
        self, kind: int = 0, most: int = 1000, by: bytes = b"", replaced: bytes = b""
    ) -> None:
        self.stamp = STAMPS[kind]
        self.most = most
        self.table: bytes | None = None
        if by:
            bad = [one != 10 and (not 32 <= one <= 126 or one in replaced) for one in range(256)]
            self.table = bytes(by[0] if bad[one] else one for one in range(256))


class SvlogdTransform(Transform):
    """Makes batches as OPTIONS say, for directories that are as CONFIGS say."""

    def __init__(self, options: SvlogdOptions, configs: "list[SvlogdConfig]") -> None:
        self.stamp = b""  # of the last batch
        self.inside = False  # whether a line has begun that has not ended
        self._options = options
        self._configs = configs
        self._seen = 0  # bytes of that line
        self._ahead = b""  # what follows its first piece
        self.selections = [
            HeadSelection(one.chosen(b"+", b"-"), options.most, everything=True) for one in configs
        ]
        alerts = [
            (one, HeadSelection(one.chosen(b"e", b"E"), options.most, everything=False))
            for one in configs
        ]
        # Whose lines are shown, and which.
        self.alerts = [(one, selection) for one, selection in alerts if not selection.nothing]

    def growth(self) -> tuple[int, int, int]:
        """Return how much longer a line is: twice, and a warning, if a server may not take it."""
        label = len(self._options.stamp()) + max(len(one.prefix) for one in self._configs)
        if any(one.server for one in self._configs):
            return 2 * label + len(FAILED + DOTS) + 1, 2, 0
        return label, 1, 0

    @property
    def state(self) -> int:
        """How far the line is that has not ended, and who is to have it."""
        going_on = sum(one.goes_on << at for at, one in enumerate(self.selections))
        return (going_on << SEEN | min(self._seen, MOST_SEEN)) if self.inside else 0

    @state.setter
    def state(self, state: int) -> None:
        self._seen = state & MOST_SEEN
        self.inside = state > 0
        for at, one in enumerate(self.selections):
            one.goes_on = bool(state >> SEEN + at & 1)

    def follow(self, ahead: bytes) -> None:
        """Know what comes AHEAD of the next batch, whose last line does not end there."""
        end = ahead.find(b"\n")
        self._ahead = self.replaced(ahead[:end] if end >= 0 else ahead)
        for one in self.selections:
            one.ahead = self._ahead

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> Batch:
        """Return the lines of BODY. What lacks its end in the end is no line, to the original, if
        it is short.
        """
        if not unfinished and body[-1:] != b"\n":
            whole = body.rfind(b"\n") + 1
            begun = continued and not whole
            short = not begun and len(body) - whole < self._options.most
            body = body[:whole] if short else body + b"\n"
        self.stamp = self._options.stamp()
        text = self._rest(body) if continued else self.replaced(body)
        before = self._seen if b"\n" not in body else 0
        self._seen = before + len(body) - body.rfind(b"\n") - 1
        self.inside = unfinished
        batch = Batch([], text=text, continued=continued, unfinished=unfinished)
        for one in self.selections:
            # Before it is noted what a successor has to know.
            one.of(batch)
        return batch

    def _rest(self, body: bytes) -> bytes:
        """BODY with what is replaced in it, where it begins within a line."""
        end = body.find(b"\n") + 1 or len(body)
        left = min(end, max(0, self._options.most - self._seen))
        return self.replaced(body[:left]) + body[left:end] + self.replaced(body[end:])

    def heads(self, batch: Batch) -> list[bytes]:
        """The beginnings of the lines that begin in BATCH, with dots where there is more, or may
        be.
        """
        most, lines = self._options.most, batch.lines[batch.continued :] if batch.text else []
        if lines and batch.unfinished:
            lines = [*lines[:-1], lines[-1] + self._ahead]
        return [line if len(line) < most else line[:most] + DOTS for line in lines]

    def replaced(self, text: bytes) -> bytes:
        """TEXT, lines from their beginning on, with what is replaced in it."""
        table, most = self._options.table, self._options.most
        if not table or not text:
            return text
        if not may_be_longer(text, most):
            return text.translate(table)
        return b"\n".join(line[:most].translate(table) + line[most:] for line in text.split(b"\n"))


class Measure:
    """How many bytes lines are in the log of one directory: as a SELECTION, LABEL before each."""

    def __init__(self, transform: SvlogdTransform, selection: HeadSelection, label: int) -> None:
        self._transform = transform
        self._selection = selection
        self._label = label

    def rest(self, text: bytes) -> int:
        """How many bytes TEXT is there, the rest of a line."""
        return len(text) if self._selection.goes_on else 0

    def __call__(self, text: bytes) -> int:
        """How many bytes the whole lines of TEXT are there."""
        selection = self._selection
        if not selection.everything:
            text = selection.whole(self._transform.replaced(text))
        # To replace them is a good deal faster than to count them.
        count = len(text) - len(text.replace(b"\n", b"")) if self._label else 0
        return len(text) + self._label * count
