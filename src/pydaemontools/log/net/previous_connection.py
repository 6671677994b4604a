"""The connection that a process left: the server may still be reading what came over it.

What a successor of a killed process sends could be read before that. So it waits until the
server has read all and closes; then Linux has the connection in the state TIME_WAIT. A server
that dies before that resets it, and the state is gone.
"""

import time

WAITING = b"04", b"05", b"0B"  # FIN_WAIT1, FIN_WAIT2, CLOSING: the other end has not closed
ENDED = b" ended"  # who left it was not killed, and waited for the server already
LONGEST = 15.0  # seconds that it is waited for before something is sent
KNOWN = 55.0  # seconds for which Linux surely knows a connection that was left or closed


class PreviousConnection:
    """The connection CONNECTION: its endpoints, written as in /proc/net/tcp, and ENDED or not.
    Who left it did so IDLE seconds ago at the most.
    """

    def __init__(self, connection: bytes, idle: float) -> None:
        endpoints, ended, _ = connection.partition(ENDED)
        self.broken = False  # whether it was reset before all was read
        self._endpoints = b" " + endpoints + b" "
        now = time.monotonic()
        self._blocking_until = now + (0.0 if ended else LONGEST)
        # Until then it is there still, if it was closed in order or not at all.
        self._known = now + KNOWN - idle
        self._seen = not ended

    @property
    def blocking(self) -> bool:
        """Whether nothing shall be sent before that is over."""
        return time.monotonic() < self._blocking_until

    def over(self) -> bool:
        """Return whether nothing more will come of it."""
        # What is just changing may be missed.
        state = self._state() or self._state()
        known = time.monotonic() < self._known
        if state in WAITING and (known or self.blocking):
            self._seen = True
            return False
        self.broken = self._seen and known and not state
        return True

    def _state(self) -> bytes:
        """Return its state, in hexadecimal; nothing if it is gone, or Linux does not tell."""
        for name in "/proc/net/tcp", "/proc/net/tcp6":
            try:
                with open(name, "rb") as file:
                    _, found, rest = file.read().partition(self._endpoints)
            except OSError:
                continue
            if found:
                return rest[:2]
        return b""
