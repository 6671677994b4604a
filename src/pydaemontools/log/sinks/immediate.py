"""Sinks of the original's that have everything at once: stderr, and a file of one line."""

import posix

from ...base.shared_dir import open_file
from ...base.write import write_all
from ..pipe.sink import Sink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.batch import Batch
    from ..lines.selection import BatchFilter

SHOWN = 200  # bytes of a line that is an alert
STATUS = 1000  # bytes of a line that is a status


class Alerts(Sink):
    """stderr, which gets the beginning of each line that SELECTION selects (multilog's `e`)."""

    def __init__(self, path: bytes, selection: "BatchFilter") -> None:
        super().__init__(path)
        self._selection = selection

    def send(self, batch: "Batch") -> None:
        """Write each line, or the first 200 bytes of it and three dots."""
        alert(shown(self._selection.of(batch)))


class Latest(Sink):
    """The file PATH, which has the last line that SELECTION selects, padded with newlines to 1001
    bytes (multilog's `=`).

    Raises OSError if the file cannot be had.
    """

    def __init__(self, path: bytes, selection: "BatchFilter") -> None:
        super().__init__(path)
        self._selection = selection
        self._fd = open_file(path, posix.O_WRONLY | posix.O_CREAT, mode=0o600)

    def send(self, batch: "Batch") -> None:
        """Write the last line that began in BATCH over the one before."""
        lines = _begun(self._selection.of(batch))
        if lines:
            try:
                posix.pwrite(self._fd, lines[-1][:STATUS].ljust(STATUS + 1, b"\n"), 0)
            except OSError:
                # A status that is old; the next line is another try.
                pass


def _begun(batch: "Batch") -> list[bytes]:
    """Return the lines of BATCH that begin in it."""
    if not batch.text:
        return []
    return batch.lines[1:] if batch.continued else batch.lines


def shown(batch: "Batch") -> bytes:
    """The lines that begin in BATCH, as an alert has them."""
    lines = _begun(batch)
    return b"".join(line[:SHOWN] + (b"..." if len(line) > SHOWN else b"") + b"\n" for line in lines)


def alert(data: bytes) -> None:
    """Write DATA to stderr; where nobody reads it is gone."""
    try:
        write_all(2, data)
    except OSError:
        pass
