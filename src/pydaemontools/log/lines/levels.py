"""Severities: their names, and how a line's head says which is its own.

A line's head is a word and a colon ("error: disk gone"), a word in brackets ("[error]"), or
the number that sd-daemon(3) puts in angle brackets ("<3>"), or syslog ("<27>Nov 29 ...").
"""

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

# With these begin records that have several lines, and lines that may be in a format, but have no
# head. What is on a course above FRAMES sees each line that begins with a blank, too (courses.py).
BEGINS = b" \tTDJFMASON"
FORMED = b"0123456789/.#*-})"
FRAMES = 29
ENDED = 1  # the course of a record that is whole
BITS = 19  # of a number that says what record a stream is in


def named(name: bytes) -> int | None:
    """The severity called NAME, in any case, or by its number; None if there is none."""
    if len(name) == 1 and name in b"01234567":
        return int(name)
    return NAMES.get(name.lower())


def head(line: bytes) -> tuple[int | None, int]:
    """The severity that LINE names, and how many bytes name it; (None, 0) if it names none."""
    first = line[:1]
    if first == b"<":
        if line[2:3] == b">" and line[1:2] in b"01234567":
            return int(line[1:2]), 3
        from .syslog_head import priority

        return priority(line)
    start, close = (1, b"]") if first == b"[" else (0, b":")
    end = line.find(close, start, start + LONGEST + 1)
    level = NAMES.get(line[start:end].lower()) if end > 0 else None
    return (None, 0) if level is None else (level, end + 1)


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
