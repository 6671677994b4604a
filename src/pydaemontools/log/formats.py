"""What a message looks like on its way: RFC 3164, RFC 5424, JSON. Pure functions of the time.

A message is a priority, what all messages of that moment have in common, and the line.
"""

import time

from .levels import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Rest = Callable[[int], bytes]

NIL = b"-"  # RFC 5424 has it where there is nothing
NO_DATA = b"-"  # structured data: none yet
FACILITIES = {
    name: number << 3
    for number, name in enumerate(
        b"kern user mail daemon auth syslog lpr news uucp cron authpriv ftp".split()
    )
} | {b"local%d" % i: (16 + i) << 3 for i in range(8)}


class Origin:
    """Who logs: the IDENT, the FACILITY (times 8), the PID if it shall be told, the HOST."""

    __slots__ = ("facility", "host", "ident", "pid")

    def __init__(self, ident: bytes, facility: int, pid: int | None, host: bytes) -> None:
        self.ident = ident
        self.facility = facility
        self.pid = pid
        self.host = host

    @property
    def tag(self) -> bytes:
        """What stands before the text in RFC 3164."""
        return self.ident + (b": " if self.pid is None else b"[%d]: " % self.pid)


def stamp_3164(nanoseconds: int) -> bytes:
    """The local time as RFC 3164 has it: the day padded with a blank, the month in English."""
    local = time.localtime(nanoseconds // 10**9)
    return time.strftime("%b %e %H:%M:%S", local).encode()


def stamp_5424(nanoseconds: int) -> bytes:
    """The local time as RFC 3339 has it, with microseconds and the way to UTC."""
    seconds, part = divmod(nanoseconds, 10**9)
    local = time.localtime(seconds)
    minutes = local.tm_gmtoff // 60
    sign = b"-" if minutes < 0 else b"+"
    text = time.strftime("%Y-%m-%dT%H:%M:%S", local).encode()
    return b"%b.%06d%b%02d:%02d" % (text, part // 1000, sign, *divmod(abs(minutes), 60))


def word(text: bytes, longest: int) -> bytes:
    """TEXT as a field of RFC 5424: visible ASCII of at most LONGEST bytes, or -."""
    return bytes(byte if 32 < byte < 127 else 0x5F for byte in text[:longest]) or NIL


def rest_3164(origin: Origin, *, host: bool) -> "Rest":
    """A function of the time: what follows the priority in RFC 3164, the HOST or not."""
    # Without its domain, says the RFC.
    name = word(origin.host.partition(b".")[0], 255) + b" " if host else b""
    end = b" " + name + origin.tag
    return lambda nanoseconds: stamp_3164(nanoseconds) + end


def rest_5424(origin: Origin) -> "Rest":
    """A function of the time: what follows the priority in RFC 5424."""
    pid = NIL if origin.pid is None else b"%d" % origin.pid
    words = (word(origin.host, 255), word(origin.ident, 48), pid, NIL, NO_DATA)
    end = b" " + b" ".join(words) + b" "
    return lambda nanoseconds: b"1 " + stamp_5424(nanoseconds) + end


def objects(
    origin: Origin, nanoseconds: int, levels: "Iterable[int]", lines: "Iterable[bytes]"
) -> list[bytes]:
    """A JSON object for each of LINES. A byte that is no UTF-8 is told as its number."""
    from _json import encode_basestring as quoted

    facility = next(name for name, number in FACILITIES.items() if number == origin.facility)
    fields = {"facility": facility, "host": origin.host, "ident": origin.ident}
    rest = "".join(f',"{key}":{quoted(_text(value))}' for key, value in fields.items())
    if origin.pid is not None:
        rest += f',"pid":{origin.pid}'
    start = f'{{"time":"{stamp_5424(nanoseconds).decode()}","level":"'
    heads = [f'{start}{name}"{rest},"message":' for name in SEVERITIES]
    return [
        (heads[level] + quoted(_text(line)) + "}").encode()
        for level, line in zip(levels, lines, strict=True)
    ]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
