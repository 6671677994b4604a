"""Syslog over UDP (RFC 5426): a datagram a line, and nobody says whether it arrived.

Only where the other machine refuses is the server known to be away; then it is waited for as
a socket of this machine would be.
"""

import time
from _socket import SO_SNDTIMEO, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET, socket

from ..batch import Batch
from ..wire.formats import Rfc3164, Rfc5424
from .lookup import Lookup
from .retry import reason
from .syslog import STALL, Syslog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..places import Place
    from ..wire.formats import Origin

# Bytes of a message. More than a packet of Ethernet holds is sent in parts, and is lost if
# one of them is.
DATAGRAM = 1400
LOOK = 0.01  # seconds until we look whether the name server has answered


class Udp(Syslog):
    """The server at PLACE; lines go there from ORIGIN."""

    most = DATAGRAM

    def __init__(self, place: "Place", origin: "Origin") -> None:
        super().__init__(b"", origin)
        self.path = place.text
        self._form = Rfc5424(origin) if place.format == b"5424" else Rfc3164(origin, host=True)
        self._place = place
        self._lookup: Lookup | None = None

    def _packets(self, batch: Batch) -> list[bytes]:
        """The messages that BATCH is."""
        if self._place.format != b"json":
            return super()._packets(batch)
        from ..fields.entries import objects

        return objects(batch, self.origin, time.time_ns(), self.most)

    def _connect(self) -> bool:
        self._lookup = self._lookup or Lookup(self._place.host, self._place.port, SOCK_DGRAM)
        made = None
        try:
            found = self._lookup.take()
            if found is None:
                self._retry_at = time.monotonic() + LOOK
                return False
            self._lookup = None
            family, address = found[0]
            made = socket(family, SOCK_DGRAM | SOCK_CLOEXEC)
            made.setsockopt(SOL_SOCKET, SO_SNDTIMEO, STALL)
            made.connect(address)
        except OSError as error:
            self._lookup = None
            if made:
                made.close()
            self._away(error)
            return False
        self._socket = made
        return True

    def _why(self, error: OSError) -> bytes:
        return reason(error)
