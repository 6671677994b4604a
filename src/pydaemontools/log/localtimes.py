"""The local time of seconds, as text, for many of them."""

from time import localtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

QUARTER = 900
MANY = 2048  # seconds whose text is remembered: few, so that malloc keeps their memory
TWO_DIGITS = [b"%02d" % number for number in range(60)]
POINTED = [b":" + second + b"." for second in TWO_DIGITS]
# What stands behind the hour, for each second of it.
IN_HOUR = dict(enumerate([minute + second for minute in TWO_DIGITS for second in POINTED]))
NEVER = b"", -(1 << 70)  # no second of our time is in that hour


class LocalTimes(dict[int, bytes]):
    """The local time of each second, and a point. Keys are the label's, - 2^62.

    The system is asked once for each quarter of an hour, if time in it goes as it mostly
    does; else (another offset begins, or it is no multiple of 15 minutes) for each second.
    """

    def __init__(self) -> None:
        self._quarters: dict[int, tuple[bytes, int] | None] = {}
        self._hour = NEVER

    def of(self, keys: list[int]) -> "tuple[bytes, Iterable[bytes]]":
        """What all texts of KEYS begin with, and how each of them goes on."""
        hour, start = self._hour
        if keys[0] - start not in IN_HOUR:
            hour, start = self._hour = self._whole(keys[0])
        try:
            return hour, [IN_HOUR[key - start] for key in keys]
        except KeyError:
            return b"", map(self.__getitem__, keys)

    def __missing__(self, key: int) -> bytes:
        if found := self._quarter(key):
            hour, start = found
            return hour + IN_HOUR[key - start]
        if len(self) > MANY:
            self.clear()
        self[key] = text = exact(key - 10)
        return text

    def _quarter(self, key: int) -> tuple[bytes, int] | None:
        """Up to the hour, the text of KEY, and the key of that hour's start; None if irregular."""
        quarter = (key - 10) // QUARTER
        if quarter in self._quarters:
            return self._quarters[quarter]
        if len(self._quarters) > MANY:
            self._quarters.clear()
        self._quarters[quarter] = found = regular(quarter * QUARTER)
        return found

    def _whole(self, key: int) -> tuple[bytes, int]:
        """The same, if it holds for all quarters of that hour; NEVER if not."""
        found = self._quarter(key)
        if found and all(self._quarter(found[1] + at) == found for at in range(0, 3600, QUARTER)):
            return found
        return NEVER


def exact(second: int) -> bytes:
    """The text of one SECOND of Unix time. Raises OverflowError or OSError without a year."""
    now = localtime(second)
    # djb has the year in an int, and prints it as what an unsigned long makes of that.
    year = ((now[0] + 2**31) % 2**32 - 2**31) % 2**64
    date = b"%d-%02d-%02d %02d" % (year, *now[1:4])
    return date + b":%02d:%02d." % now[4:6]


def regular(start: int) -> tuple[bytes, int] | None:
    """Up to which hour the texts of the quarter at START are equal, and the key of its start.

    None if it is not within one hour, or does not go from second to second.
    """
    try:
        first, last = exact(start), exact(start + QUARTER - 1)
    except (OverflowError, OSError):
        return None
    hour, minute = first[:-6], int(first[-6:-4])
    if first[-3:] != b"00." or last != hour + b"%02d:59." % (minute + 14):
        return None
    return hour, start + 10 - 60 * minute
