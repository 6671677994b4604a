"""When a server is tried again, and the words for why it could not be reached."""

import time

from .backoff import Backoff
from .cli import say
from .errors import error_str
from .warn_once import WarnOnce

LOCAL = 0.1, 1.0  # seconds between two looks for a socket of this machine: first, longest
REMOTE = 0.1, 30.0, 0.5  # seconds between two tries at another machine, and the jitter


class Retry:
    """The tries to reach PATH: each absence is said once, and so is the end of one that is FAR."""

    def __init__(self, path: bytes, *, far: bool) -> None:
        self._path = path
        self._far = far
        self._backoff = Backoff(*REMOTE) if far else Backoff(*LOCAL)
        self._warning = WarnOnce(b"pysissylog")
        self._at = 0.0
        self.trying = False  # whether a try ended, and nothing was taken since

    @property
    def away(self) -> bool:
        """Whether it is known to be away."""
        return self._warning.warned

    @property
    def rest(self) -> float:
        """Seconds until the next try."""
        return max(0.0, self._at - time.monotonic())

    def failed(self, error: OSError) -> None:
        """Note that a try ended with ERROR: the next one comes later."""
        self.trying = True
        self._at = time.monotonic() + self._backoff.pause()
        why = self._path + b": " + reason(error) + b"; waiting for it"
        self._warning.warn(b"unable to reach " + why)

    def at_once(self) -> None:
        """Have the next try now, and the ones after it soon: there is no time to lose."""
        self._at = 0.0
        self._backoff.reset()

    def took(self) -> None:
        """Note that the server took something, however soon it went: the next pause is short."""
        self._backoff.reset()

    def worked(self) -> None:
        """Note that the server took something."""
        self.trying = False
        self._backoff.reset()
        if self.away:
            self._warning.clear()
            if self._far:
                say(b"pysissylog: info: reached " + self._path + b" again")


def reason(error: OSError) -> bytes:
    """Return why ERROR happened, also if it is one of the name servers' or of TLS."""
    kind = type(error).__name__
    if kind == "gaierror":
        from _socket import EAI_AGAIN

        again = error.errno == EAI_AGAIN
        return b"no name server answers" if again else b"there is no such host"
    if kind.startswith("SSL"):
        said = getattr(error, "verify_message", "") or getattr(error, "reason", "") or "TLS failed"
        text = said.lower().replace("_", " ").rstrip(".")
        return b"certificate refused: " * hasattr(error, "verify_message") + text.encode()
    return error_str(error)
