"""When a server is tried again, and the words for why it could not be reached."""

import posix
import time

from .cli import say
from .errors import words

FIRST, LAST = 0.1, 30.0  # seconds between two tries


class Retry:
    """The tries to reach PATH: each absence is told of once, and so is its end."""

    def __init__(self, path: bytes) -> None:
        self._path = path
        self._pause = FIRST
        self._at = 0.0
        self.away = False

    @property
    def rest(self) -> float:
        """Seconds until the next try."""
        return max(0.0, self._at - time.monotonic())

    def failed(self, error: OSError) -> None:
        """A try ended with ERROR: the next one comes later, and not at the others' time."""
        part = int.from_bytes(posix.getrandom(2), "big") / 65535
        self._at = time.monotonic() + self._pause * (0.5 + part / 2)
        self._pause = min(2 * self._pause, LAST)
        if not self.away:
            self.away = True
            why = self._path + b": " + reason(error) + b"; waiting for it"
            say(b"pysissylog: warning: unable to reach " + why)

    def at_once(self) -> None:
        """There is no time to lose: the next try is now, and soon again."""
        self._at = 0.0
        self._pause = FIRST

    def worked(self) -> None:
        """The server took something."""
        self._pause = FIRST
        if self.away:
            self.away = False
            say(b"pysissylog: info: reached " + self._path + b" again")


def reason(error: OSError) -> bytes:
    """Why ERROR happened, also if it is one of the name servers' or of TLS."""
    kind = type(error).__name__
    if kind == "gaierror":
        from _socket import EAI_AGAIN

        again = error.errno == EAI_AGAIN
        return b"no name server answers" if again else b"there is no such host"
    if kind.startswith("SSL"):
        said = getattr(error, "verify_message", "") or getattr(error, "reason", "") or "TLS failed"
        text = said.lower().replace("_", " ").rstrip(".")
        return b"certificate refused: " * hasattr(error, "verify_message") + text.encode()
    return words(error)
