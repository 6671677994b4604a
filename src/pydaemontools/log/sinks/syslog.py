"""A syslog socket, as syslog(3) speaks to it: a datagram a line (RFC 3164's form)."""

import time
from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_STREAM, socket
from errno import EPROTOTYPE

from ...base.retry import Retry
from .datagrams import Datagrams, named, reached
from .messages import Messages
from .unacked_unix import UnackedUnix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.batch import Batch
    from ..lines.formats import Origin

DATAGRAM = 8096  # bytes: what rsyslog takes for one message if nobody tells it otherwise
NUL = b"\0"
SETTLE = 0.5  # seconds in which a server may close a stream that it has only just got
UNREAD = 416  # messages that a socket holds, of 212992 bytes, at the most


class Syslog(Datagrams):
    """The socket PATH; messages of the format FORM get there from ORIGIN.

    Raises OSError if there can be no such socket.
    """

    def __init__(self, path: bytes, origin: "Origin", form: bytes = b"3164") -> None:
        super().__init__(named(path), Retry(path, far=False), UnackedUnix())
        self._messages = Messages(origin, form, DATAGRAM, host=False)
        self._stream = False  # then each message is closed with a NUL
        self._lasting = 0.0  # from when on what it takes says that somebody reads it

    def _packets(self, batch: "Batch") -> list[bytes]:
        """The messages that BATCH is."""
        return self._messages.of(batch)

    def _smaller(self, packet: bytes) -> list[bytes] | None:
        """PACKET in two, for a socket that takes less than we thought."""
        return self._messages.smaller(packet)

    def _open(self) -> socket:
        """A socket of the kind that the server has."""
        self._stream = False
        try:
            return reached(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC), self.path)
        except OSError as error:
            if error.errno != EPROTOTYPE:
                raise
        self._stream = True
        self._lasting = time.monotonic() + SETTLE
        return reached(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC), self.path)

    def _send(self, packets: list[bytes]) -> list[bytes]:
        """Send PACKETS in order; give those that are left."""
        if self._socket is None and not self._connect():
            return packets
        if not self._stream:
            return super()._send(packets)
        left = super()._send([packet + NUL for packet in packets])
        return [packet.removesuffix(NUL) for packet in left]

    def _worked(self, count: int) -> None:
        """The server took COUNT messages: of a stream the system, as far as it has room for them,
        before anybody has accepted it.
        """
        if not self._stream or count > UNREAD or time.monotonic() >= self._lasting:
            super()._worked(count)
