"""Sinks of the original's that have everything at once: stderr, and a file of one line."""

import posix

from ...base.shared_dir import open_file
from ...base.write import write_all
from ..pipe.sink import Sink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lines.batch import Batch
    from ..lines.selection import BatchFilter

SHOWN = 200  # bytes of a line that is an alert
STATUS = 1000  # bytes of a line that is a status


class Alerts(Sink):
    """stderr, which gets the beginning of each line that SELECTIONS select (multilog's `e`).

    A line that several of them select is there as often, and before the next one.
    """

    def __init__(self, path: bytes, selections: "Sequence[BatchFilter]") -> None:
        super().__init__(path)
        self._selections = selections

    def send(self, batch: "Batch") -> None:
        """Write each line, or the first 200 bytes of it and three dots."""
        alert(shown(batch, self._selections))


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


def shown(batch: "Batch", selections: "Sequence[BatchFilter]") -> bytes:
    """The lines that begin in BATCH, as an alert of each of SELECTIONS has them."""
    parts = [_begun(selection.of(batch)) for selection in selections]
    lines = parts[0] if not parts[1:] else _by_line(_begun(batch), parts)
    return b"".join(line[:SHOWN] + (b"..." if len(line) > SHOWN else b"") + b"\n" for line in lines)


def _by_line(lines: list[bytes], parts: list[list[bytes]]) -> list[bytes]:
    """Each of LINES as often as it is in one of PARTS, which have some of them in their order."""
    done: list[bytes] = []
    at = [0] * len(parts)
    for line in lines:
        for which, part in enumerate(parts):
            if part[at[which] : at[which] + 1] == [line]:
                at[which] += 1
                done.append(line)
    return done


def alert(data: bytes) -> None:
    """Write DATA to stderr; where nobody reads it is gone."""
    try:
        write_all(2, data)
    except OSError:
        pass
