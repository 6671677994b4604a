"""A log directory as multilog keeps it: `current`, and finished files named by their time.

daemontools 0.76, multilog: the execute bit of a file says that all of it is on disk. So
`current` is 0644 while it is written and 0744 after a clean end; a finished file is 0744
and called @TAI64N.s, one that was cut off by a crash @TAI64N.u. `lock` keeps two writers
apart.
"""

import posix
from errno import EEXIST, ENOENT
from fcntl import LOCK_EX, LOCK_NB, flock

from .tai64n import stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ledger import Ledger
    from .note import Entry

SIZE = 99999  # bytes of a file, at the most
KEEP = 10  # files, with `current`
SLACK = 2000  # a file is closed at a line's end when less than this is left
NEW = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_TRUNC | posix.O_CREAT | posix.O_CLOEXEC
APPEND = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_APPEND | posix.O_CREAT | posix.O_CLOEXEC


class LogDir:
    """The log directory PATH, made if it is not there. Raises OSError, with the file's name.

    LEDGER keeps a note here, and may know from it where a predecessor was killed.
    """

    def __init__(
        self, path: bytes, size: int = SIZE, keep: int = KEEP, ledger: "Ledger | None" = None
    ) -> None:
        self.path = path
        self.size = size
        self.keep = keep
        self.written = 0
        self.due = False  # whether the next file has to be begun before the next write
        self.noted = False  # whether a note says more of `current` than its mode does
        self._fd = -1
        try:
            posix.mkdir(path, 0o700)
        except FileExistsError:
            pass
        self._dir = posix.open(path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
        self._lock = self._open(b"lock", APPEND, 0o600)
        flock(self._lock, LOCK_EX | LOCK_NB)
        known = ledger.join(self, self._dir) if ledger else None
        if not known or not self._resume(*known):
            self._start()
        if ledger:
            ledger.begun(self)

    def room(self) -> int:
        """How many bytes `current` may still get."""
        return 0 if self._fd < 0 else self.size - self.written

    def fresh(self) -> bool:
        """Whether `current` is there and empty."""
        return self._fd >= 0 and not self.written

    def position(self) -> tuple[int, int]:
        """Which file is `current`, and where it ends; 0 and 0 if there is none."""
        if self._fd < 0:
            return 0, 0
        found = posix.fstat(self._fd)
        return found.st_ino, found.st_size

    def write(self, data: bytes) -> int:
        """Write the beginning of DATA, as much as fits; give how much. Rotates when full.

        Raises OSError when nothing could be written; then the same call may be made again.
        """
        if self._fd < 0 or self.written >= self.size:
            self.rotate()
        room = self.size - self.written
        chunk = data[:room]
        if self.written + len(chunk) >= self.size - SLACK:
            chunk = chunk[: chunk.rfind(b"\n") + 1] or chunk
        count = posix.write(self._fd, chunk)
        self.written += count
        if self.written >= self.size - SLACK and chunk[count - 1 : count] == b"\n":
            # Full enough. Whatever goes wrong here is found again by the next write.
            self.written = self.size
        return count

    def rotate(self) -> None:
        """Close `current`, file it under its time, and open a new one.

        What raised an OSError is begun again by the next call, at the step that failed.
        """
        if self._fd >= 0:
            self._seal()
            posix.rename(b"current", b"previous", src_dir_fd=self._dir, dst_dir_fd=self._dir)
            self._close()
        self._file(b"previous", b"s")
        self._fd = self._create(b"current")
        self.written = 0
        self.due = False

    def sync(self) -> None:
        """All that was written is on disk."""
        if self._fd >= 0:
            posix.fsync(self._fd)

    def close(self) -> None:
        """All that was written is on disk, and `current` says so, if no note says more."""
        if self._fd >= 0:
            if not self.noted:
                self._seal()
            self._close()
        posix.close(self._lock)
        posix.close(self._dir)

    def _resume(self, entry: "Entry", again: bool) -> bool:  # noqa: FBT001 - of one pair
        """Go on in the file that ENTRY is about, less what has to be written AGAIN.

        Whether that can be done: not if it is another's, or marked as whole.
        """
        try:
            found = posix.stat(b"current", dir_fd=self._dir)
        except FileNotFoundError:
            # Killed between two files.
            self._file(b"previous", b"s" if entry.inode else b"u")
            self._fd = self._create(b"current")
            return True
        end = found.st_size
        ours = found.st_ino == entry.inode and not found.st_mode & 0o100
        if end and not (ours and entry.offset <= end and (not again or end <= entry.limit)):
            return False
        self._fd = self._open(b"current", APPEND, 0o644)
        posix.fchmod(self._fd, 0o644)
        if end and again:
            posix.ftruncate(self._fd, entry.offset)
        self.written = posix.fstat(self._fd).st_size
        return True

    def _start(self) -> None:
        """Go on with `current` after a clean end; after any other, file what was left."""
        try:
            clean = posix.stat(b"current", dir_fd=self._dir).st_mode & 0o100
        except FileNotFoundError:
            clean = 0
        if clean:
            self._fd = self._open(b"current", APPEND, 0o644)
            posix.fchmod(self._fd, 0o644)
            self._file(b"previous", b"s")
            self.written = posix.fstat(self._fd).st_size
            return
        for name in b"state", b"newstate":
            self._unlink(name)
        self._recover_processed()
        self._file(b"previous", b"u")
        self._file(b"current", b"u")
        posix.close(self._create(b"state"))
        self._fd = self._create(b"current")

    def _recover_processed(self) -> None:
        """A processor's output counts if it was finished; else its input does."""
        try:
            finished = posix.stat(b"processed", dir_fd=self._dir).st_mode & 0o100
        except FileNotFoundError:
            return
        if finished:
            self._unlink(b"previous")
            self._file(b"processed", b"s")
        else:
            self._unlink(b"processed")

    def _file(self, name: bytes, code: bytes) -> None:
        """Give the file NAME its place among the old ones, and drop what is too old."""
        try:
            links = posix.stat(name, dir_fd=self._dir).st_nlink
        except FileNotFoundError:
            return
        while links == 1:
            try:
                posix.link(name, stamp() + b"." + code, src_dir_fd=self._dir, dst_dir_fd=self._dir)
            except OSError as error:
                if error.errno != EEXIST:
                    raise
                # Two files in one nanosecond: take the next one.
            else:
                break
        self._unlink(name)
        self._prune()

    def _prune(self) -> None:
        names = [name for name in posix.listdir(self._dir) if name[:1] == "@" and len(name) >= 25]
        # One of the files that are kept is `current`.
        for name in sorted(names)[: max(0, len(names) - self.keep + 1)]:
            self._unlink(name.encode())

    def _seal(self) -> None:
        """All of `current` is on disk, and its mode says so."""
        posix.fsync(self._fd)
        posix.fchmod(self._fd, 0o744)

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        posix.close(fd)

    def _create(self, name: bytes) -> int:
        fd = self._open(name, NEW, 0o644)
        try:
            posix.fchmod(fd, 0o644)
        except OSError:
            posix.close(fd)
            raise
        return fd

    def _open(self, name: bytes, flags: int, mode: int) -> int:
        return posix.open(name, flags, mode, dir_fd=self._dir)

    def _unlink(self, name: bytes) -> None:
        try:
            posix.unlink(name, dir_fd=self._dir)
        except OSError as error:
            if error.errno != ENOENT:
                raise
