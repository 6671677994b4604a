"""What a server has been sent over UDP and may yet refuse: when it does, that is sent again.

A refusal comes later than what it is for, and does not say what that was. So the last few
messages of a second are kept; what is older was not refused, as far as anybody knows.
"""

import time
from _socket import SO_ERROR, SOL_SOCKET, socket
from collections import deque
from errno import EMSGSIZE

SETTLE = 1.0  # seconds in which a server may refuse what it was sent
LOOK = 0.1  # seconds until we look whether it has
KEPT = 16  # messages, at the most


class UnackedUdp:
    """The last messages sent to one server."""

    def __init__(self) -> None:
        self.wait: float | None = None  # seconds until a look makes sense
        self._packets: deque[tuple[float, bytes]] = deque(maxlen=KEPT)

    def sent(self, _server: socket, packets: list[bytes]) -> None:
        """PACKETS were sent to a server."""
        if packets:
            until = time.monotonic() + SETTLE
            self._packets.extend((until, packet) for packet in packets[-KEPT:])
            self.wait = LOOK

    def look(self, server: socket) -> None:
        """Forget what SERVER has not refused; to be called after `wait`. Raises OSError if it
        refused something.
        """
        error = server.getsockopt(SOL_SOCKET, SO_ERROR)
        # That one is of a network on the way.
        if error not in (0, EMSGSIZE):
            raise OSError(error, "")
        if not self._packets or time.monotonic() >= self._packets[-1][0]:
            self._packets.clear()
            self.wait = None

    def gone(self, server: socket, packets: list[bytes]) -> list[bytes]:
        """What SERVER may have refused; it was sent PACKETS in the end."""
        self.sent(server, packets)
        now = time.monotonic()
        again = [packet for until, packet in self._packets if now < until]
        self._packets.clear()
        self.wait = None
        return again
