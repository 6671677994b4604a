"""What a syslog server has been sent and may not have read: when it goes, that goes with it.

Linux tells how much of what a socket sent lies unread at the other end. So the last
messages are kept until they were read, and the server's successor is sent them again. It
may get some of them twice; none is lost.

When the server has gone nothing lies unread either. So the only times to ask are right
after it took a message, and once shortly after, if it took no other by then: later than that
we go by what we know. To ask more often would cost a wake-up for each line that comes alone.
"""

from _socket import SO_SNDBUF, SOL_SOCKET, socket
from time import monotonic

from ...base.sockets import unsent

FRAME = 512  # bytes that Linux counts for a message besides its text, at the least
WAIT = 0.1  # seconds until we look whether all has been read


class UnackedUnix:
    """The last messages sent to one server."""

    def __init__(self) -> None:
        self.wait: float | None = None  # seconds until a look makes sense
        self._packets: list[bytes] = []
        self._asked = 0.0  # when, on the clock

    def sent(self, server: socket, packets: list[bytes]) -> None:
        """PACKETS were sent to SERVER."""
        try:
            left = unsent(server.fileno())
        except OSError:
            # A system that cannot tell.
            left = 0
        if not left:
            self._packets, self.wait = [], None
            return
        self._packets = _last(self._packets + packets, left)
        self._asked, self.wait = monotonic(), WAIT if self._packets else None

    def look(self, server: socket) -> None:
        """Forget what SERVER has read by now, if that is after `wait`."""
        if monotonic() - self._asked >= WAIT:
            try:
                self._packets = _last(self._packets, unsent(server.fileno()))
            except OSError:
                self._packets = []
            self.wait = None

    def gone(self, server: socket, packets: list[bytes]) -> list[bytes]:
        """What SERVER, which is no more, may not have read; it was sent PACKETS in the end."""
        # How much it was has gone with it, but not more than the socket holds.
        again = _last(self._packets + packets, server.getsockopt(SOL_SOCKET, SO_SNDBUF))
        self._packets, self.wait = [], None
        return again


def _last(packets: list[bytes], room: int) -> list[bytes]:
    """The last of PACKETS, as many as may take up ROOM bytes."""
    for at in range(len(packets) - 1, -1, -1):
        room -= len(packets[at]) + FRAME
        if room < 0:
            return packets[at + 1 :]
    return packets
