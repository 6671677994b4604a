"""Looking for something in what is written into a file from now on, however it comes there.

A line may come in pieces, the file may be made only now, shortened, or replaced by another one.
Inotify tells when there is something new; where there is none, it is looked at every 20 ms.
"""

import _thread
import os

from ..base import shared_dir
from ..base.inotify import IN_CREATE, IN_MODIFY, IN_MOVED_TO, Inotify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Pattern

LOOK = 0.02  # seconds between two looks without inotify
BLOCK = 1 << 16
WINDOW = 1 << 16  # bytes in which it has to stand whole
CHANGES = IN_MODIFY | IN_MOVED_TO | IN_CREATE
READ = os.O_RDONLY
_closing = _thread.allocate_lock()  # held while an inotify is being closed


class LogWatch:
    """The file PATH, from now on: LOOK_FOR is a text, a pattern of re, or None for anything.

    `fds` are readable, and `pause` seconds are over, when it is to be looked at.
    """

    def __init__(
        self, path: str, look_for: "str | bytes | Pattern[str] | Pattern[bytes] | None"
    ) -> None:
        with _closing:
            # There is no thread beside this one when it forks.
            pass
        self._path = os.path.realpath(os.fsencode(path))
        self._wanted = look_for
        self._seen = b""
        self._fd, self._at = self._open(), 0
        if self._fd >= 0:
            self._at = os.fstat(self._fd).st_size
        self._stamp = self._state()
        self.fds: list[int] = []
        self.pause: float | None = LOOK
        # Of the directory: one watch for what is done to the file, and to its name.
        inotify = watch(os.path.dirname(self._path))
        if inotify >= 0:
            self.fds, self.pause = [inotify], None

    def look(self) -> bool:
        """Whether it was written since the watch began."""
        for fd in self.fds:
            _drain(fd)
        if self._wanted is None:
            return self._is_written()
        while True:
            if self._read():
                return True
            if not self._next_file():
                return False

    def close(self, *, later: bool = False) -> None:
        """Look no more. LATER does not wait for the kernel, which takes its time for inotify."""
        for fd in self.fds:
            if later:
                _close_later(fd)
            else:
                os.close(fd)
        if self._fd >= 0:
            os.close(self._fd)
        self.fds, self._fd = [], -1

    def _open(self) -> int:
        try:
            return shared_dir.open_file(self._path, READ)
        except OSError:
            # It is not there yet, or nothing that one could look into.
            return -1

    def _state(self) -> tuple[int, int] | None:
        """Size and time of the file that is open."""
        if self._fd < 0:
            return None
        found = os.fstat(self._fd)
        return found.st_size, found.st_mtime_ns

    def _is_written(self) -> bool:
        if self._next_file():
            self._stamp = None
        state = self._state()
        return state != self._stamp and (self._stamp is not None or bool(state and state[0]))

    def _read(self) -> bool:
        """Read what is new in the file; whether it is there."""
        if self._fd < 0:
            return False
        if os.fstat(self._fd).st_size < self._at:
            self._at, self._seen = 0, b""
        while block := os.pread(self._fd, BLOCK, self._at):
            self._at += len(block)
            self._seen += block
            if self._found():
                return True
            self._seen = self._seen[-WINDOW:]
        return False

    def _found(self) -> bool:
        wanted = self._wanted
        if isinstance(wanted, str):
            return wanted.encode() in self._seen
        if isinstance(wanted, bytes):
            return wanted in self._seen
        if wanted is None:
            return True
        # A pattern of text looks at text, one of bytes at bytes.
        seen = self._seen.decode("utf-8", "replace") if isinstance(wanted.pattern, str) else None
        return wanted.search(seen or self._seen) is not None  # type: ignore[arg-type]

    def _next_file(self) -> bool:
        """Whether another file has the name by now; then that is looked at."""
        try:
            named = os.stat(self._path, follow_symlinks=False)
        except OSError:
            return False
        if self._fd >= 0 and os.path.samestat(named, os.fstat(self._fd)):
            return False
        fd = self._open()
        if fd < 0:
            return False
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._at, self._seen = fd, 0, b""
        return True


def watch(directory: bytes) -> int:
    """An inotify fd of what is done to files in DIRECTORY; -1 where there can be none."""
    try:
        inotify = Inotify()
    except (ImportError, OSError):
        return -1
    try:
        inotify.watch(directory, CHANGES)
    except OSError:
        os.close(inotify.fd)
        return -1
    return inotify.fd


def _close_later(fd: int) -> None:
    """Close FD, an inotify's, beside what comes next: whoever closes the last one waits 20 ms."""
    _closing.acquire()

    def close() -> None:
        try:
            os.close(fd)
        finally:
            _closing.release()

    try:
        _thread.start_new_thread(close, ())
    except RuntimeError:
        # There can be no further thread.
        close()


def _drain(fd: int) -> None:
    try:
        while os.read(fd, BLOCK):
            pass
    except BlockingIOError:
        pass
