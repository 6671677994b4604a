"""What a message looks like on its way: RFC 3164, RFC 5424. Pure functions of the time.

A message is a priority, what all messages of that moment have in common, and a text.
"""

import time

from .levels import DEBUG
from .pieces import behind_data, fitted, halves, with_data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .batch import Batch

    Texts = tuple[bytes, list[int], list[bytes]]

STAMP = 15  # bytes of a time in RFC 3164
NIL = b"-"  # RFC 5424 has it where there is nothing
FACILITIES = {
    name: number << 3
    for number, name in enumerate(
        b"kern user mail daemon auth syslog lpr news uucp cron authpriv ftp".split()
    )
} | {b"local%d" % i: (16 + i) << 3 for i in range(8)}


class Origin:
    """Who logs: the IDENT, the FACILITY (times 8), the PID if it shall be told, the HOST.

    FIELDS are those that the command line adds to every message.
    """

    __slots__ = ("facility", "fields", "host", "ident", "pid")

    def __init__(
        self,
        ident: bytes,
        facility: int,
        pid: int | None,
        host: bytes,
        fields: dict[str, str] | None = None,
    ) -> None:
        self.ident = ident
        self.facility = facility
        self.pid = pid
        self.host = host
        self.fields = fields or {}

    @property
    def priority(self) -> int:
        """How many bytes the priority of a message has, at the most."""
        return len(b"<%d>" % (self.facility | DEBUG))

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


class Rfc3164:
    """Messages of RFC 3164 from ORIGIN, with its HOST or without; a line is sent as it is."""

    def __init__(self, origin: Origin, *, host: bool) -> None:
        self._priority = origin.priority
        # Without its domain, says the RFC.
        name = word(origin.host.partition(b".")[0], 255) + b" " if host else b""
        self._end = b" " + name + origin.tag
        self._made = -1, b""  # a second, and what stands between priority and text then

    def of(self, batch: "Batch", nanoseconds: int, most: int) -> "Texts":
        """BATCH at that time, in messages of at MOST so many bytes: what stands between the
        priority and the texts, the level of each text, and the texts.
        """
        second, rest = self._made
        if second != nanoseconds // 10**9:
            rest = stamp_3164(nanoseconds) + self._end
            self._made = nanoseconds // 10**9, rest
        return rest, *fitted(batch, most - self._priority - len(rest))

    def smaller(self, message: bytes) -> list[bytes] | None:
        """MESSAGE in two, for a socket that takes less; None if it cannot be cut."""
        at = message.index(b">") + 1 + STAMP + len(self._end)
        return halves(message[:at], message[at:], message[:at])


class Rfc5424:
    """Messages of RFC 5424 from ORIGIN. Fields of a line are structured data."""

    def __init__(self, origin: Origin) -> None:
        pid = NIL if origin.pid is None else b"%d" % origin.pid
        words = word(origin.host, 255), word(origin.ident, 48), pid, NIL
        self._priority = origin.priority
        self._fields = origin.fields
        self._end = b" " + b" ".join(words) + b" "
        self._data = NIL + b" "
        if origin.fields:
            from .emit import element

            self._data = element(origin.fields) + b" "

    def of(self, batch: "Batch", nanoseconds: int, most: int) -> "Texts":
        """As that of Rfc3164. The data stand before each text, or where all have the same in
        what all have in common.
        """
        rest = b"1 " + stamp_5424(nanoseconds) + self._end
        if not batch.records:
            rest += self._data
            return rest, *fitted(batch, most - self._priority - len(rest))
        return rest, *with_data(batch, self._data, self._fields, most - self._priority - len(rest))

    def smaller(self, message: bytes) -> list[bytes] | None:
        """MESSAGE in two, for a socket that takes less; None if it cannot be cut.

        The first has the data.
        """
        at = message.index(b" ", message.index(b" ") + 1) + len(self._end)
        text = at + behind_data(message[at:])
        return halves(message[:text], message[text:], message[:at] + self._data)
