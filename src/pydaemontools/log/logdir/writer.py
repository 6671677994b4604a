"""A log directory as multilog keeps it: `current`, and finished files named by their time.

daemontools 0.76, multilog: the execute bit of a file says that all of it is on disk. So
`current` is 0644 while it is written and 0744 after a clean end; a finished file is 0744
and called @TAI64N.s, one that was cut off by a crash @TAI64N.u. `lock` keeps two writers
apart.
"""

import posix
from errno import EAGAIN

from .finished import Finished
from .folder import APPEND, Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..pipe.intent import Intent
    from ..pipe.intent_log import IntentLog
    from .processor import Processor

SIZE = 99999  # bytes of a file, at the most
KEEP = 10  # files, with `current`
SLACK = 2000  # a file is closed at a line's end when less than this is left
PART = 1 << 20  # bytes that begin to go to the disk together
BEHIND = 16 << 20  # bytes before them that need not be in memory any more


class Failed(Exception):
    """A processor has ended, and not well: how, and where."""


class Taken(OSError):
    """Somebody else has the lock. It is told as any error, and not waited out in silence."""


class LogDir(Folder):
    """The log directory PATH, made if it is not there, of KEEP files of SIZE bytes.

    INTENT_LOG keeps an intent file here, and may know from it where a predecessor was killed. A
    finished file goes through PROCESSOR. Raises OSError, whose filename is what could not be
    done, in words; of one that a method raises, `doing` says it.
    """

    def __init__(
        self,
        path: bytes,
        size: int = SIZE,
        keep: int = KEEP,
        intent_log: "IntentLog | None" = None,
        *,
        processor: "Processor | None" = None,
        total: int = 0,
    ) -> None:
        super().__init__(path)
        self.size = size
        self.written = 0
        self.due = False  # whether the next file has to be begun before the next write
        self.joined = False  # whether an intent says more of `current` than its mode does
        self.gone = False  # whether `current` was removed, and all of it has to be written again
        self.renewed = False  # whether that has been done, and was not told yet
        self._intent_log = intent_log
        self._finished = Finished(self, keep, total, size)
        self._rest = -1  # what was `current`, and has to be written again
        self._fd = -1  # `current`
        self._filed = True  # whether `previous` is where it belongs
        self._processor = processor
        self._processed = False  # whether `processed` is to take the place of `previous`
        try:
            self.take()
            known = intent_log.join(self, self.fd) if intent_log else None
            if not known or not self._resume(*known):
                self._start()
        except OSError as error:
            if intent_log:
                intent_log.leave(self)
            self.let_go()
            raise OSError(error.errno, "", self.doing) from error.__cause__
        if intent_log:
            intent_log.begun(self)

    def let_go(self) -> None:
        """Close what is open, as a kill would."""
        for fd in self._fd, self._rest:
            if fd >= 0:
                posix.close(fd)
        self._fd = self._rest = -1
        super().let_go()

    def room(self) -> int:
        """How many bytes `current` may still get."""
        return 0 if self._fd < 0 or self.gone else self.size - self.written

    def largest(self) -> int:
        """How many bytes a file gets."""
        return self.size

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
        self.do(b"write to", b"current")
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
        """Have what was written so far go to the disk, so that the end need not wait for it.

        What is there already leaves the memory, which goes to what comes next. Else a busy
        log would push out of it what other programs read, and always write to cold pages.
        """
        begun = (self.written - count) // PART * PART
        if begun + PART > self.written:
            return
        # A processor will read it all.
        first = begun if self._processor else max(0, begun - BEHIND)
        try:
            posix.posix_fadvise(self._fd, first, begun + PART - first, posix.POSIX_FADV_DONTNEED)
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
            self.rename(b"current", b"previous")
            self._close()
            self._filed = False
        self.do(b"create", b"current")
        self._fd = self.create(b"current")
        self.written = 0
        self.due = False
        if not self._filed:
            self._have_filed()

    def _is_gone(self) -> bool:
        """Whether what was not found is `current`; or, if there is none, the directory."""
        if self._fd < 0:
            return self.removed()
        try:
            found = self.stat(b"current")
        except FileNotFoundError:
            return True
        return found.st_ino != posix.fstat(self._fd).st_ino

    def _renew(self) -> None:
        """Have the directory for ourselves again, made anew if it was removed."""
        if self._processor and not self._processor.forget():
            raise BlockingIOError(EAGAIN, "")
        self._filed, self._processed = True, False
        super().let_go()
        try:
            self.take()
        except BlockingIOError:
            raise Taken(EAGAIN, "") from None
        self._finished.forget()
        self._recover_processed()
        self._finished.file(b"previous", b"u")
        self._finished.file(b"current", b"u")
        self.do(b"write to", b"state")
        posix.close(self.open(b"state", APPEND, 0o644))
        if self._intent_log and self.joined:
            self.doing = b"write to " + self.path + b"/note"
            self._intent_log.moved(self, self.fd)
        if self._fd >= 0:
            self._rest, self._fd = self._fd, -1
        self.gone = False
        self.renewed = True

    def _rescue(self) -> None:
        """Have all that `current` had in `previous`, as if it had just been closed."""
        self.do(b"write to", b"previous")
        if posix.fstat(self._rest).st_size:
            fd, at = self.create(b"previous"), 0
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
            self._finished.file(b"previous", b"s")
        elif self._processed or self._processor.run(self):
            self._processed = True
            self.unlink(b"previous")
            self._keep_state()
            self._finished.file(b"processed", self._processor.code)
        else:
            return
        self._filed, self._processed = True, False

    def _keep_state(self) -> None:
        try:
            self.rename(b"newstate", b"state")
        except FileNotFoundError:
            # That was done before something else went wrong.
            pass

    def sync(self) -> None:
        """All that was written is on disk."""
        if self._fd >= 0:
            self.doing = b"write " + self.path + b"/current to disk"
            posix.fsync(self._fd)

    def cut(self, inode: int, end: int) -> bool:
        """Let `current` end at END, if it is still the file INODE; whether it is."""
        if self._fd < 0 or self.position()[0] != inode or self.gone:
            return False
        posix.ftruncate(self._fd, end)
        self.written = end
        return True

    def close(self, *, whole: bool = True) -> None:
        """All that was written is on disk; a WHOLE `current` says so, if no intent says more."""
        try:
            if self._processor and not self._filed:
                self._processor.wait(self)
            if self._fd >= 0 and not posix.fstat(self._fd).st_nlink:
                self.gone = True
                self.rotate()
            if not self._filed:
                if self._processor:
                    self._processor.wait(self)
                self.file()
        finally:
            if self._fd >= 0 and whole and not self.joined:
                self._seal()
            self.let_go()

    def _resume(self, entry: "Intent", again: bool) -> bool:  # noqa: FBT001 - of one pair
        """Go on in the file that ENTRY is about, less what has to be written AGAIN.

        Whether that can be done: not if it is another's, or marked as whole.
        """
        try:
            found = self.stat(b"current")
        except FileNotFoundError:
            # Killed between two files.
            if not entry.inode:
                self._finished.file(b"previous", b"u")
            self._tidy()
            self._fd = self.create(b"current")
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
        self.do(b"stat", b"previous")
        try:
            self.stat(b"previous")
        except FileNotFoundError:
            return
        self._filed = False

    def _start(self) -> None:
        """Go on with `current` after a clean end; after any other, file what was left."""
        self.do(b"stat", b"current")
        try:
            clean = self.stat(b"current").st_mode & 0o100
        except FileNotFoundError:
            clean = 0
        if clean:
            self._append()
            self._finished.file(b"previous", b"s")
            self.written = posix.fstat(self._fd).st_size
            return
        for name in b"state", b"newstate":
            try:
                self.unlink(name)
            except OSError:
                # Whatever is wrong with it shows when it is made anew.
                pass
        self._recover_processed()
        self._finished.file(b"previous", b"u")
        self._finished.file(b"current", b"u")
        self.do(b"write to", b"state")
        posix.close(self.create(b"state"))
        self.do(b"write to", b"current")
        self._fd = self.create(b"current")

    def _append(self) -> None:
        self.do(b"append to", b"current")
        self._fd = self.open(b"current", APPEND, 0o644)
        posix.fchmod(self._fd, 0o644)

    def _recover_processed(self) -> None:
        """A processor's output counts if it was finished; else its input does."""
        try:
            finished = self.stat(b"processed").st_mode & 0o100
        except FileNotFoundError:
            return
        if finished:
            self.unlink(b"previous")
            self._finished.file(b"processed", self._processor.code if self._processor else b"s")
        else:
            self.unlink(b"processed")

    def changed(self) -> float:
        """When `current` got something the last time, if there is anything in it; else 0."""
        found = posix.fstat(self._fd)
        return found.st_mtime if found.st_size else 0.0

    def _seal(self) -> None:
        """All of `current` is on disk, and its mode says so."""
        self.sync()
        self.do(b"set mode of", b"current")
        posix.fchmod(self._fd, 0o744)

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        posix.close(fd)
