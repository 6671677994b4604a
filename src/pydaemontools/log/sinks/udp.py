"""Syslog over UDP (RFC 5426): a datagram a line, and nobody says whether it arrived.

Only where the other machine refuses is the server known to be away; then it is waited for as
a socket of this machine would be.
"""

import time
from _operator import add
from _socket import SO_SNDTIMEO, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET, socket

from ..batch import Batch
from ..formats import objects, rest_3164, rest_5424
from ..levels import DEBUG
from ..pieces import fitted
from .lookup import Lookup
from .retry import reason
from .syslog import STALL, Syslog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..formats import Origin, Rest
    from ..places import Place

# Bytes of a message. More than a packet of Ethernet holds is sent in parts, and is lost if
# one of them is.
DATAGRAM = 1400
LINE = 1100  # bytes of a line in a JSON object, at the most
LOOK = 0.01  # seconds until we look whether the name server has answered


class Udp(Syslog):
    """The server at PLACE; lines go there from ORIGIN."""

    most = DATAGRAM

    def __init__(self, place: "Place", origin: "Origin") -> None:
        super().__init__(b"", origin.ident, origin.facility, origin.pid, place.format)
        self.path = place.text
        self.origin = origin
        self._rest = self._after(place.format)
        self._place = place
        self._lookup: Lookup | None = None

    def _after(self, form: bytes) -> "Rest":
        """A function of the time: what follows the priority in a message of the format FORM."""
        return rest_3164(self.origin, host=True) if form == b"3164" else rest_5424(self.origin)

    def _packets(self, batch: Batch) -> list[bytes]:
        """The messages that BATCH is."""
        heads = self._head()
        if self._place.format != b"json":
            levels, lines = fitted(batch, self.most - len(heads[DEBUG]))
            return list(map(add, map(heads.__getitem__, levels), lines))
        return objects(self.origin, time.time_ns(), *fitted(batch, LINE))

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
