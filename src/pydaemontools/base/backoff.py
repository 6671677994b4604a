"""Pauses that get longer from one try to the next."""

import posix


class Backoff:
    """Pauses from FIRST to LAST seconds, each twice as long as the one before.

    With JITTER each is shortened by chance, by up to that part of it, so that many who were
    refused together do not come again together.
    """

    def __init__(self, first: float, last: float, jitter: float = 0.0) -> None:
        self._first = first
        self._last = last
        self._jitter = jitter
        self._next = first

    def pause(self) -> float:
        """Return how many seconds to wait now; the next pause is longer."""
        pause, self._next = self._next, min(2 * self._next, self._last)
        if self._jitter:
            chance = int.from_bytes(posix.getrandom(2), "big") / 65535
            pause *= 1 - self._jitter * chance
        return pause

    def reset(self) -> None:
        """Begin with the first pause again."""
        self._next = self._first
