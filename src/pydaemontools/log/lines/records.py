"""From lines to records: which line is structured, and which go on with the one before.

Imports neither json nor re: those come with the first line that needs them.
"""

from _operator import itemgetter

from .exceptions import last_exception
from .record import Record
from .severity import BETWEEN, TRACEBACK, SeverityReader, head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST = 1 << 18  # bytes of a record; lines that go on for ever are not kept for ever


def possible(block: bytes, lines: list[bytes]) -> bool:
    """Whether any of LINES, of which BLOCK is made, may be structured.

    A line costs nearly nothing where it has neither { nor =, and little where it has.
    """
    if b"{" in block and b"{" in bytes(map(itemgetter(0), filter(None, lines))):
        return True
    if b"=" not in block:
        return False
    from . import logfmt

    return logfmt.possible(block)


class RecordReader:
    """Gives the lines of a stream their severities, as ROUTER does, and their records."""

    def __init__(self, router: SeverityReader) -> None:
        self.router = router

    def route(
        self, block: bytes, lines: list[bytes], *, unfinished: bool = False
    ) -> tuple[list[int], list[Record | None] | None]:
        """The severity of each of LINES, none empty, and its record if it is structured.

        BLOCK is the text that the lines are of. No list of records if there are none. If the
        last line is UNFINISHED it is none. A structured line without a severity has the
        router's default, and what goes on with it, as a line that begins with a blank does,
        has its severity.
        """
        if not possible(block, lines):
            return self.router.route(lines), None
        from .parse import parse

        records = [parse(line) for line in lines]
        if unfinished and records:
            records[-1] = None
        if not any(records):
            return self.router.route(lines), None
        levels = [self._level(*one) for one in zip(lines, records, strict=True)]
        return levels, records

    def _level(self, line: bytes, record: Record | None) -> int:
        router = self.router
        if record is None:
            return router.route([line])[0]
        if record.inner:
            record.level = router.route([record.inner])[0]
            return router.level
        router.in_traceback = False
        router.level = router.default if record.level is None else record.level
        return router.level


def fold(
    lines: "Sequence[bytes]",
    levels: "Sequence[int]",
    records: "Sequence[Record | None] | None" = None,
    *,
    continued: bool = False,
    strip: bool = False,
    stripped: "Sequence[bytes] | None" = None,
) -> list[Record]:
    """The records that LINES are; those that go on with the one before are part of it.

    LEVELS and RECORDS are what Reader.route() said of the lines, heads still on. The first
    line is the rest of one that came before if it is CONTINUED. A record that is no
    structured line has the line's text as its message, with STRIP without the head that
    names its level; each has a level. STRIPPED has the lines without what else named it.
    """
    done: list[Record] = []
    opened: _Open | None = None
    for at, line in enumerate(lines):
        record = records[at] if records else None
        if opened and record is None and opened.takes(line):
            continue
        if opened:
            done.append(opened.record(strip=strip))
        opened = _Open(line, levels[at], record, headed=bool(at) or not continued)
        if stripped:
            opened.strip_to(stripped[at])
    return [*done, opened.record(strip=strip)] if opened else []


def unended(block: bytes) -> int:
    """Where in BLOCK, of whole lines, a record begins whose traceback goes on behind it.

    The length of BLOCK if there is none.
    """
    if not _within(block[block.rfind(b"\n", 0, -1) + 1 :]) or TRACEBACK not in block:
        # Nearly always.
        return len(block)
    begin, opened = 0, None
    for begin, opened in _walk(block, 0):  # noqa: B007 - the last ones are wanted
        pass
    return begin if opened and opened.in_traceback else len(block)


def border(block: bytes, start: int, end: int) -> int:
    """The last place in BLOCK up to END where a record begins, if START is one.

    END is where a line begins.
    """
    line = block[end : block.find(b"\n", end) + 1 or None]
    before = block[block.rfind(b"\n", start, end - 1) + 1 : end]
    if not (_within(line) or _within(before)):
        # Nearly always.
        return end
    found = start
    for at, _ in _walk(block, start):
        if at > end:
            break
        found = at
    return found


def record_end(block: bytes, start: int) -> int:
    """Where the record that begins in BLOCK at START ends."""
    walk = _walk(block, start)
    next(walk, None)
    return next(walk, (len(block), None))[0]


