"""Places of the original's that take everything at once: stderr, and a file of one line."""

import posix

from ..lines.batch import Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.selection import Chooser

SHOWN = 200  # bytes of a line that is an alert
STATUS = 1000  # bytes of a line that is a status


class AtOnce:
    """What gets the lines of SELECTION and holds none; a subclass says what it does with them."""

    stalled = False
    held = 0

    def __init__(self, path: bytes, selection: "Chooser") -> None:
        self.path = path
        self._selection = selection

    def put(self, batch: Batch) -> None:
        """Take BATCH, less what is not selected."""
        part = self._selection.of(batch)
        if part.text:
            self.take(part)

    def take(self, batch: Batch) -> None:
        """Do with BATCH, which is not empty, whatever is done here."""
        raise NotImplementedError

    def flush(self) -> None:
        """Nothing is held."""

    def due(self) -> None:
        """Nothing ever is."""

    def lost(self) -> int:
        """Nothing."""
        return 0

    def sync(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open that would have to be closed."""


class Stderr(AtOnce):
    """The beginning of each line, for whoever reads our stderr (multilog's `e`)."""

    def take(self, batch: Batch) -> None:
        """Write each line, or the first 200 bytes of it and three dots."""
        lines = batch.lines[1:] if batch.continued else batch.lines
        shown = [line[:SHOWN] + (b"..." if len(line) > SHOWN else b"") + b"\n" for line in lines]
        alert(b"".join(shown))


class Latest(AtOnce):
    """The last line, in the file PATH, padded with newlines to 1001 bytes (multilog's `=`).

    Raises OSError if the file cannot be had.
    """

    def __init__(self, path: bytes, selection: "Chooser") -> None:
        super().__init__(path, selection)
        flags = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_CREAT | posix.O_CLOEXEC
        self._fd = posix.open(path, flags, 0o600)

    def take(self, batch: Batch) -> None:
        """Put the last line that began in BATCH in the place of the one before."""
        lines = batch.lines[1:] if batch.continued else batch.lines
        if lines:
            try:
                posix.pwrite(self._fd, lines[-1][:STATUS].ljust(STATUS + 1, b"\n"), 0)
            except OSError:
                # A status that is old; the next line is another try.
                pass


def alert(data: bytes) -> None:
    """Write DATA to stderr; where nobody reads it is gone."""
    try:
        while data:
            data = data[posix.write(2, data) :]
    except OSError:
        pass
