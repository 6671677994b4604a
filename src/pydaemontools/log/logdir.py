"""A log directory as multilog keeps it: `current`, and finished files named by their time.

daemontools 0.76, multilog: the execute bit of a file says that all of it is on disk. So
`current` is 0644 while it is written and 0744 after a clean end; a finished file is 0744
and called @TAI64N.s, one that was cut off by a crash @TAI64N.u. `lock` keeps two writers
apart.
"""

import posix
from errno import EAGAIN, ENOENT
from fcntl import LOCK_EX, LOCK_NB, flock, lockf

from .tai64n import after, stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ledger import Ledger
    from .note import Entry
    from .processor import Processor

SIZE = 99999  # bytes of a file, at the most
KEEP = 10  # files, with `current`
SLACK = 2000  # a file is closed at a line's end when less than this is left
PART = 1 << 20  # bytes that begin to go to the disk together
LABEL = 25  # bytes of a name that are its time
# For reading too: what is in a `current` that was removed has to be had from the open file.
NEW = posix.O_RDWR | posix.O_NONBLOCK | posix.O_TRUNC | posix.O_CREAT | posix.O_CLOEXEC
APPEND = posix.O_RDWR | posix.O_NONBLOCK | posix.O_APPEND | posix.O_CREAT | posix.O_CLOEXEC


class Failed(Exception):
    """A processor has ended, and not well: how, and where."""


class Taken(OSError):
    """Somebody else has the lock. It is told as any error, and not waited out in silence."""


