"""A record of which more lines may come: what takes them, or says that another one begins."""

from . import continuation
from .exceptions import exception_of
from .forms import possible
from .levels import TRACEBACK, WARNING, head
from .passed_on import source
from .record import Record

LONGEST = 1 << 20  # bytes of a record; lines that go on for ever are not kept for ever
BETWEEN, GROUPED, HEADLINE = continuation.SPLIT, continuation.GROUPED, continuation.HEADLINE


class OpenRecord:
    """A record that begins with LINE, of the severity LEVEL, which RECORD is if it is structured.

    LINE begins it only if it is HEADED. What decides is CLEAN, the line as a terminal shows it.
    """

    __slots__ = (
        *(
            "_alone",
            "_begun",
            "_clean",
            "_head",
            "_inside",
            "_joins",
            "_lead",
            "_level",
            "_lines",
            "_record",
        ),
        *("_size", "_source", "_texts", "texts"),
    )

    def __init__(
        self, line: bytes, level: int, record: Record | None, clean: bytes, *, headed: bool
    ) -> None:
        if record and record.level is None:
            record.level = level
        self._level = level
        self._record = record
        # What stands before it says that it is another program's, and of each line of it.
        self._source, length = source(clean)
        if length:
            clean = clean[length:]
        own, length = head(clean) if headed and record is None else (None, 0)
        self._joins = record is None and (level if own is None else own) <= WARNING
        self._head = clean[:length]
        self._lines = [line]
        self._size = len(line)
        self._clean = [behind(clean, length)]
        same = clean is line or self._source
        self._texts = self._clean[:] if same else [_same(line, self._head)]
        # On what course the record is, with what head on each line; if it was on one, or began so.
        self._lead = self._head
        self._inside = self._first_course() if headed and record is None else 0
        self.texts = True  # whether text may stand behind its exception
        self._begun = self._alone = self._inside not in (0, HEADLINE)

    def _first_course(self) -> int:
        text = self._clean[0]
        if self._head:
            return continuation.PYTHON if text.startswith(TRACEBACK) else 0
        if continuation.splits(text):
            return BETWEEN
        return continuation.course_of(text) if text and possible(text[:8]) else 0

    def strip_to(self, text: bytes) -> None:
        """Have TEXT as what stands behind the first line's level, if that has no head."""
        if not self._head:
            self._texts[0] = text

    @property
    def waits(self) -> bool:
        """Whether it may well have another line, which is about to come."""
        return self._inside % continuation.KINDS in continuation.WAITING

    def takes(self, line: bytes, level: int | None, clean: bytes) -> bool:
        """Take LINE, of the severity LEVEL if one is known, if it belongs here; whether it does."""
        name, length = source(clean)
        if name != self._source:
            return False
        clean = clean[length:]
        lead, text = b"", clean
        if self._head and clean.startswith(self._head):
            lead, text = self._head, behind(clean, len(self._head))
        if self._size + len(line) > LONGEST or not self._goes_on(text, lead, level):
            return False
        self._size += len(line)
        self._lines.append(line)
        self._clean.append(text)
        self._texts.append(text if clean is line or length else _same(line, lead))
        return True

    def _goes_on(self, text: bytes, lead: bytes, level: int | None) -> bool:
        """Whether TEXT, which stood behind the head LEAD, belongs to this record."""
        if not text:
            # With a head of its own, an empty line of a record.
            return True
        if self._inside == HEADLINE:
            self._inside = 0
            return text.partition(b":")[0] in continuation.JAVA_LEVELS
        return self._stays(text, lead, level) if self._inside else self._joined(text, lead)

    def _joined(self, text: bytes, lead: bytes) -> bool:
        """Whether TEXT behind LEAD belongs to this record, which is on no course yet."""
        if text[:1] in b" \t" and not continuation.starts_group(text):
            # Where heads have blanks behind them to a width, what goes on stands further in.
            return not lead or _margin(text) > _margin(self._clean[0])
        course = 0
        if self._may_join(lead):
            course = BETWEEN if continuation.splits(text) else continuation.joined(text)
            if lead and course not in (BETWEEN, GROUPED, continuation.PYTHON):
                course = 0
        if course:
            self._begin(course, lead)
            return True
        return not lead and continuation.tells_more(self._lines[0], text)

    def _stays(self, text: bytes, lead: bytes, level: int | None) -> bool:
        """Whether TEXT behind LEAD is of the course that the record is on."""
        if lead != self._lead and text[:1] not in b" \t":
            return False
        behind_head = self._course_behind_head(text) if lead else None
        course = continuation.after(self._inside, text) if behind_head is None else behind_head
        if course >= continuation.KINDS and not self._has_text(course, level):
            return False
        self._inside = course
        return course > 0

    def _course_behind_head(self, text: bytes) -> int:
        """The course behind TEXT, which has the head of each line of this record: no other counts,
        and only tracebacks are written so (adapters/text_formats.py).
        """
        if text[:1] in b" \t":
            return self._inside
        if continuation.splits(text):
            return self._inside if self._inside == continuation.PYTHON else BETWEEN
        if self._inside == BETWEEN:
            return continuation.PYTHON if text.startswith(TRACEBACK) else 0
        # The exception itself, the last line.
        return continuation.RAISED_ALONE if self._inside == continuation.PYTHON else 0

    def _has_text(self, course: int, level: int | None) -> bool:
        """Whether a line of text of that LEVEL is of this record, which is on that COURSE then."""
        if course % continuation.KINDS not in continuation.TEXTUAL:
            return True
        if level is None:
            first = self._clean[0]
            return self.texts and not self._head and (self._alone or continuation.in_format(first))
        everything = course % continuation.KINDS == continuation.TEXT
        return level == self._level and (everything or level <= WARNING)

    def _may_join(self, lead: bytes) -> bool:
        """Whether a traceback, or its like, that has the head LEAD may be of this record."""
        return not self._begun and (self._joins or bool(lead))

    def _begin(self, course: int, lead: bytes) -> None:
        if not lead:
            # The levels of what follows tell whether it has text.
            course = continuation.WITH_TEXT.get(course, course)
        self._inside, self._lead, self._begun = course, lead, True

    def record(self, *, strip: bool) -> Record:
        """What has been taken, as one record."""
        first = self._texts[0] if strip else self._lines[0]
        line = b"\n".join(self._lines)
        if self._record:
            if not self._lines[1:]:
                return self._record
            message = b"\n".join((self._record.message, *self._texts[1:]))
            return Record(self._record.level, message, self._record.fields, line)
        message = b"\n".join((first, *self._texts[1:])) if self._texts[1:] else first
        return Record(self._level, message, self._exception() if self._begun else {}, line)

    def _exception(self) -> dict[str, object]:
        """The fields that say which exception the record tells of."""
        lines = [text.decode("utf-8", "surrogateescape") for text in self._clean]
        if self._lead[-1:] in (b":", b"]"):
            # What would not go on with a record has a blank before it (adapters/text_formats.py).
            lines = [one[1:] if one[:1] == " " and one[1:2] != " " else one for one in lines]
        found = exception_of("\n".join(lines))
        names = "exception.type", "exception.message"
        return dict(zip(names, found, strict=True)) if found else {}


def behind(line: bytes, length: int) -> bytes:
    """What stands in LINE behind its head, of LENGTH bytes, and the one blank after that."""
    if not length:
        return line
    rest = line[length:]
    return (rest.removeprefix(b":") if line[:1] == b"[" else rest).removeprefix(b" ")


def _same(line: bytes, lead: bytes) -> bytes:
    """LINE without the head LEAD, if that is what it begins with, colours and all."""
    return behind(line, len(lead)) if lead and line.startswith(lead) else line


def _margin(text: bytes) -> int:
    """How many blanks TEXT begins with."""
    return len(text) - len(text.lstrip(b" \t"))
