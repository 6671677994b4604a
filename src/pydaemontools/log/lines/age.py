"""When a log file is old: at round times of the local clock, so that a day's lines are together."""

import time

DAY = 86400
UNITS = {b"s": 1, b"m": 60, b"h": 3600, b"d": DAY}


def seconds(text: bytes) -> int:
    """The seconds that TEXT says: a number and s, m, h or d; 0 if it says none."""
    number, unit = text[:-1], UNITS.get(text[-1:], 0)
    return int(number) * unit if number.isdigit() and len(number) < 7 else 0


def turns(now: float, age: int) -> tuple[float, float]:
    """The last time up to NOW at which files of AGE seconds are closed, and the next one.

    From midnight on in steps of AGE; what is a day or more, at midnight.
    """
    local = time.localtime(now)
    days = age // DAY
    date = local.tm_year, local.tm_mon, local.tm_mday
    midnight = _midnight(*date)
    if days:
        # Counted from a fixed day, so that it is the same after a restart.
        # With DST a midnight is an hour off a whole number of them.
        since = round((midnight - time.timezone) / DAY) % days
        return _midnight(*date, -since), _midnight(*date, days - since)
    last = midnight + (now - midnight) // age * age
    return last, min(last + age, _midnight(*date, 1))


def _midnight(year: int, month: int, day: int, later: int = 0) -> float:
    """Midnight of that day, or of one that is LATER by so many days, DST or not."""
    return time.mktime((year, month, day + later, 0, 0, 0, 0, 0, -1))
