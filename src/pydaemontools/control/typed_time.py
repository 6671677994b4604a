"""What a person types, or pastes, for a time."""

import re
from time import localtime

from .when import DAY, LABEL, SECOND, at, day_of, label

LONGEST = 40  # characters of a time that somebody types
SPANS = {
    word: seconds
    for words, seconds in (
        ("s sec secs second seconds", 1),
        ("m min mins minute minutes", 60),
        ("h hour hours", 3600),
        ("d day days", DAY),
        ("w week weeks", 7 * DAY),
    )
    for word in words.split()
}
SHIFTS = -3600, -1800, 0, 1800, 3600  # seconds by which clocks are set back, or not
WORDS = {"today": 0, "yesterday": 1}  # how many days ago
SPAN = re.compile(r"\s*(\d{1,9})\s*([a-z]+)")
# As a log has it, and as we show it: what may stand behind the minute.
CLOCK = re.compile(r"(\d\d?:\d\d(?::\d\d)?)(?:[.,](\d{1,9})\d*)?\s*(z|utc|[+-]\d\d:?\d\d)?")
UNIX = re.compile(r"@(\d{1,11})(?:\.(\d{1,9}))?")


def moment(text: str, now: int, *, late: bool = False) -> int | None:
    """The time that TEXT means: how long before NOW (10m, 1h30m, 2 hours ago), now, today or
    yesterday [09:00], the last time that it was 09:00[:00], 2026-11-21[ 04:48[:00.5][+01:00]],
    local without an offset, @ and seconds of Unix time, or a TAI64N label. Where clocks were set
    back, and it was that time twice, it is the first, or with LATE the second.
    """
    if len(text) > LONGEST:
        return None
    text = text.strip().lower()
    if text == "now":
        return now
    if found := UNIX.fullmatch(text):
        return int(found[1]) * SECOND + _part(found[2])
    if text[:1] == "@":
        # As files are called, too.
        return label(text.encode("utf-8", "replace")[:LABEL])
    span = _span(text.removeprefix("-").removesuffix("ago"))
    return now - span * SECOND if span is not None else _date(text, now, late=late)


def _span(text: str) -> int | None:
    """How many seconds TEXT is: 1h 30m; None if it is no such thing."""
    seconds, end = 0, 0
    while found := SPAN.match(text, end):
        if found[2] not in SPANS:
            return None
        seconds += int(found[1]) * SPANS[found[2]]
        end = found.end()
    return seconds if end and not text[end:].strip() else None


def _date(text: str, now: int, *, late: bool) -> int | None:
    """The time that TEXT is, a day, a time of the day, or both."""
    today = localtime(now // SECOND)[:3]
    if text[10:11] == "t":
        text = text[:10] + " " + text[11:]
    word, _, clock = text.partition(" ")
    if word in WORDS:
        day: tuple[int, int, int] | None = (*today[:2], today[2] - WORDS[word])
    elif word[:3].find(":") > 0:
        found = _at(today, text, late=late)
        yesterday = *today[:2], today[2] - 1
        return found if found is None or found <= now else _at(yesterday, text, late=late)
    else:
        day = day_of(word)
    return None if day is None else _at(day, clock.strip(), late=late)


def _at(day: tuple[int, int, int], clock: str, *, late: bool) -> int | None:
    """The time of a DAY at a CLOCK, which may be empty, and may have an offset from UTC."""
    if not clock:
        return _local(day, "0:00", late=late)
    found = CLOCK.fullmatch(clock)
    if not found:
        return None
    if not (offset := found[3]):
        time = _local(day, found[1], late=late)
        return None if time is None else time + _part(found[2])
    from calendar import timegm

    hours, minutes, seconds = [*map(int, found[1].split(":")), 0][:3]
    if not (hours < 24 and minutes < 60 and seconds < 61):
        return None
    east = 0
    if offset[0] in "+-":
        east = (int(offset[1:3]) * 60 + int(offset[-2:])) * (60 if offset[0] == "+" else -60)
    # A day that is 0 is the last of the month before.
    midnight = timegm((*day[:2], 1, 0, 0, 0)) + (day[2] - 1) * DAY
    time = midnight + hours * 3600 + minutes * 60 + seconds - east
    return time * SECOND + _part(found[2])


def _local(day: tuple[int, int, int], clock: str, *, late: bool) -> int | None:
    """The time of a DAY at a CLOCK of this place; of two, the first or the LATE one."""
    time = at(*day, clock)
    if time is None:
        return None
    shown = [int(field) for field in clock.split(":")[:2]]
    near = [time + shift * SECOND for shift in SHIFTS]
    try:
        same = [one for one in near if list(localtime(one // SECOND)[3:5]) == shown]
    except (OverflowError, ValueError, OSError):
        # At the end of time.
        return time
    # None is where clocks were set on, over this time.
    return (max if late else min)(same, default=time)


def _part(digits: str | None) -> int:
    """The nanoseconds that DIGITS behind a point are."""
    return int((digits or "").ljust(9, "0"))
