"""Syslog over UDP (RFC 5426): a datagram a line, and nobody says whether it arrived.

Only where the other machine refuses is the server known to be away. That is told with what
is sent next, or seen when we look. Then the first message that waits is sent alone, to one
address after the other, until none refuses it for a while; the others follow it.
"""

import time
from _socket import SOCK_CLOEXEC, SOCK_DGRAM, socket
from errno import EAGAIN, EMSGSIZE

from ...base.retry import Retry
from ..net.lookup import Lookup
from .datagrams import Datagrams, reached
from .messages import Messages, Objects
from .unacked_udp import LOOK, UnackedUdp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.batch import Batch
    from ..lines.formats import Origin
    from ..lines.targets import Target
    from ..net.lookup import Address

# Bytes of a message. More than a packet of Ethernet holds is sent in parts, and is lost if
# one of them is.
DATAGRAM = 1400
FRESH = 60.0  # seconds for which the addresses of a name are good
NAMED = 0.01  # seconds until we look whether the name server has answered


class Udp(Datagrams):
    """The server for TARGET; lines go there from ORIGIN."""

    def __init__(self, target: "Target", origin: "Origin") -> None:
        super().__init__(target.text, Retry(target.text, far=True), UnackedUdp())
        self._messages: Messages | Objects = Objects(origin, DATAGRAM)
        if target.format != b"json":
            self._messages = Messages(origin, target.format, DATAGRAM, host=True)
        self._target = target
        self._lookup: Lookup | None = None
        self._addresses: list[Address] = []  # those that have not been tried since the lookup
        self._fresh = 0.0  # until when they are good
        self._doubted = False  # whether it refused, and has not taken anything since

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
        """A socket for the next address that there is a way to; None while nobody knows it."""
        if not self._addresses:
            lookup = self._lookup or Lookup(self._target.host, self._target.port, SOCK_DGRAM)
            self._lookup = None if lookup.done else lookup
            if self._lookup:
                self._retry_at = time.monotonic() + NAMED
                return None
            self._addresses = lookup.result()
            self._fresh = time.monotonic() + FRESH
        while True:
            family, address = self._addresses.pop(0)
            try:
                return reached(socket(family, SOCK_DGRAM | SOCK_CLOEXEC), address)
            except OSError:
                if not self._addresses:
                    raise

    def _send(self, packets: list[bytes]) -> list[bytes]:
        """Send PACKETS in order; give those that are left. One in doubt is sent alone."""
        if not self._doubted:
            return super()._send(packets)
        self.stalled = False
        if self._socket and self._unacked.wait:
            return self._ask(self._socket, packets)
        left = super()._send(packets[:1])
        if not self._unacked.wait:
            return left + packets[1:]
        self._retry_at = time.monotonic() + LOOK
        return packets

    def _ask(self, server: socket, packets: list[bytes]) -> list[bytes]:
        """See whether SERVER refuses the first of PACKETS; send the others if it does not."""
        try:
            self._unacked.look(server)
        except OSError as error:
            self._gone(server, error, [])
            return packets
        if self._unacked.wait:
            self._retry_at = time.monotonic() + LOOK
            return packets
        self._doubted = False
        self._retry.worked()
        return super()._send(packets[1:])

    def _worked(self, count: int) -> None:
        """Nothing: that a message was sent does not say that it was taken."""

    def _away(self, error: OSError) -> None:
        """An address refuses, as ERROR says. Only when all have done so there is a pause."""
        self._doubted = True
        self._retry_at = 0.0
        if not self._addresses or time.monotonic() > self._fresh:
            self._addresses = []
            super()._away(error)