def _within(line: bytes) -> bool:
    """Whether LINE looks like one of a traceback that goes on, or as if it went on with one."""
    text = _text(line.removesuffix(b"\n"))
    # Also one with nothing in it ends none.
    return text[:1] in b" \t" or text in BETWEEN or text.startswith(TRACEBACK)


def _walk(block: bytes, start: int) -> "Iterator[tuple[int, _Open]]":
    """Where in BLOCK, from START on, each record begins, and the record."""
    opened: _Open | None = None
    while start < len(block):
        end = block.find(b"\n", start) + 1 or len(block)
        line = block[start:end].removesuffix(b"\n")
        if line and not (opened and opened.takes(line)):
            opened = _Open(line, 0, None, headed=True)
            yield start, opened
        start = end


class _Open:
    """A record to which lines may come."""

    __slots__ = ("_head", "_level", "_lines", "_record", "_size", "_texts", "_traceback", "_wants")

    def __init__(self, line: bytes, level: int, record: Record | None, *, headed: bool) -> None:
        if record and record.level is None:
            record.level = level
        self._level = level
        self._record = record
        length = head(line)[1] if headed and record is None else 0
        self._head = line[:length]
        self._lines = [line]
        self._size = len(line)
        self._texts = [_behind(line, length)] if length else [line]
        # The head of a traceback's lines, while one is going on; None where there is none.
        self._traceback: bytes | None = None
        self._wants = True  # whether a traceback may begin: there was none, or it has a cause
        self._begin(self._texts[0], self._head)

    def strip_to(self, text: bytes) -> None:
        """Have TEXT as what stands behind the first line's level, if that has no head."""
        if not self._head:
            self._texts[0] = text

    @property
    def in_traceback(self) -> bool:
        """Whether a traceback has begun and not ended."""
        return self._traceback is not None

    def takes(self, line: bytes) -> bool:
        """Take LINE if it belongs here; whether it does."""
        lead, text = b"", line
        if self._head and line.startswith(self._head):
            lead, text = self._head, _behind(line, len(self._head))
        if self._size + len(line) > LONGEST or not self._goes_on(text, lead):
            return False
        self._size += len(line)
        self._lines.append(line)
        self._texts.append(text)
        return True

    def _goes_on(self, text: bytes, lead: bytes) -> bool:
        """Whether TEXT, which stood behind the head LEAD, belongs to this record."""
        if text[:1] in b" \t":
            # Also none at all: with a head of its own, an empty line of a record.
            return True
        if text in BETWEEN:
            self._wants = True
            return True
        if self._traceback == lead:
            # The exception itself, at the margin: the last line.
            self._traceback = None
            return True
        # Behind a line without a head it is another matter, of which nobody wrote.
        return bool(self._head) and self._begin(text, lead)

    def _begin(self, text: bytes, lead: bytes) -> bool:
        """Whether a traceback begins with TEXT, and may."""
        if not self._wants or not text.startswith(TRACEBACK):
            return False
        self._traceback, self._wants = lead, False
        return True

    def record(self, *, strip: bool) -> Record:
        """What has been taken, as one record."""
        first = self._texts[0] if strip else self._lines[0]
        if not self._lines[1:]:
            return self._record or Record(self._level, first, {}, self._lines[0])
        behind, line = self._texts[1:], b"\n".join(self._lines)
        if self._record:
            message = b"\n".join((self._record.message, *behind))
            return Record(self._record.level, message, self._record.fields, line)
        message = b"\n".join((first, *behind))
        return Record(self._level, message, _exception(message), line)


def _text(line: bytes) -> bytes:
    """What stands in LINE behind its head, if it has one."""
    length = head(line)[1]
    return _behind(line, length) if length else line


def _behind(line: bytes, length: int) -> bytes:
    """What stands in LINE behind its head, of LENGTH bytes, and the one blank after that."""
    rest = line[length:]
    return (rest.removeprefix(b":") if line[:1] == b"[" else rest).removeprefix(b" ")


def _exception(message: bytes) -> dict[str, object]:
    """The fields that say which exception the traceback in MESSAGE ends with."""
    _, begun, behind = message.rpartition(TRACEBACK)
    found = last_exception(behind.decode("utf-8", "surrogateescape")) if begun else None
    return dict(zip(("exception.type", "exception.message"), found, strict=True)) if found else {}
