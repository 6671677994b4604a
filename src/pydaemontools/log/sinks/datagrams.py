"""A socket that takes datagrams: what is sent there, and held while nobody listens.

A socket that is not there, or whose server went away, is waited for; what comes meanwhile
is held in memory, and how much the router lets it hold is the router's business. A server
that is merely slow makes send() block, and so the daemon wait.
"""

import time
from _operator import length_hint
from _socket import SO_SNDTIMEO, SOL_SOCKET, socket
from _struct import pack
from collections import deque
from errno import EAGAIN, EINTR, EMSGSIZE, ENAMETOOLONG, ENOBUFS

from ...base.errors import error_str
from ...base.retry import Retry
from ...base.warn_once import WarnOnce
from ..pipe import background
from ..pipe.sink import Sink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.batch import Batch
    from .unacked_udp import UnackedUdp
    from .unacked_unix import UnackedUnix

STALL = pack("ll", 1, 0)  # struct timeval: send() gives up after a second
HURRY = pack("ll", 0, 1)  # and at once, where other pumps wait for us
PATH = 107  # bytes that the name of a socket may have
AGAIN = 0.1  # seconds until a socket that had no room is tried again


class Datagrams(Sink):
    """The socket that messages call PATH. RETRY says when it is tried again, UNACKED what its
    server may not have.

    A subclass says what is sent there, and how it is reached.
    """

    held = 0
    stalled = False

    def __init__(self, path: bytes, retry: Retry, unacked: "UnackedUnix | UnackedUdp") -> None:
        super().__init__(path)
        self._retry = retry
        self._unacked = unacked
        self._queue: deque[bytes] = deque()
        self._socket: socket | None = None
        self._retry_at = 0.0
        self._lost = 0
        self._dropping = WarnOnce(b"pysissylog")

    def send(self, batch: "Batch") -> None:
        """Send BATCH, or hold what cannot be sent now."""
        packets = self._packets(batch)
        if self._queue or not packets:
            self._hold(packets)
            self.flush()
        elif left := self._send(packets):
            self._hold(left)

    def flush(self) -> None:
        """Try again to send what is held."""
        if self._queue:
            if time.monotonic() >= self._retry_at:
                packets = list(self._queue)
                self._queue.clear()
                self.held = 0
                self._hold(self._send(packets))
        elif self._socket and self._unacked.wait:
            self._look(self._socket)

    def due(self) -> float | None:
        """In how many seconds a flush makes sense; None if there is nothing to flush."""
        if self._queue:
            return max(0.0, self._retry_at - time.monotonic())
        return self._unacked.wait

    def lost(self) -> int:
        """How many messages nobody has: those that are held, and those that cannot be sent."""
        return self._lost + len(self._queue)

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket:
            self._socket.close()

    # What differs between one kind of server and another.

    def _packets(self, batch: "Batch") -> list[bytes]:
        """The messages that BATCH is."""
        raise NotImplementedError

    def _smaller(self, packet: bytes) -> list[bytes] | None:
        """What to send in the place of PACKET, for which the socket is too small.

        None if it cannot be made smaller. Raises OSError as send() does.
        """
        raise NotImplementedError

    def _open(self) -> socket | None:
        """A socket whose server listens; None if it takes a while. Raises OSError."""
        raise NotImplementedError

    # What is the same.

    def _hold(self, packets: list[bytes]) -> None:
        self._queue += packets
        self.held += sum(map(len, packets))

    def _look(self, server: socket) -> None:
        try:
            self._unacked.look(server)
        except OSError as error:
            self._hold(self._gone(server, error, []))

    def _connect(self) -> bool:
        try:
            self._socket = self._open()
        except OSError as error:
            self._away(error)
        return self._socket is not None

    def _send(self, packets: list[bytes]) -> list[bytes]:
        """Send PACKETS in order; give those that are left."""
        self.stalled = False
        if self._socket is None and not self._connect():
            return packets
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
                self._took(self._socket, packets)
                return []
        return packets

    def _troubled(
        self, server: socket, error: OSError, sent: list[bytes], packets: list[bytes]
    ) -> list[bytes]:
        """What to send next: SERVER took SENT, and met ERROR at the first of PACKETS."""
        if error.errno == EMSGSIZE:
            try:
                smaller = self._smaller(packets[0])
            except OSError as another:
                return self._troubled(server, another, sent, packets)
            self._took(server, sent)
            return (self._dropped() if smaller is None else smaller) + packets[1:]
        if error.errno in (EAGAIN, EINTR, ENOBUFS):
            self._took(server, sent)
            self.stalled = True
            # Some of these come at once, not after a second.
            self._retry_at = time.monotonic() + AGAIN
            return packets
        return self._gone(server, error, sent) + packets

    def _dropped(self) -> list[bytes]:
        """Count a message that cannot be sent. What is left of it: nothing."""
        why = self.path + b": " + error_str(OSError(EMSGSIZE, ""))
        self._dropping.warn(b"unable to send to " + why + b"; dropping it")
        self._lost += 1
        return []

    def _took(self, server: socket, packets: list[bytes]) -> None:
        """SERVER took PACKETS."""
        self._unacked.sent(server, packets)
        if packets and self._retry.trying:
            self._worked(len(packets))

    def _gone(self, server: socket, error: OSError, sent: list[bytes]) -> list[bytes]:
        """SERVER, which took SENT, is no more, as ERROR says: what has to be sent again."""
        if sent:
            self._worked(len(sent))
        again = self._unacked.gone(server, sent)
        server.close()
        self._socket = None
        self._away(error)
        return again

    def _worked(self, count: int) -> None:  # noqa: ARG002 - a stream's is another matter
        """The server took COUNT messages."""
        self._retry.worked()

    def _away(self, error: OSError) -> None:
        """The server cannot be reached, as ERROR says."""
        self._retry.failed(error)
        self._retry_at = time.monotonic() + self._retry.rest


def named(path: bytes) -> bytes:
    """PATH, if a socket can have that name. Raises OSError if none can."""
    if len(path) > PATH:
        raise OSError(ENAMETOOLONG, "")
    return path


def reached(made: socket, address: "bytes | tuple[object, ...]") -> socket:
    """MADE, connected to ADDRESS; its send() waits, but not for ever. Raises OSError."""
    try:
        made.setsockopt(SOL_SOCKET, SO_SNDTIMEO, HURRY if background.many else STALL)
        made.connect(address)
    except OSError:
        made.close()
        raise
    return made
