"""Syslog over UDP (RFC 5426): a datagram a line, and nobody says whether it arrived.

Only where the other machine refuses is the server known to be away; then it is waited for as
a socket of this machine would be.
"""

import time
from _socket import SOCK_CLOEXEC, SOCK_DGRAM, socket
from errno import EAGAIN, EMSGSIZE

from .datagrams import Datagrams, reached
from .lookup import Lookup
from .messages import Messages, Objects
from .retry import Retry
from .unread import Unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..batch import Batch
    from ..places import Place
    from ..wire.formats import Origin

# Bytes of a message. More than a packet of Ethernet holds is sent in parts, and is lost if
# one of them is.
DATAGRAM = 1400
LOOK = 0.01  # seconds until we look whether the name server has answered


class Udp(Datagrams):
    """The server at PLACE; lines go there from ORIGIN."""

    def __init__(self, place: "Place", origin: "Origin") -> None:
        super().__init__(place.text, Retry(place.text), Unread())
        self._messages: Messages | Objects = Objects(origin, DATAGRAM)
        if place.format != b"json":
            self._messages = Messages(origin, place.format, DATAGRAM, host=True)
        self._place = place
        self._lookup: Lookup | None = None

    def _packets(self, batch: "Batch") -> list[bytes]:
        """The messages that BATCH is."""
        return self._messages.of(batch)

    def _smaller(self, packet: bytes) -> list[bytes] | None:
        """What of PACKET, of which no datagram has room, may be sent in its place."""
        return self._messages.smaller(packet)

    def _troubled(
        self, server: socket, error: OSError, sent: list[bytes], packets: list[bytes]
    ) -> list[bytes]:
        """What to send next: SERVER took SENT, and met ERROR at the first of PACKETS."""
        if error.errno == EMSGSIZE and len(packets[0]) <= DATAGRAM:
            # It is told of another one, which some network on the way did not take.
            error = OSError(EAGAIN, "")
        return super()._troubled(server, error, sent, packets)

    def _open(self) -> socket | None:
        """A socket for the first address; None while nobody knows it."""
        lookup = self._lookup or Lookup(self._place.host, self._place.port, SOCK_DGRAM)
        self._lookup = None
        found = lookup.take()
        if found is None:
            self._lookup = lookup
            self._retry_at = time.monotonic() + LOOK
            return None
        family, address = found[0]
        return reached(socket(family, SOCK_DGRAM | SOCK_CLOEXEC), address)
