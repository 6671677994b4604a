"""Lines of a log with their times and severities, also from the end of a file."""

import posix

from ..log.lines.forms import Forms
from ..log.lines.severity import INFO, SeverityReader
from ..log.lines.shown import last_shown, shown
from .when import stamped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    # When it counts as written, when it says that it was, its severity, and its text.
    Entry = tuple[int, int | None, int, bytes]

BLOCK = 65536
FIRST = 8192  # how much of a file's end is looked at first
LONGEST = 1 << 20  # bytes of a line: one that is longer comes in pieces


class LineReader:
    """Gives lines that follow one another their times and severities.

    A line that has no stamp counts as written when the one before it was. Those at the head
    of a file count as written with the first that has one; if none has, at the time KEY.
    """

    def __init__(self, key: int) -> None:
        self.router = SeverityReader(forms=Forms())
        self.key = key
        self.fresh = True

    def begin(self, key: int) -> None:
        """The next file begins, which was last changed at KEY."""
        # A file that was packed was changed when that was done, maybe after the one behind it.
        self.key = max(self.key, key)
        self.fresh = True

    def take(self, lines: list[bytes]) -> "list[Entry]":
        """The entries of LINES, which come behind those of the call before."""
        cut = [stamped(line) for line in lines]
        texts = [line[start:] for line, (_, start) in zip(lines, cut, strict=True)]
        levels = iter(
            self.router.route([last_shown(shown(text)) or text for text in texts if text])
        )
        if self.fresh and lines:
            self.fresh = False
            self.key = next((time for time, _ in cut if time is not None), self.key)
        found = []
        for (time, _), text in zip(cut, texts, strict=True):
            # A clock that was set back does not change the order of a file.
            if time is not None and time > self.key:
                self.key = time
            found.append((self.key, time, next(levels) if text else INFO, text))
        return found


def last(fd: int, end: int, count: int, least: int) -> "tuple[list[Entry], LineReader]":
    """The last COUNT entries of importance LEAST in the first END bytes of FD."""
    size = FIRST
    while True:
        start = max(0, end - size)
        lines = LineReader(posix.fstat(fd).st_mtime_ns)
        found = newest(_blocks(fd, start, end), lines, count, least)
        if len(found) >= count or not start:
            return found, lines
        size *= 4


def newest(
    parts: "Iterable[list[bytes]]", lines: LineReader, count: int, least: int
) -> "list[Entry]":
    """The last COUNT entries of importance LEAST that LINES makes of what is in PARTS."""
    found: list[Entry] = []
    for part in parts:
        found += (entry for entry in lines.take(part) if entry[2] <= least)
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