class LogDir:
    """The log directory PATH, made if it is not there, of KEEP files of SIZE bytes.

    LEDGER keeps a note here, and may know from it where a predecessor was killed. A finished
    file goes through PROCESSOR. Raises OSError, whose filename is what could not be done, in
    words; of one that a method raises, `doing` says it.
    """

    def __init__(
        self,
        path: bytes,
        size: int = SIZE,
        keep: int = KEEP,
        ledger: "Ledger | None" = None,
        *,
        processor: "Processor | None" = None,
        total: int = 0,
    ) -> None:
        self.path = path
        self.size = size
        self.keep = keep
        self.total = total  # bytes of all files, at the most; 0 for no limit
        self.written = 0
        self.due = False  # whether the next file has to be begun before the next write
        self.noted = False  # whether a note says more of `current` than its mode does
        self.doing = b""  # what is tried, in words for a message
        self.gone = False  # whether `current` was removed, and all of it has to be written again
        self.renewed = False  # whether that has been done, and was not told yet
        self._ledger = ledger
        self._newest = b""  # the time in the name of the newest old file, once it was looked for
        self._rest = -1  # what was `current`, and has to be written again
        self._fd = self._dir = self._lock = -1
        self._filed = True  # whether `previous` is where it belongs
        self._processor = processor
        self._processed = False  # whether `processed` is to take the place of `previous`
        try:
            self._take()
            known = ledger.join(self, self._dir) if ledger else None
            if not known or not self._resume(*known):
                self._start()
        except OSError as error:
            if ledger:
                ledger.leave(self)
            self.let_go()
            raise OSError(error.errno, "", self.doing) from None
        if ledger:
            ledger.begun(self)

    def _take(self) -> None:
        """Have the directory for ourselves."""
        self.doing = b"open directory " + self.path
        try:
            posix.mkdir(self.path, 0o700)
        except OSError:
            # Whatever is wrong with it shows when it is opened.
            pass
        self._dir = posix.open(self.path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
        self.doing = b"lock directory " + self.path
        self._lock = self.open(b"lock", APPEND, 0o600)
        flock(self._lock, LOCK_EX | LOCK_NB)
        # s6-log has the other kind.
        lockf(self._lock, LOCK_EX | LOCK_NB)

    def let_go(self) -> None:
        """Close what is open, as a kill would."""
        for fd in self._fd, self._rest, self._lock, self._dir:
            if fd >= 0:
                posix.close(fd)
        self._fd = self._rest = self._dir = self._lock = -1

    def room(self) -> int:
        """How many bytes `current` may still get."""
        return 0 if self._fd < 0 or self.gone else self.size - self.written

    def fresh(self) -> bool:
        """Whether `current` is there and empty."""
        return self._fd >= 0 and not self.written and not self.gone

    def position(self) -> tuple[int, int]:
        """Which file is `current`, and where it ends; 0 and 0 if there is none."""
        if self._fd < 0:
            return 0, 0
        found = posix.fstat(self._fd)
        if not found.st_nlink:
            # What is written now goes nowhere; the next file gets it too.
            self.gone = True
        return found.st_ino, found.st_size

    def write(self, data: bytes) -> int:
        """Write the beginning of DATA, as much as fits; give how much. Rotates when full.

        Raises OSError when nothing could be written; then the same call may be made again.
        """
        if not self._filed:
            self.file()
        if self._fd < 0 or self.written >= self.size:
            self.rotate()
        self._do(b"write to", b"current")
        room = self.size - self.written
        chunk = data[:room]
        if self.written + len(chunk) >= self.size - SLACK:
            chunk = chunk[: chunk.rfind(b"\n") + 1] or chunk
        count = posix.write(self._fd, chunk)
        self.written += count
        self._start_on_disk(count)
        if self.written >= self.size - SLACK and chunk[count - 1 : count] == b"\n":
            # Full enough. Whatever goes wrong here is found again by the next write.
            self.written = self.size
        return count

    def _start_on_disk(self, count: int) -> None:
        """Have what was written so far go to the disk, so that the end need not wait for it."""
        begun = (self.written - count) // PART * PART
        if begun + PART > self.written:
            return
        try:
            posix.posix_fadvise(self._fd, begun, PART, posix.POSIX_FADV_DONTNEED)
        except OSError:
            # It is written all the same, and was only to be sooner.
            pass

    def rotate(self) -> None:
        """Close `current`, open a new one, and see that the old one is filed under its time.

        What raised an OSError is begun again by the next call, at the step that failed. While
        the file before is still with the processor that is a BlockingIOError. A `current` that
        was removed, with its directory or without, is written again as the old one.
        """
        try:
            self._rotate()
        except (FileNotFoundError, Failed):
            if self.gone or not self._is_gone():
                raise
            self.gone = True
            self._rotate()

    def _rotate(self) -> None:
        if self.gone:
            self._renew()
        if self._rest >= 0:
            self._rescue()
        if not self._filed:
            self._have_filed()
        if not self._filed:
            raise BlockingIOError(EAGAIN, "")
        if self._fd >= 0:
            self._seal()
            self.doing = b"rename current to previous in directory " + self.path
            posix.rename(b"current", b"previous", src_dir_fd=self._dir, dst_dir_fd=self._dir)
            self._close()
            self._filed = False
        self._do(b"create", b"current")
        self._fd = self._create(b"current")
        self.written = 0
        self.due = False
        if not self._filed:
            self._have_filed()

    def _is_gone(self) -> bool:
        """Whether what was not found is `current`; or, if there is none, the directory."""
        if self._fd < 0:
            return not posix.fstat(self._dir).st_nlink
        try:
            found = posix.stat(b"current", dir_fd=self._dir)
        except FileNotFoundError:
            return True
        return found.st_ino != posix.fstat(self._fd).st_ino

    def _renew(self) -> None:
        """Have the directory for ourselves again, made anew if it was removed."""
        if self._processor and not self._processor.forget():
            raise BlockingIOError(EAGAIN, "")
        self._filed, self._processed = True, False
        for fd in self._lock, self._dir:
            if fd >= 0:
                posix.close(fd)
        self._lock = self._dir = -1
        try:
            self._take()
        except BlockingIOError:
            raise Taken(EAGAIN, "") from None
        self._newest = b""
        self._recover_processed()
        self._file(b"previous", b"u")
        self._file(b"current", b"u")
        self._do(b"write to", b"state")
        posix.close(self.open(b"state", APPEND, 0o644))
        if self._ledger and self.noted:
            self.doing = b"write to " + self.path + b"/note"
            self._ledger.moved(self, self._dir)
        if self._fd >= 0:
            self._rest, self._fd = self._fd, -1
        self.gone = False
        self.renewed = True

    def _rescue(self) -> None:
        """Have all that `current` had in `previous`, as if it had just been closed."""
        self._do(b"write to", b"previous")
        if posix.fstat(self._rest).st_size:
            fd, at = self._create(b"previous"), 0
            try:
                while count := posix.sendfile(fd, self._rest, at, PART):
                    at += count
                posix.fsync(fd)
                posix.fchmod(fd, 0o744)
            finally:
                posix.close(fd)
            self._filed = False
        fd, self._rest = self._rest, -1
        posix.close(fd)

    @property
    def filed(self) -> bool:
        """Whether the file before `current` is among the old ones."""
        return self._filed

    def file(self) -> None:
        """Have the file before `current` among the old ones, or go on to have it processed."""
        try:
            self._have_filed()
        except (FileNotFoundError, Failed):
            if not self._is_gone():
                raise
            # Where it was to be is nothing any more: the next file is begun elsewhere.
            self.gone = True

    def _have_filed(self) -> None:
        if not self._processor:
            self._file(b"previous", b"s")
        elif self._processed or self._processor.run(self):
            self._processed = True
            self._unlink(b"previous")
            self._keep_state()
            self._file(b"processed", self._processor.code)
        else:
            return
        self._filed, self._processed = True, False

    def _keep_state(self) -> None:
        self.doing = b"rename newstate to state in directory " + self.path
        try:
            posix.rename(b"newstate", b"state", src_dir_fd=self._dir, dst_dir_fd=self._dir)
        except FileNotFoundError:
            # That was done before something else went wrong.
            pass

    def sync(self) -> None:
        """All that was written is on disk."""
        if self._fd >= 0:
            self.doing = b"write " + self.path + b"/current to disk"
            posix.fsync(self._fd)

    def close(self) -> None:
        """All that was written is on disk, and `current` says so, if no note says more."""
        try:
            if self._processor and not self._filed:
                self._processor.wait()
            if self._fd >= 0 and not posix.fstat(self._fd).st_nlink:
                self.gone = True
                self.rotate()
            if not self._filed:
                if self._processor:
                    self._processor.wait()
                self.file()
        finally:
            if self._fd >= 0 and not self.noted:
                self._seal()
            self.let_go()

    def _resume(self, entry: "Entry", again: bool) -> bool:  # noqa: FBT001 - of one pair
        """Go on in the file that ENTRY is about, less what has to be written AGAIN.

        Whether that can be done: not if it is another's, or marked as whole.
        """
        try:
            found = posix.stat(b"current", dir_fd=self._dir)
        except FileNotFoundError:
            # Killed between two files.
            if not entry.inode:
                self._file(b"previous", b"u")
            self._tidy()
            self._fd = self._create(b"current")
            return True
        end = found.st_size
        ours = found.st_ino == entry.inode and not found.st_mode & 0o100
        if end and not (ours and entry.offset <= end and (not again or end <= entry.limit)):
            return False
        self._tidy()
        self._append()
        if end and again:
            posix.ftruncate(self._fd, entry.offset)
        self.written = posix.fstat(self._fd).st_size
        return True

    def _tidy(self) -> None:
        """See to what a change of files left that was cut short: it was whole by then."""
        self._recover_processed()
        self._do(b"stat", b"previous")
        try:
            posix.stat(b"previous", dir_fd=self._dir)
        except FileNotFoundError:
            return
        self._filed = False

    def _start(self) -> None:
        """Go on with `current` after a clean end; after any other, file what was left."""
        self._do(b"stat", b"current")
        try:
            clean = posix.stat(b"current", dir_fd=self._dir).st_mode & 0o100
        except FileNotFoundError:
            clean = 0
        if clean:
            self._append()
            self._file(b"previous", b"s")
            self.written = posix.fstat(self._fd).st_size
            return
        for name in b"state", b"newstate":
            try:
                self._unlink(name)
            except OSError:
                # Whatever is wrong with it shows when it is made anew.
                pass
        self._recover_processed()
        self._file(b"previous", b"u")
        self._file(b"current", b"u")
        self._do(b"write to", b"state")
        posix.close(self._create(b"state"))
        self._do(b"write to", b"current")
        self._fd = self._create(b"current")

    def _append(self) -> None:
        self._do(b"append to", b"current")
        self._fd = self.open(b"current", APPEND, 0o644)
        posix.fchmod(self._fd, 0o644)

    def _recover_processed(self) -> None:
        """A processor's output counts if it was finished; else its input does."""
        try:
            finished = posix.stat(b"processed", dir_fd=self._dir).st_mode & 0o100
        except FileNotFoundError:
            return
        if finished:
            self._unlink(b"previous")
            self._file(b"processed", self._processor.code if self._processor else b"s")
        else:
            self._unlink(b"processed")

    def _file(self, name: bytes, code: bytes) -> None:
        """Give the file NAME its place among the old ones, and drop what is too old."""
        self._do(b"stat", name)
        try:
            links = posix.stat(name, dir_fd=self._dir).st_nlink
        except FileNotFoundError:
            return
        if links == 1:
            if not self._newest:
                labels = filter(_is_label, (old[:LABEL] for old in self._old()))
                self._newest = max(labels, default="").encode()
            self._do(b"link to", name)
            label = stamp()
            if label <= self._newest:
                # The clock went back: by its time this one would be the first to be removed.
                label = after(self._newest)
            posix.link(name, label + b"." + code, src_dir_fd=self._dir, dst_dir_fd=self._dir)
            self._newest = label
        self._unlink(name)
        self._prune()

    def _old(self) -> list[str]:
        """The names of the old files, in no order."""
        self.doing = b"read " + self.path
        names = posix.listdir(self._dir)
        return [name for name in names if name[:1] == "@" and len(name) >= LABEL]

    def _prune(self) -> None:
        names = sorted(self._old(), reverse=True)
        # One of the files that are kept is `current`.
        kept = min(len(names), self.keep - 1)
        room = self.total - self.size
        while self.total and kept and sum(map(self._bytes, names[:kept])) > room:
            kept -= 1
        for name in reversed(names[kept:]):
            self._unlink(name.encode())

    def _bytes(self, name: str) -> int:
        return posix.stat(name, dir_fd=self._dir).st_size

    def changed(self) -> float:
        """When `current` got something the last time, if there is anything in it; else 0."""
        found = posix.fstat(self._fd)
        return found.st_mtime if found.st_size else 0.0

    def _seal(self) -> None:
        """All of `current` is on disk, and its mode says so."""
        self.sync()
        self._do(b"set mode of", b"current")
        posix.fchmod(self._fd, 0o744)

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        posix.close(fd)

    def _create(self, name: bytes) -> int:
        fd = self.open(name, NEW, 0o644)
        try:
            posix.fchmod(fd, 0o644)
        except OSError:
            posix.close(fd)
            raise
        return fd

    def enter(self) -> None:
        """Make it the current directory."""
        posix.fchdir(self._dir)

    def open(self, name: bytes, flags: int, mode: int = 0) -> int:
        """Open the file NAME in it."""
        return posix.open(name, flags, mode, dir_fd=self._dir)

    def _do(self, verb: bytes, name: bytes) -> None:
        self.doing = verb + b" " + self.path + b"/" + name

    def _unlink(self, name: bytes) -> None:
        self._do(b"remove", name)
        try:
            posix.unlink(name, dir_fd=self._dir)
        except OSError as error:
            if error.errno != ENOENT:
                raise


def _is_label(name: str) -> bool:
    """Whether NAME is a time, and not only as long as one; before TAI64 ends."""
    return name < "@8" and not name[1:].strip("0123456789abcdef")
