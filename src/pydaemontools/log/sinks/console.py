"""stdout and stderr: the line as it is, or a JSON object a line.

Others may have these files open too, so that they are never told not to block. Instead no
more is written than what has room: a pipe that is ready takes a page without blocking.
"""

import posix
import stat
import time
from errno import EBADF, EIO, EPIPE
from select import POLLOUT, poll

from ...base import process
from ...base.errors import error_str
from ...base.printable import plain
from ...base.warn_once import WarnOnce
from ..lines.shown import only_colours
from ..pipe.sink import Sink
from .immediate import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..lines.batch import Batch
    from ..lines.formats import Origin
    from ..lines.selection import BatchFilter

PIECE = 4096  # bytes for which a pipe that is ready has room
LARGEST = 1 << 20  # bytes of an object, at the most
AS_IT_IS = bytes(range(256))  # a table: the others have been masked
PAUSE = 0.02  # seconds until a reader may have made room


class Console(Sink):
    """FD, called PATH when WHO speaks of it, which gets the TEXT of batches.

    Raises OSError if it is not open.
    """

    def __init__(self, who: bytes, path: bytes, fd: int, text: "Callable[[Batch], bytes]") -> None:
        if fd in process.opened:
            raise OSError(EBADF, "")
        super().__init__(path)
        self._warning = WarnOnce(who)
        self._fd = fd
        self._text = text
        self._data = b""
        self._broken = False
        self._lost = 0
        self._at_once = stat.S_ISREG(posix.fstat(self._fd).st_mode)

    @property
    def held(self) -> int:
        """Bytes that wait here."""
        return len(self._data)

    def send(self, batch: "Batch") -> None:
        """Write BATCH, or hold what cannot be written now."""
        self._data += self._text(batch)
        self.flush()

    def flush(self) -> None:
        """Write what has room."""
        waiter = poll()
        waiter.register(self._fd, POLLOUT)
        left = memoryview(self._data)
        try:
            while left and not self._broken and (self._at_once or waiter.poll(0)):
                left = left[posix.write(self._fd, left if self._at_once else left[:PIECE]) :]
            self._warning.clear()
        except BlockingIOError:
            # Somebody else told it not to block.
            pass
        except OSError as error:
            self._troubled(error)
        self._data = b"" if self._broken else bytes(left)
        self._lost += self._broken * bytes(left).count(b"\n")

    def _troubled(self, error: OSError) -> None:
        # A reader that has gone does not come back; a full disk has room some day.
        self._broken = error.errno in (EPIPE, EBADF, EIO)
        self._warning.warn(b"unable to write to " + self.path + b": " + error_str(error))

    def due(self) -> float | None:
        """Return in how many seconds a flush makes sense; None if there is nothing to flush."""
        return PAUSE if self._data else None

    def lost(self) -> int:
        """Return how many lines nobody has."""
        return self._lost + self._data.count(b"\n")


class WaitingAlerts(Console):
    """Alerts (multilog's `e`) of WHO, who hears signals while nobody reads them."""

    def __init__(self, who: bytes, selections: "Sequence[BatchFilter]") -> None:
        super().__init__(who, b"stderr", 2, lambda batch: shown(batch, selections))

    def lost(self) -> int:
        """Return how many lines still wait; where nobody reads they are gone."""
        return self._data.count(b"\n")


def lines(batch: "Batch") -> bytes:
    """BATCH as it is."""
    return batch.text


def seen(batch: "Batch") -> bytes:
    """BATCH for a terminal: also without the controls that a byte above 127 begins, and without
    escape sequences that do more than colour.
    """
    return plain(only_colours(batch.text), AS_IT_IS)


def objects(origin: "Origin") -> "Callable[[Batch], bytes]":
    """What makes a JSON object of each line that comes from ORIGIN."""

    def text(batch: "Batch") -> bytes:
        # Only now: it brings what has to do with JSON.
        from ..lines import entries

        made = entries.object_texts(batch, origin, time.time_ns(), LARGEST)
        return b"\n".join([*made, b""])

    return text
