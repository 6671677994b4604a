"""Numbers of seconds that a caller gives: looked at before anything is done, and waited for."""

from select import POLLIN, poll
from time import monotonic

from .failures import OptionError

LONG = 3600.0  # seconds of one wait at most: poll(2) takes no more than 24 days


def is_number(value: object) -> bool:
    """Whether VALUE is a number to reckon with: no nan, no bool, none that is too large."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        number = float(value)
    except OverflowError:
        return False
    return number == number  # noqa: PLR0124 - nan is not


def check_seconds(**options: object) -> None:
    """Raise OptionError for one of OPTIONS that is no number of seconds."""
    for name, value in options.items():
        if not is_number(value) or value < 0:  # type: ignore[operator]
            raise OptionError(f"{name} is a number of seconds, 0 or more, and not {value!r}")


def readable(fd: int, seconds: float | None) -> bool:
    """Wait until FD is readable, SECONDS at most, for good if None; whether it is."""
    waiter = poll()
    waiter.register(fd, POLLIN)
    end = float("inf") if seconds is None else monotonic() + seconds
    while True:
        rest = end - monotonic()
        if waiter.poll(max(0.0, min(rest, LONG)) * 1000):
            return True
        if not rest > 0:
            return False
