"""From lines to records: which line is structured, and which go on with the one before.

Imports neither json nor re: those come with the first line that needs them.
"""

from _operator import itemgetter

from .open_record import OpenRecord
from .record import Record
from .severity import SeverityReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


BRACE = ord("{")


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
        last line is UNFINISHED, its record has what is known so far. A structured line
        without a severity has the router's default, and what goes on with it, as a line that
        begins with a blank does, has its severity.
        """
        levels: list[int]
        if not possible(block, lines):
            levels = self.router.route(lines)
            return levels, self._of_sources(block, lines, levels, None)
        from .parse import parse, parse_json

        # Nearly all are JSON, where any is.
        records = [parse_json(one) if one[0] == BRACE else parse(one) for one in lines]
        if unfinished and records:
            from .partial import partial

            records[-1] = partial(lines[-1])
        if not any(records):
            levels = self.router.route(lines)
            return levels, self._of_sources(block, lines, levels, None)
        levels = self._levels(lines, records)
        return levels, self._of_sources(block, lines, levels, records)

    def _of_sources(
        self,
        block: bytes,
        lines: list[bytes],
        levels: list[int],
        records: "list[Record | None] | None",
    ) -> "list[Record | None] | None":
        """RECORDS, of LINES that have LEVELS, with those that stand behind the name of a source;
        the levels are then theirs.
        """
        if not self.router.sources or (b"{" not in block and b"=" not in block):
            return records
        from .parse import parse
        from .passed_on import behind

        found = records or [None] * len(lines)
        for at, line in enumerate(lines):
            text = line if found[at] else behind(line)
            if text is not line and (record := parse(text)):
                record.came_as(line)
                if record.inner:
                    record.level = self.router.route([record.inner])[0]
                if record.level is not None:
                    levels[at] = record.level
                found[at] = record
        if lines:
            self.router.level = levels[-1]
        return found if any(found) else records

    def _levels(self, lines: list[bytes], records: "Sequence[Record | None]") -> list[int]:
        """The severity of each of LINES, of which some are RECORDS."""
        router = self.router
        levels: list[int]
        if {*map(type, records)} == {Record}:
            # All are structured, and none holds a line of another.
            found = [one.level for one in records if one]
            levels = [router.default if level is None else level for level in found]
            router.ended(lines[-1], levels[-1])
            return levels
        levels = []
        last = None  # a structured line that the router has yet to be told of
        for at, record in enumerate(records):
            if record and not record.inner:
                last = lines[at]
                levels.append(router.default if record.level is None else record.level)
            elif record or at == len(levels):
                end = self._next(records, at) if record is None else at + 1
                if last is not None:
                    router.ended(last, levels[-1])
                    last = None
                if record and record.inner:
                    record.level = router.route([record.inner])[0]
                    levels.append(router.level)
                else:
                    levels += router.route(lines[at:end])
        if last is not None:
            router.ended(last, levels[-1])
        return levels

    @staticmethod
    def _next(records: "Sequence[Record | None]", at: int) -> int:
        """Where from AT on the next of RECORDS is; their end if there is none."""
        return next((end for end in range(at, len(records)) if records[end]), len(records))


def fold(
    lines: "Sequence[bytes]",
    levels: "Sequence[int]",
    records: "Sequence[Record | None] | None" = None,
    *,
    continued: bool = False,
    strip: bool = False,
    stripped: "Sequence[bytes] | None" = None,
    clean: "Sequence[bytes] | None" = None,
) -> list[Record]:
    """The records that LINES are; those that go on with the one before are part of it.

    LEVELS and RECORDS are what Reader.route() said of the lines, heads still on. The first
    line is the rest of one that came before if it is CONTINUED. A record that is no
    structured line has the line's text as its message, with STRIP without the head that
    names its level; each has a level. STRIPPED has the lines without what else named it,
    CLEAN has them as a terminal shows them.
    """
    done: list[Record] = []
    opened: OpenRecord | None = None
    for at, line in enumerate(lines):
        record = records[at] if records else None
        text = clean[at] if clean else line
        if opened and record is None and opened.takes(line, levels[at], text):
            continue
        if opened:
            done.append(opened.record(strip=strip))
        opened = OpenRecord(line, levels[at], record, text, headed=bool(at) or not continued)
        if stripped:
            opened.strip_to(stripped[at])
    return [*done, opened.record(strip=strip)] if opened else []
