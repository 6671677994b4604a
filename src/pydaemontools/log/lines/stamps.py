"""What may stand before a line: the time, as one of three kinds of text and a blank."""

import time

from ...base import tai64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def utc() -> bytes:
    """ISO 8601, UTC: 2026-11-21T13:45:59.123456Z."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return b"%b.%06dZ " % (when.encode(), nanoseconds // 1000)


def local() -> bytes:
    """Local time, as tai64nlocal writes it: 2026-11-21 14:45:59.123456789."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    return b"%b.%09d " % (when.encode(), nanoseconds)


# By the letter of the action that asks for it: what makes it, and how long it is.
KINDS: "dict[bytes, tuple[Callable[[], bytes], int]]" = {
    b"t": (tai64.label, tai64.LABEL),
    b"T": (utc, len("2026-11-21T13:45:59.123456Z ")),
    b"d": (local, len("2026-11-21 14:45:59.123456789 ")),
}
LONGEST = max(length for _, length in KINDS.values())
