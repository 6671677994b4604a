"""TAI64N labels, as daemontools writes them: https://cr.yp.to/libtai/tai64.html."""

from time import time_ns

# djb's tools count ten seconds of TAI ahead of Unix time, and no leap seconds after that.
EPOCH = 2**62 + 10
LABEL = 26  # bytes before a line: a label and a blank


def stamp(now: int | None = None) -> bytes:
    """The label of NOW (nanoseconds of Unix time; the present if None): "@" and 24 hex digits."""
    seconds, nanoseconds = divmod(time_ns() if now is None else now, 1_000_000_000)
    return b"@%016x%08x" % (EPOCH + seconds, nanoseconds)


def after(label: bytes) -> bytes:
    """The label of the nanosecond that follows the one of LABEL."""
    return stamp(unpack(bytes.fromhex(label[1:].decode())) + 1)


def label() -> bytes:
    """What stands before a line that is read now: its label and a blank."""
    seconds, nanoseconds = divmod(time_ns(), 1_000_000_000)
    return b"@%016x%08x " % (EPOCH + seconds, nanoseconds)


def pack(now: int) -> bytes:
    """The label of NOW (nanoseconds of Unix time) in twelve bytes."""
    seconds, nanoseconds = divmod(now, 1_000_000_000)
    return (EPOCH + seconds).to_bytes(8, "big") + nanoseconds.to_bytes(4, "big")


def unpack(label: bytes) -> int:
    """The nanoseconds of Unix time that the twelve bytes of LABEL stand for."""
    seconds = int.from_bytes(label[:8], "big") - EPOCH
    return seconds * 1_000_000_000 + int.from_bytes(label[8:12], "big")
