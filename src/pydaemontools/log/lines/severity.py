"""Severities: their names, and how a line says which is its own.

A line's head is a word and a colon ("error: disk gone"), a word in brackets ("[error]"), or
the number that sd-daemon(3) puts in angle brackets ("<3>"), or syslog ("<27>Nov 29 ..."). A
line without one continues the record before it if it begins with white space or belongs to a
Python traceback.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Formats(Protocol):
        """What knows in which formats lines are that have no head (forms.py)."""

        first: bytearray  # whether a line that begins so has to be looked at
        seen: dict[bytes, int]
        size: int

        def possible(self, start: bytes) -> bool:
            """Whether a line that begins with START may be in one."""

        def level(self, line: bytes) -> int | None:
            """The severity that LINE names; a negative one is that of the line before."""

        def recall(self, line: bytes) -> int | None:
            """The same, if it is known of a line that began as this one does."""

        def message(self, line: bytes) -> bytes | None:
            """What LINE says behind its level."""


SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
EMERG, ALERT, CRIT, ERR, WARNING, NOTICE, INFO, DEBUG = range(8)
NAMES = {
    b"emerg": EMERG,
    b"emergency": EMERG,
    b"alert": ALERT,
    b"crit": CRIT,
    b"critical": CRIT,
    b"fatal": CRIT,
    b"err": ERR,
    b"error": ERR,
    b"warn": WARNING,
    b"warning": WARNING,
    b"notice": NOTICE,
    b"info": INFO,
    b"debug": DEBUG,
    b"trace": DEBUG,
}
LONGEST = max(map(len, NAMES))
PRIORITIES = 191  # local7.debug
# What stands behind a priority: a month, or RFC 5424's version and a time or none.
SYSLOG = frozenset(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
SYSLOG |= {b"1 -", b"1 1", b"1 2"}

# Whether a line that begins with this byte may say something about severities.
FIRST = bytearray(256)
for _byte in b"".join(name[:1] + name[:1].upper() for name in NAMES) + b"[< \t":
    FIRST[_byte] = 1

# Control characters would forge lines or drive a terminal; TAB and all above 127 pass.
CLEAN = bytes(0x3F if (i < 32 and i not in b"\t\n") or i == 127 else i for i in range(256))

TRACEBACK = b"Traceback (most recent call last):"
# What stands between two tracebacks of one exception (traceback module of CPython).
BETWEEN = (
    b"During handling of the above exception, another exception occurred:",
    b"The above exception was the direct cause of the following exception:",
)

# Digits are alike where lines are compared that may be in a format.
MASK = bytes(0x30 if 0x30 <= i <= 0x39 else i for i in range(256))

# How much of a line is remembered with what it said, and for how many beginnings.
START, REMEMBERED = 8, 4096
# Beginnings that leave open what the line says: it depends on what follows.
OPEN = {(name + b":")[:START] for name in NAMES if len(name) >= START}
OPEN |= {(b"[" + name + b"]")[:START] for name in NAMES if len(name) >= START - 1}
OPEN |= {text[:START].lower() for text in (TRACEBACK, *BETWEEN)}


def named(name: bytes) -> int | None:
    """The severity called NAME, in any case, or by its number; None if there is none."""
    if len(name) == 1 and name in b"01234567":
        return int(name)
    return NAMES.get(name.lower())


def head(line: bytes) -> tuple[int | None, int]:
    """The severity that LINE names, and how many bytes name it; (None, 0) if it names none."""
    first = line[:1]
    if first == b"<":
        return _priority(line)
    start, close = (1, b"]") if first == b"[" else (0, b":")
    end = line.find(close, start, start + LONGEST + 1)
    level = NAMES.get(line[start:end].lower()) if end > 0 else None
    return (None, 0) if level is None else (level, end + 1)


def _priority(line: bytes) -> tuple[int | None, int]:
    """What the number says that LINE begins with. Of 8 and more it is syslog's, whose facility is
    no part of it, if a time, a version or the kernel's clock stands behind.
    """
    if line[2:3] == b">" and line[1:2] in b"01234567":
        return int(line[1:2]), 3
    end = line.find(b">", 2, 5)
    digits, behind = line[1:end], line[end + 1 : end + 4]
    if end < 0 or not digits.isdigit() or digits[:1] == b"0" or int(digits) > PRIORITIES:
        return None, 0
    clock = behind[:1] == b"[" and behind[1:].replace(b" ", b"0").isdigit()
    if behind in SYSLOG or clock or (behind[:2] == b"20" and behind.isdigit()):
        return int(digits) & 7, end + 1
    return None, 0


def strip(line: bytes) -> bytes:
    """LINE without its head and the blanks (and, after brackets, a colon) that follow it.

    Nothing is left of what syslog's own messages have between the priority and the text.
    """
    length = head(line)[1]
    if not length:
        return line
    rest = line[length:]
    if line[:1] == b"[":
        rest = rest.removeprefix(b":")
    if line[:1] == b"<":
        from .syslog_head import behind

        rest = behind(rest)
    return rest.lstrip(b" ")


class SeverityReader:
    """Gives each line of a stream its severity; knows what record it is in.

    FORMS says in what formats a line may be that has no head; None is in none.
    """

    def __init__(self, default: int = INFO, forms: "Formats | None" = None) -> None:
        self.default = default
        self.level = default
        self.in_traceback = False
        self.forms = forms
        self._first = forms.first if forms else FIRST
        self._known: dict[bytes, int] = {}

    def route(self, lines: list[bytes]) -> list[int]:
        """The severity of each of LINES, none empty, which follow those of the call before."""
        level, looking, known = self.level, self.in_traceback, self._known
        first, forms = self._first, self.forms
        seen, size = (forms.seen, forms.size) if forms else (known, 0)
        levels = []
        for line in lines:
            # Most lines are decided by their first byte, or began like one before.
            if looking or first[line[0]]:
                found = None if looking else known.get(line[:START])
                if found is None and size and not looking:
                    # It may be as the last one was that had no head.
                    found = seen.get(line[:size].translate(MASK))
                    if found is None and forms:
                        found = forms.recall(line)
                        size = forms.size
                if found is None:
                    self.level = level
                    found = self._look(line)
                    looking = self.in_traceback
                    size = forms.size if forms else 0
                level = found
            else:
                level = self.default
            levels.append(level)
        self.level = level
        return levels

    def _look(self, line: bytes) -> int:
        """The severity of a line that may have a head, go on with a record, or be in a format."""
        goes_on = line[0] in b" \t" or line in BETWEEN
        if self.in_traceback:
            # The first line that is not indented is the exception itself, and the last.
            self.in_traceback = goes_on
            return self.level
        if self.forms and 0x30 <= line[0] <= 0x39:
            # What begins with a digit has no head.
            return self._by_form(line)
        self.in_traceback = line.startswith(TRACEBACK)
        if goes_on or self.in_traceback:
            return self.level
        level, length = head(line)
        start = line[:START]
        if length <= START <= len(line) and start.lower() not in OPEN:
            if level is None and self.forms and self.forms.possible(start):
                return self._by_form(line)
            level = self.default if level is None else level
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[start] = level
            return level
        return self._by_form(line) if level is None else level

    def _by_form(self, line: bytes) -> int:
        """The severity of a line that has no head."""
        level = self.forms.level(line) if self.forms else None
        if level is None:
            return self.default
        return self.level if level < 0 else level

    def strip(self, line: bytes) -> bytes:
        """The message of LINE: it without what stands up to its level, and what belongs to it."""
        if head(line)[1]:
            return strip(line)
        message = self.forms.message(line) if self.forms else None
        return line if message is None else message
