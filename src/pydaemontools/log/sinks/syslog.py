"""A syslog socket, as syslog(3) speaks to it: a datagram a line (RFC 3164's form).

A socket that is not there, or whose server went away, is waited for; what comes meanwhile
is held in memory, and how much the router lets it hold is the router's business. A server
that is merely slow makes send() block, and so the daemon wait.
"""

import time
from _operator import add, length_hint
from _socket import AF_UNIX, SO_SNDTIMEO, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET, socket
from _struct import pack
from collections import deque
from errno import EAGAIN, EINTR, EMSGSIZE, ENAMETOOLONG, ENOBUFS, EPROTOTYPE

from ...chain.cli import say
from ...chain.errors import words
from ..batch import Batch
from ..levels import DEBUG
from ..utf8 import split
from .unread import Unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

DATAGRAM = 8096  # bytes: what rsyslog takes for one message if nobody tells it otherwise
STALL = pack("ll", 1, 0)  # struct timeval: send() gives up after a second
PATH = 107  # bytes that the name of a socket may have
ROOM = 1000  # bytes of a line in each message, at the least, however long its head is
RETRY = 0.1, 1.0  # seconds between two looks for a socket that is away: first, longest
FACILITIES = {
    name: number << 3
    for number, name in enumerate(
        b"kern user mail daemon auth syslog lpr news uucp cron authpriv ftp".split()
    )
} | {b"local%d" % i: (16 + i) << 3 for i in range(8)}


class Syslog:
    """The socket PATH; lines go there from IDENT (with [PID] if there is one) under FACILITY.

    Raises OSError if there can be no such socket.
    """

    def __init__(self, path: bytes, ident: bytes, facility: int, pid: int | None = None) -> None:
        if len(path) > PATH:
            raise OSError(ENAMETOOLONG, "")
        self.path = path
        self.tag = ident + (b": " if pid is None else b"[%d]: " % pid)
        self.facility = facility
        self.held = 0
        self.stalled = False
        self._queue: deque[bytes] = deque()
        self._socket: socket | None = None
        self._unread = Unread()
        self._end = b""  # a stream socket wants each message closed with a NUL
        self._retry_at = 0.0
        self._retry = RETRY[0]
        self._told = False
        self._second = -1
        self._heads: list[bytes] = []

    def put(self, batch: Batch) -> None:
        """Send BATCH, or hold what cannot be sent now."""
        heads = self._head()
        if batch.continued or max(map(len, batch.lines), default=0) > DATAGRAM - len(heads[DEBUG]):
            packets = list(self._pieces(batch, heads))
        else:
            packets = list(map(add, map(heads.__getitem__, batch.levels), batch.lines))
        if self._queue or not packets:
            self._hold(packets)
            self.flush()
        else:
            self._hold(self._send(packets))

    def flush(self) -> None:
        """Try again to send what is held."""
        if self._queue:
            if time.monotonic() >= self._retry_at:
                packets = list(self._queue)
                self._queue.clear()
                self.held = 0
                self._hold(self._send(packets))
        elif self._socket and self._unread.wait:
            self._unread.look(self._socket)

    def turn(self, *, full: bool = False) -> None:
        """Nothing: there are no files."""

    def due(self) -> float | None:
        """In how many seconds a flush makes sense; None if there is nothing to flush."""
        if self._queue:
            return max(0.0, self._retry_at - time.monotonic())
        return self._unread.wait

    def lost(self) -> int:
        """How many messages are held that nobody has."""
        return len(self._queue)

    def sync(self) -> None:
        """Nothing: what was sent is the server's."""

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket:
            self._socket.close()

    def _hold(self, packets: list[bytes]) -> None:
        self._queue += packets
        self.held += sum(map(len, packets))

    def _head(self) -> list[bytes]:
        """What stands before a message of each severity, this second."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            local = time.localtime(now)
            # The day is padded with a blank, the month never translated.
            stamp = time.strftime("%b %e %H:%M:%S ", local).encode()
            self._heads = [b"<%d>" % (self.facility | i) + stamp + self.tag for i in range(8)]
        return self._heads

    def _pieces(self, batch: Batch, heads: list[bytes]) -> "Iterable[bytes]":
        """Messages for lines that may be too long for one; a piece that goes on begins with +."""
        room = max(DATAGRAM - len(heads[DEBUG]) - 1, ROOM)
        plus = b"+" if batch.continued else b""
        for level, line in zip(batch.levels, batch.lines, strict=True):
            # Nothing may be left of a line that goes on.
            for piece in split(line, room) if line or not plus else []:
                yield heads[level] + plus + piece
                plus = b"+"
            plus = b""

    def _send(self, packets: list[bytes]) -> list[bytes]:
        """Send PACKETS in order; give those that are left."""
        self.stalled = False
        if self._socket is None and not self._connect():
            return packets
        if self._end:
            packets = [packet + self._end for packet in packets]
        left = iter(packets)
        while self._socket and not self.stalled:
            try:
                # A loop in C: nothing but the system call is done for each line.
                deque(map(self._socket.send, left), maxlen=0)
            except OSError as error:
                at = len(packets) - length_hint(left) - 1
                packets = self._troubled(self._socket, error, packets[:at], packets[at:])
                left = iter(packets)
            else:
                self._unread.sent(self._socket, packets)
                self._told = False
                return []
        return [packet.removesuffix(b"\0") for packet in packets] if self._end else packets

    def _troubled(
        self, server: socket, error: OSError, sent: list[bytes], packets: list[bytes]
    ) -> list[bytes]:
        """What to send next: SERVER took SENT, and met ERROR at the first of PACKETS."""
        if sent:
            self._told = False
        too_long = error.errno == EMSGSIZE and len(packets[0]) > 2 * len(self._heads[0])
        if too_long or error.errno in (EAGAIN, EINTR, ENOBUFS):
            self._unread.sent(server, sent)
            self.stalled = not too_long
            # Some of these come at once, not after a second.
            self._retry_at = time.monotonic() + RETRY[0]
            return [*self._halves(packets[0]), *packets[1:]] if too_long else packets
        packets = self._unread.gone(server, sent) + packets
        server.close()
        self._socket = None
        self._retry = RETRY[0]
        self._away(error)
        return packets

    def _halves(self, packet: bytes) -> list[bytes]:
        """PACKET in two, for a socket that takes less than we thought."""
        head = next(head for head in self._heads if packet.startswith(head[:4]))
        start = packet.index(self.tag) + len(self.tag)
        first, *rest = split(packet[start:], (len(packet) - start) // 2 + 1)
        return [packet[:start] + first, *(head + b"+" + piece for piece in rest)]

    def _away(self, error: OSError) -> None:
        self._retry_at = time.monotonic() + self._retry
        self._retry = min(self._retry * 2, RETRY[1])
        if not self._told:
            self._told = True
            say(
                b"pysissylog: warning: unable to reach " + self.path + b": " + words(error)
                + b"; waiting for it"
            )  # fmt: skip

    def _connect(self) -> bool:
        for kind, end in (SOCK_DGRAM, b""), (SOCK_STREAM, b"\0"):
            made = socket(AF_UNIX, kind | SOCK_CLOEXEC)
            try:
                made.setsockopt(SOL_SOCKET, SO_SNDTIMEO, STALL)
                made.connect(self.path)
            except OSError as error:
                made.close()
                if error.errno == EPROTOTYPE and not end:
                    continue
                self._away(error)
                return False
            self._socket, self._end = made, end
            break
        return True
