"""stdout and stderr: the line for a person (stderr:), or a JSON object a line (json:-).

Others may have these files open too, so that they are never told not to block. Instead no
more is written than what has room: a pipe that is ready takes a page without blocking.
"""

import posix
import stat
import time
from errno import EBADF, EIO, EPIPE
from select import POLLOUT, poll

from ...chain.cli import say
from ...chain.errors import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..batch import Batch
    from ..places import Place
    from ..wire.formats import Origin

PIECE = 4096  # bytes for which a pipe that is ready has room
LARGEST = 1 << 20  # bytes of an object, at the most
PAUSE = 0.02  # seconds until a reader may have made room


class Console:
    """The fd that PLACE means; lines come from ORIGIN. Raises OSError if it is not open."""

    def __init__(self, place: "Place", origin: "Origin") -> None:
        self.path = place.text
        self.stalled = False
        self._fd = 1 if place.kind == b"json" else 2
        self._origin = origin if place.kind == b"json" else None
        self._data = b""
        self._broken = False
        self._told = False
        self._lost = 0
        self._at_once = stat.S_ISREG(posix.fstat(self._fd).st_mode)

    @property
    def held(self) -> int:
        """Bytes that wait here."""
        return len(self._data)

    def put(self, batch: "Batch") -> None:
        """Write BATCH, or hold what cannot be written now."""
        if self._broken:
            self._lost += len(batch.lines)
        elif self._origin:
            from ..fields.entries import objects

            made = objects(batch, self._origin, time.time_ns(), LARGEST)
            self._data += b"\n".join([*made, b""])
        else:
            self._data += batch.text
        self.flush()

    def flush(self) -> None:
        """Write what has room."""
        waiter = poll()
        waiter.register(self._fd, POLLOUT)
        left = memoryview(self._data)
        try:
            while left and (self._at_once or waiter.poll(0)):
                left = left[posix.write(self._fd, left if self._at_once else left[:PIECE]) :]
            self._told = False
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
        if not self._told:
            self._told = True
            say(b"pysissylog: warning: unable to write to " + self.path + b": " + words(error))

    def due(self) -> float | None:
        """In how many seconds a flush makes sense; None if there is nothing to flush."""
        return PAUSE if self._data else None

    def lost(self) -> int:
        """How many lines nobody has."""
        return self._lost + self._data.count(b"\n")

    def sync(self) -> None:
        """Nothing: what was written is the reader's."""

    def close(self) -> None:
        """Nothing: the fd is everybody's."""
