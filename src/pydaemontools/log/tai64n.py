"""TAI64N labels, as daemontools writes them (https://cr.yp.to/libtai/tai64.html)."""

from time import time_ns

# djb's tools count ten seconds of TAI ahead of Unix time, and no leap seconds after that.
EPOCH = 2**62 + 10


def stamp(now: int | None = None) -> bytes:
    """The label of NOW (nanoseconds of Unix time; the present if None): "@" and 24 hex digits."""
    seconds, nanoseconds = divmod(time_ns() if now is None else now, 1_000_000_000)
    return b"@%016x%08x" % (EPOCH + seconds, nanoseconds)
