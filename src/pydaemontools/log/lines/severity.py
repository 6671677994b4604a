"""What severity each line of a stream has: see levels.py for what says so in one.

A line that says nothing continues the record before it if it begins with white space or belongs
to a Python traceback.
"""

from _operator import itemgetter

from .beginnings import MASK, START, Beginnings
from .levels import (
    BEGINS,
    BETWEEN,
    ENDED,
    FIRST,
    FORMED,
    FRAMES,
    INFO,
    NAMES,
    TRACEBACK,
    WARNING,
    head,
    strip,
)
from .recent_lines import RecentLines
from .unknown import Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .formats_protocol import Formats, Sources
    from .ids import Ids

# Beginnings that leave open what the line says: it depends on what follows.
OPEN = {(name + b":")[:START] for name in NAMES if len(name) >= START}
OPEN |= {(b"[" + name + b"]")[:START] for name in NAMES if len(name) >= START - 1}
OPEN |= {text[:START].lower() for text in (TRACEBACK, *BETWEEN)}

BEGIN, FIRST_BYTE = itemgetter(slice(0, START)), itemgetter(0)
DONE = frozenset((None, *range(8)))  # what needs no further look into the table of beginnings
SELDOM = 8  # blocks, of which one teaches beginnings, where few come again
LATE = 24  # bytes; what fewer say is known as fast in one look at all
MANY, SOME = 16, 4  # so many lines are worth one look at all; of so many more is remembered


