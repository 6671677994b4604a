"""Times in logs: the stamps that lines begin with, and how a person is shown one."""

from time import localtime, mktime, strftime

from ..base.tai64 import EPOCH

SECOND = 10**9
LABEL = 25  # bytes of a TAI64N label, with its @
HEX = b"0123456789abcdef"
OBJECT = b'{"time":"'  # how an object of pymultilog's J begins
DATED = 30  # bytes of a local date and time, with the blank behind
DAY = 86400
DAYS = 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31  # of each month, at the most


def label(text: bytes) -> int | None:
    """The time (nanoseconds of Unix time) of the TAI64N label that TEXT begins with, if one."""
    digits = text[1:LABEL]
    if text[:1] != b"@" or len(digits) != LABEL - 1 or digits.strip(HEX):
        return None
    return (int(digits[:16], 16) - EPOCH) * SECOND + int(digits[16:], 16)


def stamped(line: bytes) -> tuple[int | None, int]:
    """The time that LINE begins with, and where the text behind it begins; None, 0 without one.

    It is what pymultilog has with t, T and d, or svlogd with -tt and -ttt: a TAI64N label, or a
    date and a time. With a blank between these two, and nine digits, they are local ones. Behind
    a label s6-log may have those too, with two blanks. The time of an object of J is no text
    before it, so that 0 goes with it.
    """
    if line[LABEL : LABEL + 1] == b" " and line[:1] == b"@":
        time = label(line)
        if line[LABEL + 30 : LABEL + 32] == b"  " and time is not None:
            # s6 counts leap seconds in its labels: the date is nearer.
            second, start = stamped(line[LABEL + 1 : LABEL + 32])
            return (time, LABEL + 1) if second is None else (second, LABEL + 2 + start)
        return (None, 0) if time is None else (time, LABEL + 1)
    if line[: len(OBJECT)] == OBJECT:
        word = line[len(OBJECT) :][:32].partition(b'"')[0]
        return (_date(word) if word[10:11] == b"T" and word[-1:] == b"Z" else None), 0
    if line[4:5] == b"-" and line[10:11] in (b"_", b"T"):
        word = line[:32].partition(b" ")[0]
        time = _date(word)
        return (None, 0) if time is None else (time, len(word) + 1)
    if line[10:11] == b" " and line[19:20] == b"." and line[29:30] == b" ":
        time = local_date(line[:19].decode("latin-1"))
        part = line[20:29]
        return (None, 0) if time is None or not part.isdigit() else (time + int(part), DATED)
    return None, 0


class StampReader:
    """Tells of lines that follow one another with what times they begin.

    s6-log has two blanks behind the date of its T, where pymultilog has one behind that of d, and
    the second belongs to the text. A log has the one or the other.
    """

    def __init__(self) -> None:
        self._one = False  # whether a line had one blank there

    def read(self, lines: list[bytes]) -> list[tuple[int | None, int]]:
        """The time of each of LINES, and where the text behind it begins."""
        found = [stamped(line) for line in lines]
        if DATED not in {start for _, start in found}:
            return found
        for line, (_, start) in zip(lines, found, strict=True):
            self._one = self._one or (_dated(line, start) and line[DATED : DATED + 1] != b" ")
        if self._one:
            return found
        return [
            (time, start + _dated(line, start))
            for line, (time, start) in zip(lines, found, strict=True)
        ]


def _dated(line: bytes, start: int) -> bool:
    """Whether it is a local date and time that stands in LINE up to START."""
    return start == DATED and line[10:11] == b" "


def _date(word: bytes) -> int | None:
    """The time that WORD is: 2026-11-21_04:48:00.12345, in UTC; with T also with a Z behind."""
    stamp, point, part = word.removesuffix(b"Z").partition(b".")
    fields = [stamp[:4], stamp[5:7], stamp[8:10], stamp[11:13], stamp[14:16], stamp[17:]]
    if not all(field.isdigit() for field in fields) or (point and not part.isdigit()):
        return None
    year, month, day, hour, minute, second = map(int, fields)
    # Years are counted from March on, so that the day that some lack is their last.
    years = year - (month < 3)
    days = 365 * years + years // 4 - years // 100 + years // 400 - 719468
    days += (153 * ((month - 3) % 12) + 2) // 5 + day - 1
    seconds = days * DAY + hour * 3600 + minute * 60 + second
    return seconds * SECOND + int(part.ljust(9, b"0")[:9] or b"0")


def local(time: int) -> bytes:
    """TIME in the local time zone, to the microsecond, with the offset that holds then."""
    seconds, rest = divmod(time, SECOND)
    try:
        parts = localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return b"%d" % seconds
    zone = strftime("%z", parts)
    text = f"{strftime('%Y-%m-%d %H:%M:%S', parts)}.{rest // 1000:06d}{zone[:3]}:{zone[3:]}"
    return text.encode()


def in_local(line: bytes) -> bytes:
    """LINE with the time that it begins with as local() has it, if it begins with one."""
    time, start = stamped(line)
    return local(time) + b" " + line[start:] if start and time is not None else line


def local_date(text: str) -> int | None:
    """The time that TEXT is: 2026-11-21[ 04:48[:00]]."""
    date, _, clock = text.partition(" ")
    day = day_of(date)
    return at(*day, clock) if day else None


def day_of(text: str) -> tuple[int, int, int] | None:
    """The year, month and day that TEXT is, if there is such a day."""
    fields = text.split("-")
    if len(fields) != 3 or not all(field.isdecimal() for field in fields):
        return None
    year, month, day = map(int, fields)
    if not (1 <= month <= 12 and 1 <= day <= DAYS[month - 1]):
        return None
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return None if (month, day) == (2, 29) and not leap else (year, month, day)


def at(year: int, month: int, day: int, clock: str) -> int | None:
    """The time of a local DAY, which may be 0 for the last of the month before, at a CLOCK of
    09:00[:00], or nothing for its beginning.
    """
    hours = clock.split(":") if clock else ["0", "0"]
    if len(hours) not in (2, 3) or not all(field.isdecimal() for field in hours):
        return None
    hour, minute, second = [*map(int, hours), 0][:3]
    if not (hour < 24 and minute < 60 and second < 61):
        return None
    try:
        return int(mktime((year, month, day, hour, minute, second, 0, 0, -1))) * SECOND
    except (OverflowError, ValueError):
        return None
