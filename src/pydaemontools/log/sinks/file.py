"""One plain file that lines are appended to, as they are."""

import posix
import time

from ...base.errors import error_str
from ...base.reach import reach
from ...base.shared_dir import open_file, remove, rename
from ...base.warn_once import WarnOnce
from ..pipe.sink import Sink
from .joined_file import JoinedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.batch import Batch
    from ..pipe.intent_log import IntentLog

PAUSE = 1.0  # seconds until what could not be written is tried again
APPEND = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT
DEVICES = b"/dev/"
MODE = 0o666  # of a new file, but for what the umask takes


class FileSink(Sink):
    """The file PATH, written to by WHO. Raises OSError if it cannot be opened.

    At SIZE bytes, if that is not 0, it becomes PATH.1, that PATH.2, and so on up to KEEP. What
    cannot be written waits, a full disk for one; a turn opens the file anew. An intent log, which
    join() is told of, knows what a predecessor that was killed had written.
    """

    def __init__(self, who: bytes, path: bytes, size: int = 0, keep: int = 0) -> None:
        super().__init__(path)
        self._intent_log: IntentLog | None = None
        self._warning = WarnOnce(who)
        self._size = size
        self._keep = keep
        self._fd = _opened(path)
        self._written = posix.fstat(self._fd).st_size
        self._joined = JoinedFile(path, lambda: posix.fstat(self._fd))
        self._data = b""
        self._retry_at = 0.0
        self._renew = self._rotates = False

    def join(self, intent_log: "IntentLog", directory: int) -> None:
        """Have INTENT_LOG keep an intent in DIRECTORY, and cut off what comes again by the last."""
        self._intent_log = intent_log
        self._joined.join(intent_log, directory)

    @property
    def held(self) -> int:
        """Bytes that wait here to be written."""
        return len(self._data)

    @property
    def stalled(self) -> bool:
        """Whether something waits here."""
        return bool(self._data)

    def send(self, batch: "Batch") -> None:
        """Write BATCH, or hold what cannot be written now."""
        self._data += batch.text
        self.flush()

    def flush(self) -> None:
        """Try again to open what is to be opened, and to write what is held."""
        waits = self._data or self._renew or self._rotates
        if not waits or time.monotonic() < self._retry_at:
            return
        doing = b"write to " + self.path
        try:
            if not posix.fstat(self._fd).st_nlink:
                # What is written there nobody sees.
                self._open()
            while self._data:
                count = posix.write(self._fd, self._data)
                self._data = self._data[count:]
                self._written += count
            if self._rotates:
                doing = b"rename " + self.path
                self._rotate()
            if self._renew:
                doing = b"open " + self.path
                self._open()
        except OSError as error:
            self._retry_at = time.monotonic() + PAUSE
            self._warning.warn(b"unable to " + doing + b", pausing: " + error_str(error))
        else:
            self._warning.clear()

    def turn(self, *, full: bool = False) -> None:
        """Open the file anew; or if it is only for one that is FULL, begin another."""
        if not full:
            self._renew = True
        elif self._written >= self._size > 0:
            self._rotates = self._renew = True
        self.flush()

    def due(self) -> float | None:
        """Return in how many seconds a flush makes sense; None if there is nothing to flush."""
        if self._data or self._renew or self._rotates:
            return max(0.0, self._retry_at - time.monotonic())
        return None

    def lost(self) -> int:
        """Return how many lines are held that are not in the file."""
        return len(self._data.splitlines())

    def close(self) -> None:
        """Close the file."""
        if self._intent_log:
            self._intent_log.remove(self._joined)
        posix.close(self._fd)

    def _open(self) -> None:
        fd = _opened(self.path)
        posix.close(self._fd)
        self._fd, self._renew = fd, False
        self._written = posix.fstat(fd).st_size

    def _rotate(self) -> None:
        """Have each file the next number; the last one goes."""
        directory, name = reach(self.path, follow=True)
        try:
            if not self._keep:
                remove(name, directory)
            for number in range(self._keep, 0, -1):
                before = name + b".%d" % (number - 1) if number > 1 else name
                try:
                    rename(before, name + b".%d" % number, directory)
                except FileNotFoundError:
                    continue
        finally:
            posix.close(directory)
        self._rotates = False


def _opened(path: bytes) -> int:
    """Open PATH to append to it. What stands below /dev is root's."""
    if path.startswith(DEVICES):
        return posix.open(path, posix.O_WRONLY | posix.O_APPEND | posix.O_NOCTTY | posix.O_CLOEXEC)
    mask = posix.umask(0o077)
    posix.umask(mask)
    # Through a link too, if root or our own account made it: the file may be elsewhere.
    directory, name = reach(path, follow=True)
    try:
        return open_file(name, APPEND, directory, mode=MODE & ~mask)
    finally:
        posix.close(directory)