class SeverityReader:
    """Gives each line of a stream its severity; knows what record it is in.

    FORMS says in what formats a line may be that has no head; None is in none.
    """

    def __init__(self, default: int = INFO, forms: "Formats | None" = None) -> None:
        self.default = default
        self.level = default
        # Whether a traceback goes on; with formats, the course of the record (continuation.py).
        self.inside = 0
        self.last = b""  # the line before those of the next call
        self.history = RecentLines()
        self.forms = forms
        self._first = forms.first if forms else FIRST
        self.beginnings = Beginnings()
        self._ids: Ids | None = None  # the same, of lines with an id that is new in each
        self.sources: Sources | None = None  # of lines that another program passed on
        self.depth = 0  # how many such stand before these
        self._size = 0  # bytes by which nearly all of the last lines were known, if as many
        self._plain = False  # whether nearly all of them had no level
        self._turn = 0  # how many blocks were such
        self._unknown = Unknown(self.beginnings, forms) if forms else None
        self._new = forms is not None  # whether there was no block of many lines yet

    def route(self, lines: list[bytes]) -> list[int]:
        """The severity of each of LINES, none empty, which follow those of the call before.

        Most are known by their beginnings, or one look at all of them says that they have no
        level; only the rest are looked at one by one.
        """
        if not lines:
            return []
        if self._new and len(lines) > MANY:
            # What a few teach is mostly enough for all.
            self._new = False
            return self.route(lines[: MANY - 1]) + self.route(lines[MANY - 1 :])
        found, rest = (self._without_level if self._plain else self._known)(lines)
        self.history.begin(lines, found)
        done = self._go_on(lines, found, 0) if self.inside else 0
        if rest:
            self._look_at(lines, found, rest, done)
        self.level = found[-1]  # type: ignore[assignment]
        self.last = lines[-1]
        return found  # type: ignore[return-value]

    def known(self, line: bytes) -> int | None:
        """The severity of LINE, which is next, if one that began so was looked at before."""
        unsure = self.inside or self.sources or self._plain or line[0] in b" \t"
        return None if unsure else self.beginnings.recall(line)

    def follow(self, lines: list[bytes], levels: list[int]) -> None:
        """LINES, which are next, are of the severities LEVELS, as is known."""
        self.history.begin(lines, [*levels])
        self.level, self.last = levels[-1], lines[-1]

    def _known(self, lines: list[bytes]) -> "tuple[list[int | None], list[int]]":
        """The severities that are known of LINES, and which have to be looked at."""
        if not self.forms and 1 not in bytes(map(FIRST_BYTE, lines)).translate(self._first):
            return [self.default] * len(lines), []
        found, whole = self._looked_up(lines)
        if whole:
            return found, []
        rest = [at for at, level in enumerate(found) if level is None]
        if not self.forms:
            for at in rest:
                found[at] = self.default
            return found, [at for at in rest if self._first[lines[at][0]]]
        if self._ids and len(rest) >= MANY:
            rest = self._ids.known(lines, found, rest)
        if self.sources:
            rest = self.sources.known(lines, found, rest)
        if len(rest) < MANY:
            return found, rest
        goes_on: list[int] = []
        firsts = bytes(map(FIRST_BYTE, map(lines.__getitem__, rest)))
        if b" " in firsts or b"\t" in firsts:
            goes_on = [at for at, first in zip(rest, firsts, strict=True) if first in b" \t"]
            rest = [at for at, first in zip(rest, firsts, strict=True) if first not in b" \t"]
        for at in rest:
            found[at] = self.default
        left = lines if len(rest) == len(lines) else [lines[at] for at in rest]
        suspects = self._suspects(left, len(lines) >> 3) if left else []
        self._plain = self._plain and len(left) > len(lines) - (len(lines) >> 3)
        return found, sorted(goes_on + [rest[at] for at in suspects])

    def _looked_up(self, lines: list[bytes]) -> tuple[list[int | None], bool]:
        """What the table of beginnings has for each of LINES, a severity or None; and whether it
        has one for all.
        """
        longer = self.beginnings.longer.get
        found: list[int | None]
        if size := self._size:
            found = [longer(line[:size].translate(MASK)) for line in lines]
        else:
            found = list(map(self.beginnings.starts.get, map(BEGIN, lines)))
        kinds = set(found)
        if size and None in kinds and found.count(None) > len(lines) >> 3:
            self._size = 0
        before: list[int | None] = []
        looks = 1 if size else 0
        while sizes := kinds - DONE:
            # The first one is the most frequent, if any is.
            if found[0] in sizes and found.count(found[0]) >= len(lines) - (len(lines) >> 3):
                self._size = -(found[0] or 0)
            if found == before:
                # Lines that are shorter than what is to be looked at.
                return [level if level in DONE else None for level in found], False
            before = found
            found = [
                level if level is None or level >= 0 else longer(line[:-level].translate(MASK))
                for level, line in zip(found, lines, strict=True)
            ]
            kinds = set(found)
            looks += 1
        if looks > 1 and self.beginnings.widen(lines):
            self._size = 0
        return found, None not in kinds

    def _without_level(self, lines: list[bytes]) -> "tuple[list[int | None], list[int]]":
        """As _known(), for lines of which nearly all have no level and begin in many ways."""
        assert self.forms  # noqa: S101 - for the type checker
        self._turn += 1
        if self._turn % SELDOM:
            places = self.forms.suspects(lines)
            self._plain = len(places) <= len(lines) >> 3
        else:
            # They may begin in fewer ways now.
            places = self._suspects(lines, len(lines) >> 3)
        return [self.default] * len(lines), places

    def _suspects(self, lines: list[bytes], few: int) -> list[int]:
        """Which of LINES, by their places, may have a level or go on with a record.

        How some of the others begin is remembered. If that was unknown, and no more than a FEW
        are suspects, the next lines are better looked at in this way at once.
        """
        assert self.forms  # noqa: S101 - for the type checker
        places = self.forms.suspects(lines)
        suspects = frozenset(places)
        tried = known = 0
        for at in range(0, len(lines), len(lines) // SOME or 1):
            if at not in suspects:
                line, tried = lines[at], tried + 1
                begun = line[:START] in self.beginnings.starts
                if self.beginnings.recall(line) is not None:
                    known += begun
                elif self.beginnings.wants():
                    size = self.forms.enough(line)
                    if size <= START or size > LATE:
                        self.beginnings.learn(line, size, self.default)
        self._plain = len(places) <= few and known < tried >> 1
        return places

    def _look_at(
        self, lines: list[bytes], found: list[int | None], rest: list[int], done: int
    ) -> None:
        """Find the severities of those of LINES that are at REST; the first ones are DONE."""
        for at in rest:
            if at < done:
                continue
            line = lines[at]
            if at:
                self.level = found[at - 1]  # type: ignore[assignment]
            if line[0] in b" \t" and line[2:3] != b"+":
                found[at] = self.level
                continue
            level = self.beginnings.recall(line)
            if level is None:
                self.history.at = at
                level = self._look(line) if self._first[line[0]] else self.default
            found[at] = level
            if self.inside:
                self.level = level
                done = self._go_on(lines, found, at + 1)

    def _go_on(self, lines: list[bytes], found: list[int | None], at: int) -> int:
        """Give those of LINES from AT on that belong to a record its level; return their end."""
        while self.inside and at < len(lines):
            self.history.at = at
            self.level = found[at] = self._look(lines[at])
            at += 1
        return at

    def _look(self, line: bytes) -> int:
        """The severity of a line that may have a head, go on with a record, or be in a format."""
        level: int | None = self._of_record(line) if self.forms else self._of_traceback(line)
        if level is not None:
            return level
        if self.forms and line[0] in FORMED:
            # What begins so has no head.
            return self._by_form(line)
        level, length = head(line)
        start = line[:START]
        if length <= START <= len(line) and start.lower() not in OPEN:
            if level is None and self.forms and self.forms.possible(start):
                return self._by_form(line)
            level = self.default if level is None else level
            self.beginnings.put(start, level)
            return level
        return self._by_form(line) if level is None else level

    def _of_record(self, line: bytes) -> int | None:
        """The severity of the record that LINE goes on with, or begins as one of several lines;
        None if it does neither.
        """
        if line[0] in b" \t" and line[2:3] != b"+" and self.inside <= FRAMES:
            return self.level
        if self.inside or self.level <= WARNING or line[0] in BEGINS:
            return self.forms.record_level(self, line) if self.forms else None
        return None

    def _of_traceback(self, line: bytes) -> int | None:
        """The same, where lines have no formats."""
        goes_on = line[0] in b" \t" or line in BETWEEN
        if self.inside:
            # The first line that is not indented is the exception itself, and the last.
            self.inside = goes_on
            return self.level
        self.inside = line.startswith(TRACEBACK)
        return self.level if goes_on or self.inside else None

    def _by_form(self, line: bytes) -> int:
        """The severity of a line that has no head."""
        if not self.forms:
            return self.default
        level, size, wants = None, 0, self.beginnings.wants()
        if not self.forms.passed_on(line):
            level, size = self.forms.level(line, sized=wants)
        if level is None:
            level = self.forms.source_level(self, line)
            if self._unknown and wants and not self.sources and len(self.history.lines) <= MANY:
                self._unknown.learn(line, level)
            return level
        if self.forms.course:
            # It has to be seen each time.
            self.inside, size = self.forms.course, 0
        if level < 0:
            return self.forms.same_level(self, line)
        if size > START and self.forms.has_id(line, size):
            self._with_ids().learn(line, size, level)
        else:
            self.beginnings.learn(line, size, level)
        return level

    def _with_ids(self) -> "Ids":
        from .ids import Ids

        self._ids = self._ids or Ids()
        return self._ids

    def levelless(self) -> bytes | None:
        """How lines begin that have no level, if not empty, as an expression; None if unknown."""
        if self.forms:
            return self.forms.levelless()
        from re import escape

        return b"[^\n" + escape(bytes(at for at, first in enumerate(self._first) if first)) + b"]"

    def before(self) -> bytes:
        """The line before the one that is being looked at; nothing if there was none."""
        history = self.history
        return history.lines[history.at - 1] if history.at else self.last

    def ended(self, line: bytes, level: int) -> None:
        """LINE, of the severity LEVEL, was read by somebody else, as a record that is whole."""
        self.last, self.level = line, level
        self.inside = ENDED if self.forms else 0

    @property
    def state(self) -> int:
        """What a successor in the middle of the stream has to know: a number of BITS bits."""
        return self.level & 7 | self.inside << 3

    @state.setter
    def state(self, state: int) -> None:
        self.level, self.inside = state & 7, state >> 3

    def strip(self, line: bytes) -> bytes:
        """The message of LINE: it without what stands up to its level, and what belongs to it."""
        if head(line)[1]:
            return strip(line)
        message = self.forms.message(line) if self.forms else None
        return line if message is None else message
