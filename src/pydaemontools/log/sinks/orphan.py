"""The connection of a process that was killed: the server may still be reading what came over it.

What its successor sends over a connection of its own could be read before that. So it waits
until the server has read all and closes; then Linux has the connection in the state TIME_WAIT.
A server that dies before that resets it, and the state is gone.
"""

import time

WAITING = b"04", b"05", b"0B"  # FIN_WAIT1, FIN_WAIT2, CLOSING: the other end has not closed
LONGEST = 15.0  # seconds that it is waited for


class Orphan:
    """The connection between the two ENDS, written as in /proc/net/tcp."""

    def __init__(self, ends: bytes) -> None:
        self.broken = False  # whether it was reset before all was read
        self._ends = b" " + ends + b" "
        self._until = time.monotonic() + LONGEST
        self._seen = False

    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        # What is just changing may be missed.
        state = self._state() or self._state()
        if state in WAITING and time.monotonic() < self._until:
            self._seen = True
            return False
        self.broken = self._seen and not state
        return True

    def _state(self) -> bytes:
        """Its state, in hexadecimal; nothing if it is gone, or Linux does not tell."""
        for name in "/proc/net/tcp", "/proc/net/tcp6":
            try:
                with open(name, "rb") as file:
                    _, found, rest = file.read().partition(self._ends)
            except OSError:
                continue
            if found:
                return rest[:2]
        return b""
