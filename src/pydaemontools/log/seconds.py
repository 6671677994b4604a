"""The local time of seconds, as text, for many of them."""

from time import localtime

QUARTER = 900
MANY = 2048  # seconds whose text is remembered: few, so that malloc keeps their memory
TWO_DIGITS = [b"%02d" % number for number in range(60)]
POINTED = [b"%02d." % number for number in range(60)]


class Texts(dict[int, bytes]):
    """The local time of each second, and a point. Keys are the label's, - 2^62.

    The system is asked once for each quarter of an hour, if time in it goes as it mostly
    does; else (another offset begins, or it is no multiple of 15 minutes) for each second.
    """

    def __init__(self) -> None:
        self._quarters: dict[int, tuple[bytes, int] | None] = {}
        self._minutes: dict[int, bytes] = {}

    def __missing__(self, key: int) -> bytes:
        minute, second = divmod(key - 10, 60)
        known = self._minutes.get(minute)
        if known:
            # A second one: lines are so dense that others will follow.
            seconds = range(key - second, key - second + 60)
            self.update({key: known + text for key, text in zip(seconds, POINTED, strict=True)})
            return self[key]
        for cache in (self, self._minutes, self._quarters):
            if len(cache) > MANY:
                cache.clear()
        known = self._minute(minute)
        self[key] = text = known + POINTED[second] if known else exact(key - 10)
        return text

    def _minute(self, minute: int) -> bytes:
        """What stands before the seconds in this MINUTE of Unix time; nothing if that differs."""
        quarter = minute // 15
        if quarter not in self._quarters:
            self._quarters[quarter] = regular(quarter * QUARTER)
        found = self._quarters[quarter]
        if not found:
            return b""
        hour, since = found
        self._minutes[minute] = text = hour + TWO_DIGITS[since + minute % 15] + b":"
        return text


def exact(second: int) -> bytes:
    """The text of one SECOND of Unix time. Raises OverflowError or OSError without a year."""
    now = localtime(second)
    # djb has the year in an int, and prints it as what an unsigned long makes of that.
    year = ((now[0] + 2**31) % 2**32 - 2**31) % 2**64
    date = b"%d-%02d-%02d %02d" % (year, *now[1:4])
    return date + b":%02d:%02d." % now[4:6]


def regular(start: int) -> tuple[bytes, int] | None:
    """Up to which hour the texts of the quarter at START are equal, and its first minute.

    None if it is not within one hour, or does not go from second to second.
    """
    try:
        first, last = exact(start), exact(start + QUARTER - 1)
    except (OverflowError, OSError):
        return None
    hour, minute = first[:-6], int(first[-6:-4])
    if first[-3:] != b"00." or last != hour + b"%02d:59." % (minute + 14):
        return None
    return hour, minute
