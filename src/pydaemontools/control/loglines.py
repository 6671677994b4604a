"""Lines of a log with their times and severities, also from the end of a file."""

import posix

from ..log.lines.forms import Forms
from ..log.lines.levels import INFO
from ..log.lines.records import RecordReader
from ..log.lines.severity import SeverityReader
from ..log.lines.shown import last_shown
from .when import StampReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    # When it counts as written, when it says that it was, its severity, and its text.
    Entry = tuple[int, int | None, int, bytes]
    # Which entries are wanted.
    Takes = Callable[[Entry], bool]

BLOCK = 65536
FIRST = 8192  # how much of a file's end is looked at first
LONGEST = 1 << 20  # bytes of a line: one that is longer comes in pieces


class LineReader:
    """Gives lines that follow one another their times and severities.

    A line that has no stamp counts as written when the one before it was. Those at the head
    of a file count as written with the first that has one; if none has, at the time KEY. PREFIX
    may stand before each text, where svlogd has been told so.
    """

    def __init__(self, key: int, prefix: bytes = b"") -> None:
        self.key = key
        self._prefix = prefix
        self._stamps = StampReader()
        self._reader = RecordReader(SeverityReader(forms=Forms()))
        self.fresh = True

    def begin(self, key: int) -> None:
        """The next file begins, which was last changed at KEY."""
        # A file that was packed was changed when that was done, maybe after the one behind it.
        self.key = max(self.key, key)
        self.fresh = True

    def take(self, lines: list[bytes]) -> "list[Entry]":
        """The entries of LINES, which come behind those of the call before."""
        cut = self._stamps.read(lines)
        texts = [line[start:] for line, (_, start) in zip(lines, cut, strict=True)]
        levels = iter(self._levels([text for text in texts if text]))
        if self.fresh and lines:
            self.fresh = False
            self.key = next((time for time, _ in cut if time is not None), self.key)
        found = []
        for (time, _), text in zip(cut, texts, strict=True):
            if time is not None:
                self.key = time
            found.append((self.key, time, next(levels) if text else INFO, text))
        return found

    def _levels(self, texts: list[bytes]) -> list[int]:
        """The severity of each of TEXTS, none empty: what a terminal would show counts."""
        if self._prefix:
            texts = [text.removeprefix(self._prefix) or text for text in texts]
        block = b"\n".join(texts)
        clean = last_shown(block)
        if clean is not block:
            lines = zip(clean.split(b"\n"), texts, strict=True)
            texts = [line or text for line, text in lines]
        return self._reader.route(clean, texts)[0]


def every(_: "Entry") -> bool:
    """Takes any entry."""
    return True


def last(
    fd: int, end: int, count: int, takes: "Takes", prefix: bytes
) -> "tuple[list[Entry], LineReader]":
    """The last COUNT entries that TAKES takes in the first END bytes of FD, for a LineReader with
    that PREFIX, which is given too.
    """
    size = FIRST
    while True:
        start = max(0, end - size)
        lines = LineReader(posix.fstat(fd).st_mtime_ns, prefix)
        found = newest(_blocks(fd, start, end), lines, count, takes)
        if len(found) >= count or not start:
            return found, lines
        size *= 4


def newest(
    parts: "Iterable[list[bytes]]", lines: LineReader, count: int, takes: "Takes"
) -> "list[Entry]":
    """The last COUNT entries that TAKES takes of those that LINES makes of what is in PARTS."""
    found: list[Entry] = []
    for part in parts:
        found += filter(takes, lines.take(part))
        del found[: max(0, len(found) - count)]
    return found


def split(blocks: "Iterable[bytes]") -> "Iterator[list[bytes]]":
    """The lines in BLOCKS of a file."""
    rest = b""
    for data in blocks:
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > LONGEST:
            lines.append(rest)
            rest = b""
        yield lines
    if rest:
        yield [rest]


def _blocks(fd: int, start: int, end: int) -> "Iterator[list[bytes]]":
    """The lines between START and END; where START is within a line, from the next one on."""
    rest = b""
    cut = start > 0
    while start < end and (data := posix.pread(fd, min(BLOCK, end - start), start)):
        start += len(data)
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > LONGEST:
            lines.append(rest)
            rest = b""
        if cut and lines:
            del lines[0]
            cut = False
        yield lines
    if rest and not cut:
        yield [rest]
