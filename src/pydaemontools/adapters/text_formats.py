"""What a record looks like as text: each line with its level, so that the router knows it.

The first line begins with the head of the level. Those that follow have the head too, and
behind it a blank, unless they belong to a traceback or begin with a blank already: that tells
the router (log/lines/records.py) that they go on with the record. So the first line of a record is
never one that looks as if it went on with another.
"""

import logging
import time

from ..log.lines.exceptions import GROUP, last_exception
from ..log.lines.levels import BETWEEN, INFO, TRACEBACK, head
from .interrupts import interrupted
from .level import HEADS, TRACE, Steps
from .values import shown

PLAIN = logging.Formatter()
BEGIN = TRACEBACK.decode()
MIDDLE = tuple(line.decode() for line in BETWEEN)
# What a message that is none but a traceback gets as its first line.
UNSAID = "an exception:"
# By step, for terminals: red, yellow, blue and grey, as most tools have them.
COLOURS = ("1;31", "1;31", "1;31", "31", "33", "36", "32", "34", "2")
# A control character that somebody else wrote must not drive a terminal.
QUIET = {code: "?" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
_ESCAPES = {
    ord("\\"): "\\\\",
    ord('"'): '\\"',
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
}
ESCAPES = {code: f"\\u{code:04x}" for code in (*range(32), 127)} | _ESCAPES


def by_words(*, info: bool = True) -> list[str]:
    """The heads of each step, `error: ` and so on; info has none if not INFO."""
    return [f"{word}: " if info or step != INFO else "" for step, word in enumerate(HEADS)]


def by_numbers() -> list[str]:
    """The heads that sd-daemon(3) has, `<3>`: systemd takes them from what a service prints."""
    return [f"<{min(step, TRACE - 1)}>" for step in range(TRACE + 1)]


class Text:
    """Records as lines with HEADS, by step; several lines FOLDed into one of logfmt if asked.

    BODY, a formatter, says what a message is; without one it is what the program said.
    """

    def __init__(
        self, heads: list[str], *, fold: bool = False, body: logging.Formatter | None = None
    ) -> None:
        self._heads = heads
        # Behind `error: ` a blank, and behind `<3>`, where it would be part of the head, two.
        self._mark = " " if heads[0].endswith(" ") else "  "
        self._fold = fold
        self._body = body
        self._steps = Steps()
        self.plain = body is None
        self.fields = False

    def record(self, record: logging.LogRecord) -> bytes:
        """The lines of RECORD, with its traceback."""
        plain = self.plain and not (record.exc_info or record.exc_text or record.stack_info)
        text = record.getMessage() if plain else text_of(record, self._body)
        return self.text(self._steps[record.levelno, record.levelname], text)

    def text(self, step: int, text: str) -> bytes:
        """The lines of a record at STEP that says TEXT; none at all if it says nothing."""
        head = self._heads[step]
        # Nearly all: a line that does not look like anything else.
        if head and text[:1] not in FIRST and "\n" not in text:
            return encoded(f"{head}{text}\n")
        lines = text.rstrip("\n").split("\n")
        while lines and not lines[0].strip(" \t"):
            del lines[0]
        if not lines:
            return b""
        lines[0] = lines[0].lstrip(" \t")
        if lines[0].startswith(BEGIN) or lines[0] in MIDDLE:
            lines.insert(0, UNSAID)
        if self._fold and len(lines) > 1:
            return encoded(folded(step, lines))
        if not head and (len(lines) > 1 or not _is_plain(lines[0])):
            head = f"{HEADS[step]}: "
        return encoded("".join(f"{head}{line}\n" for line in marked(lines, self._mark)))


# A first line that begins so is looked at closer.
FIRST = ("", " ", "\t", BEGIN[0], *{line[0] for line in MIDDLE})


def _is_plain(line: str) -> bool:
    """Whether the router takes LINE, without a head, for a record of its own that has none."""
    if line[0] == "{" or "=" in line:
        return False
    data = encoded(line)
    try:
        from ..log.lines.continuation import of_course

        return head(data)[1] == 0 and not of_course(data)
    except ImportError:
        # The interpreter is about to end, and imports no more.
        return False


def marked(lines: list[str], mark: str = " ") -> list[str]:
    """LINES of one record, with MARK before those that would not go on with the first."""
    done, inside = _marked(lines, mark, tracebacks=True)
    # One that does not end would take the next record's first line as its end.
    return _marked(lines, mark, tracebacks=False)[0] if inside else done


def _marked(lines: list[str], mark: str, *, tracebacks: bool) -> tuple[list[str], bool]:
    """LINES marked, and whether a traceback goes on behind them."""
    done = [lines[0]]
    wants, inside = tracebacks, False
    for line in lines[1:]:
        if line[:1] in ("", " ", "\t"):
            # The router takes the first blank behind a head for a part of the head.
            done.append(line if line[1:2] in ("", " ", "\t") else mark[1:] + line)
        elif line in MIDDLE and tracebacks:
            wants = True
            done.append(line)
        elif inside:
            # The exception itself, the last line of its traceback.
            inside = False
            done.append(line)
        elif wants and line.startswith(BEGIN):
            wants, inside = False, True
            done.append(line)
        else:
            done.append(mark + line)
    return done, inside


def folded(step: int, lines: list[str]) -> str:
    """One line of logfmt that says what LINES do, and names their exception."""
    text = "\n".join(lines)
    fields: list[tuple[str, object]] = [("level", HEADS[step]), ("msg", text)]
    begun = any(line.startswith((BEGIN, GROUP)) for line in lines)
    if begun and (found := last_exception(text)):
        fields += zip(("exception.type", "exception.message"), found, strict=True)
    return logfmt(fields) + "\n"


def logfmt(fields: list[tuple[str, object]]) -> str:
    """FIELDS as `key=value` words, quoted where that is needed."""
    return " ".join(f"{_key(key)}={_value(value)}" for key, value in fields)


def _key(name: str) -> str:
    """NAME with `_` for all that a key cannot have."""
    kept = "".join(c if (c.isascii() and c.isalnum()) or c in "_.-" else "_" for c in name)
    return kept if kept[:1].isalpha() or kept[:1] == "_" else "_" + kept


def _value(value: object) -> str:
    """VALUE as text, in quotes unless it is a plain word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else shown(value)
    if text and text.isprintable() and not any(c in ' "=\\' for c in text):
        return text
    return f'"{text.translate(ESCAPES)}"'


class Human:
    """Records for a terminal: the time, the level (in COLOUR if asked), who said it, and what."""

    def __init__(self, *, colour: bool, body: logging.Formatter | None = None) -> None:
        self._heads = [
            f"\x1b[{code}m{word}:\x1b[0m" if colour else f"{word}:"
            for word, code in zip(HEADS, COLOURS, strict=True)
        ]
        self._body = body
        self._steps = Steps()
        self.plain = self.fields = False

    def record(self, record: logging.LogRecord) -> bytes:
        """The lines of RECORD, with its traceback as it is."""
        text = text_of(record, self._body).rstrip("\n")
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        name = "" if record.name == "root" else f"{record.name}: "
        return encoded(f"{when} {self._heads[self._steps.of(record)]} {_quiet(name + text)}\n")

    def text(self, step: int, text: str) -> bytes:
        """The line of a record at STEP that says TEXT, and nothing else is known of."""
        return encoded(f"{self._heads[step]} {_quiet(text)}\n")


def _quiet(text: str) -> str:
    """TEXT without what would drive a terminal."""
    return text if text.isprintable() else text.translate(QUIET)


def text_of(record: logging.LogRecord, body: logging.Formatter | None) -> str:
    """What RECORD says, with its exception and its stack; in the form of BODY if there is one."""
    if body:
        try:
            return shown(body.format(record))
        except Exception as error:
            # It wants a field that some libraries' records have not, or is the program's.
            if interrupted(error):
                raise
    return with_traceback(record.getMessage(), record)


def with_traceback(text: str, record: logging.LogRecord) -> str:
    """TEXT and below it the exception and the stack of RECORD, as logging has them."""
    if record.exc_info and not record.exc_text:
        # Kept there for other handlers, as logging's own formatter does.
        record.exc_text = PLAIN.formatException(record.exc_info)
    more = [record.exc_text or "", record.stack_info or ""]
    if not text.strip() and record.exc_info and record.exc_info[0]:
        text = f"{record.exc_info[0].__name__}: {shown(record.exc_info[1])}"
    return "\n".join([text, *filter(None, more)])


def encoded(text: str) -> bytes:
    """TEXT in UTF-8; bytes that were none are themselves again, other halves are escaped."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        try:
            return text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return "".join(map(_whole, text)).encode("utf-8", "surrogateescape")


def _whole(c: str) -> str:
    """The character C, or the escape of half of one that is no byte either."""
    return f"\\u{ord(c):04x}" if "\ud800" <= c < "\udc80" or "\udcff" < c <= "\udfff" else c
