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
from ..utf8 import split
from ..wire.formats import Origin, Rfc3164, Rfc5424
from .unread import Unread

DATAGRAM = 8096  # bytes: what rsyslog takes for one message if nobody tells it otherwise
STALL = pack("ll", 1, 0)  # struct timeval: send() gives up after a second
PATH = 107  # bytes that the name of a socket may have
RETRY = 0.1, 1.0  # seconds between two looks for a socket that is away: first, longest


class Syslog:
    """The socket PATH; messages of the format FORM get there from ORIGIN.

    Raises OSError if there can be no such socket.
    """

    most = DATAGRAM  # bytes of a message

    def __init__(self, path: bytes, origin: Origin, form: bytes = b"3164") -> None:
        if len(path) > PATH:
            raise OSError(ENAMETOOLONG, "")
        self.path = path
        self.origin = origin
        self._form = Rfc5424(origin) if form == b"5424" else Rfc3164(origin, host=False)
        self.held = 0
        self.stalled = False
        self._queue: deque[bytes] = deque()
        self._socket: socket | None = None
        self._unread = Unread()
        self._end = b""  # a stream socket wants each message closed with a NUL
        self._retry_at = 0.0
        self._retry = RETRY[0]
        self._told = False
        self._rest = b""
        self._heads: list[bytes] = []

    def put(self, batch: Batch) -> None:
        """Send BATCH, or hold what cannot be sent now."""
        packets = self._packets(batch)
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

    def _packets(self, batch: Batch) -> list[bytes]:
        """The messages that BATCH is."""
        rest, levels, texts = self._form.of(batch, time.time_ns(), self.most)
        if rest != self._rest:
            self._rest = rest
            self._heads = [b"<%d>" % (self.origin.facility | i) + rest for i in range(8)]
        return list(map(add, map(self._heads.__getitem__, levels), texts))

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
        too_long = error.errno == EMSGSIZE and self._may_shrink(packets[0])
        if too_long or error.errno in (EAGAIN, EINTR, ENOBUFS):
            self._unread.sent(server, sent)
            self.stalled = not too_long
            # Some of these come at once, not after a second.
            self._retry_at = time.monotonic() + RETRY[0]
            return [*self._shrunk(packets[0]), *packets[1:]] if too_long else packets
        packets = self._unread.gone(server, sent) + packets
        server.close()
        self._socket = None
        self._retry = RETRY[0]
        self._away(error)
        return packets

    def _may_shrink(self, packet: bytes) -> bool:
        """Whether PACKET, which the socket does not take, can become less."""
        return len(packet) > 2 * len(self._heads[0])

    def _shrunk(self, packet: bytes) -> list[bytes]:
        """PACKET in two, for a socket that takes less than we thought."""
        head = next(head for head in self._heads if packet.startswith(head[:4]))
        text = packet[len(head) :]
        first, *rest = split(text, len(text) // 2 + 1)
        # Its own head, whose time stamp is older.
        return [packet[: len(head)] + first, *(head + b"+" + piece for piece in rest)]

    def _away(self, error: OSError) -> None:
        self._retry_at = time.monotonic() + self._retry
        self._retry = min(self._retry * 2, RETRY[1])
        if not self._told:
            self._told = True
            say(
                b"pysissylog: warning: unable to reach " + self.path + b": " + self._why(error)
                + b"; waiting for it"
            )  # fmt: skip

    def _why(self, error: OSError) -> bytes:
        return words(error)

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
