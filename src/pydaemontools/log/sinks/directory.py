"""A log directory as a place for lines, each with the time at which it was read."""

import time

from ...chain.cli import say
from ...chain.errors import words
from ..batch import Batch, stamped
from ..logdir import LogDir
from ..tai64n import stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ledger import Ledger

PAUSE = 1.0  # seconds before what went wrong is tried again


class Directory:
    """The log directory PATH, noted in LEDGER. Raises OSError if it cannot be had."""

    def __init__(self, path: bytes, ledger: "Ledger | None" = None) -> None:
        self.path = path.rstrip(b"/") or b"/"
        self.stalled = False
        self._log = LogDir(self.path, ledger=ledger)
        self._data = b""
        self._retry_at = 0.0
        self._told = False

    @property
    def held(self) -> int:
        """Bytes that wait here to be written."""
        return len(self._data)

    @property
    def _waits(self) -> bool:
        return bool(self._data) or self._log.due

    def put(self, batch: Batch) -> None:
        """Write BATCH, or hold what cannot be written now."""
        self._data += stamped(batch, stamp() + b" ")
        self.flush()

    def flush(self) -> None:
        """Try again to write what is held."""
        if self._waits and time.monotonic() < self._retry_at:
            return
        try:
            if self._log.due:
                self._log.rotate()
            while self._data:
                self._data = self._data[self._log.write(self._data) :]
        except OSError as error:
            self.stalled = True
            self._retry_at = time.monotonic() + PAUSE
            if not self._told:
                self._told = True
                what = b"pysissylog: warning: unable to write to " + self.path
                say(what + b"/current, pausing: " + words(error))
        else:
            self.stalled = self._told = False

    def due(self) -> float | None:
        """In how many seconds a flush makes sense; None if there is nothing to flush."""
        return max(0.0, self._retry_at - time.monotonic()) if self._waits else None

    def lost(self) -> int:
        """How many lines are held that are not on disk, one without an end among them."""
        return len(self._data.splitlines())

    def sync(self) -> None:
        """All that was written is on disk. Raises OSError if that is not so."""
        self._log.sync()

    def close(self) -> None:
        """Mark the log as whole."""
        self._log.close()
