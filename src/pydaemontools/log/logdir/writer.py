"""A log directory as multilog keeps it: `current`, and finished files named by their time.

daemontools 0.76, multilog: a finished file is 0744 and called @TAI64N.s, one that was cut off by
a crash @TAI64N.u. `lock` keeps two writers apart.
"""

import posix

from ..pipe import background
from ..pipe.intent_log import IntentLog
from ..pipe.splitter import NO_END
from .current import Current
from .finished import Finished
from .folder import Folder
from .processor import Processor
from .recovery import Recovery
from .rotation import FILED, FILING, REMOVED, SYNCING, UNFILED, Rotation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..pipe.source import PipeSource
    from .retention import Retention

SIZE = 99999  # bytes of a file, at the most
KEEP = 10  # files, with `current`
SLACK = 2000  # a file is closed at a line's end when less than this is left
PAGE = 4096  # bytes that are written as one, whatever is killed
PART = 4 << 20  # bytes that begin to go to the disk together
BEHIND = 16 << 20  # bytes before them that need not be in memory any more


class LogDir:
    """The log directory PATH, made if it is not there, of KEEP files of SIZE bytes, whose lines
    are at most RETAIN seconds old if that is not 0.

    INTENT_LOG keeps an intent file in it, and may know from that where a predecessor was killed.
    A finished file goes through PROCESSOR. Raises OSError, whose filename is what could not be
    done, in words; of one that a method raises, `folder.doing` says it.
    """

    __slots__ = (
        "_behind",
        "_current",
        "_finished",
        "_full",
        "_intent_log",
        "_writing",
        "due",
        "folder",
        "joined",
        "rotation",
        "size",
    )

    most_lines = NO_END  # that it gets at a time

    def __init__(
        self,
        path: bytes,
        size: int = SIZE,
        keep: int = KEEP,
        intent_log: IntentLog | None = None,
        *,
        processor: Processor | None = None,
        total: int = 0,
        retain: int = 0,
    ) -> None:
        self.size = size
        self._full = size - SLACK  # bytes from which on the end of a line is its end
        self.due = False  # whether the next file has to be begun before the next write
        self.joined = False  # whether an intent says more of `current` than its mode does
        self.folder = Folder(path)
        self._current = Current(self.folder)
        self._intent_log = intent_log
        self._writing = b"write to " + path + b"/current"
        # A processor will read all of a file: it stays in the memory.
        self._behind = 0 if processor else BEHIND
        self._finished = finished = Finished(self.folder, keep, total, size)
        code = processor.code if processor else b"s"
        recovery = Recovery(self._current, finished, code)
        self.rotation = Rotation(self, recovery, processor, intent_log)
        try:
            # Others would wait as well, where there are many.
            self.folder.acquire(patient=not background.many)
            if retain:
                from .retention import Retention

                finished.retention = Retention(retain, finished.newest_line())
            known = intent_log.join(self, self.folder.fd) if intent_log else None
            if recovery.start(known):
                self.rotation.stage = UNFILED
        except OSError as error:
            if intent_log:
                intent_log.leave(self)
            self.release()
            error.filename = self.folder.doing
            raise
        if intent_log:
            inside = known is not None and known[0].straight and self._current.inside()
            intent_log.begun(self, inside=inside)

    def release(self) -> None:
        """Close what is open, as a kill would."""
        self._current.close()
        self.rotation.close()
        self.folder.release()

    def room(self) -> int:
        """Return how many bytes `current` may still get."""
        closed = self._current.fd < 0 or self.rotation.stage == REMOVED
        return 0 if closed else self.size - self._current.written

    def largest(self) -> int:
        """Return how many bytes a file gets."""
        return self.size

    def fresh(self) -> bool:
        """Return whether `current` is there and empty."""
        return self.room() > 0 and not self._current.written

    def position(self) -> tuple[int, int]:
        """Return which file is `current`, and where it ends; 0 and 0 if there is none."""
        if self._current.fd < 0:
            return 0, 0
        found = posix.fstat(self._current.fd)
        moved = found.st_ctime_ns != found.st_mtime_ns and self._current.missing()
        if moved or not found.st_nlink:
            # Where what is written now goes nobody looks; the next file gets it if that is nowhere.
            self.rotation.stage = REMOVED
        if found.st_size != self._current.written < self.size:
            # Somebody has emptied it, or written there too.
            self._current.to_end()
        return found.st_ino, found.st_size

    def inside(self) -> bool:
        """Return whether `current` ends within a line."""
        return self._current.inside()

    def changed(self) -> float:
        """Return when `current` got something the last time, if anything is in it; else 0."""
        found = posix.fstat(self._current.fd)
        return found.st_mtime if found.st_size else 0.0

    def write(self, data: bytes) -> int:
        """Write the beginning of DATA, as much as fits; return how much. Changes files when full.

        Raises OSError when nothing could be written; then the same call may be made again.
        """
        current = self._current
        if self.rotation.stage in FILING:
            self.rotation.file()
        if current.fd < 0 or current.written >= self.size:
            self.rotation.change()
        self.folder.doing = self._writing
        chunk = self._piece(data[: self.size - current.written])
        count = posix.write(current.fd, chunk)
        self._got(count)
        if current.written >= self._full and chunk[count - 1 : count] == b"\n":
            # Full enough. Whatever goes wrong here is found again by the next write.
            current.written = self.size
        return count

    def _piece(self, chunk: bytes) -> bytes:
        """Return what of CHUNK, for which there is room, is written at once."""
        if self._current.written + len(chunk) >= self._full:
            chunk = chunk[: chunk.rfind(b"\n") + 1] or chunk
        return chunk

    def gather(self, pieces: "Sequence[bytes | memoryview]") -> int:
        """Write PIECES together; return how many bytes are left: all where more is to be done than
        that, and write() does it. Raises OSError when nothing could be written.
        """
        size = sum(map(len, pieces))
        if not 0 < size <= self.spare():
            return size
        self.folder.doing = self._writing
        count = posix.writev(self._current.fd, pieces)
        self._got(count)
        return size - count

    def spare(self) -> int:
        """Return how many bytes `current` may get with nothing else to be done."""
        plainly = self.rotation.stage == FILED and not self.due and self._current.fd >= 0
        return self._full - self._current.written - 1 if plainly else 0

    def begin_line(self, label: bytes) -> bool:
        """Write LABEL, no more than there is to spare; return whether it is there, as a whole.

        Where it would stand in two pages, a kill between them might tear it. Raises OSError.
        """
        current = self._current
        before = current.written
        if before % PAGE + len(label) > PAGE:
            return False
        written = posix.write(current.fd, label)
        if written < len(label):
            posix.ftruncate(current.fd, before)
            current.to_end()
            return False
        self._got(written)
        return True

    def receive(self, source: "PipeSource", count: int) -> int:
        """Have up to COUNT bytes moved from SOURCE, no more than are to spare; return how many
        were. Raises OSError if none was.
        """
        moved = source.move(self._current.fd, None, count)
        self._got(moved)
        return moved

    def _got(self, count: int) -> None:
        """Know that COUNT bytes were written; each part that is full begins to go to the disk."""
        begun = self._current.written // PART * PART
        self._current.written += count
        if begun + PART <= self._current.written:
            self._start_on_disk(begun)

    def _start_on_disk(self, begun: int) -> None:
        """Have the part from BEGUN on go to the disk, so that the end need not wait for it.

        What is there already leaves the memory, which goes to what comes next. Else a busy
        log would push out of it what other programs read, and always write to cold pages.
        """
        first = max(0, begun - self._behind)
        end = begun + PART
        try:
            posix.posix_fadvise(self._current.fd, first, end - first, posix.POSIX_FADV_DONTNEED)
        except OSError:
            # It is written all the same, and was only to be sooner.
            pass

    def prune(self) -> None:
        """Remove finished files whose lines are all too old. Raises OSError."""
        self._finished.prune()

    @property
    def retention(self) -> "Retention | None":
        """What knows which lines are too old, if any ever are."""
        return self._finished.retention

    @property
    def surplus(self) -> bool:
        """Whether files can be removed now that had to wait, or that could not be removed."""
        return self._finished.surplus

    @property
    def pruning(self) -> bool:
        """Whether it will be seen later how a removal of files went."""
        return self._finished.removing or self._finished.surplus

    @property
    def untidy(self) -> bool:
        """Whether there is something to do with the file before `current`."""
        return self.rotation.stage in FILING

    def tidy(self) -> None:
        """See to the file before `current`, as far as that goes now."""
        self.rotation.file()

    def syncing(self) -> bool:
        """Return whether a thread is busy with having all on disk, which is to begin.

        Raises OSError.
        """
        if not background.host:
            return False
        if self.untidy:
            self.tidy()
        # All of it at once. What had to wait for a removal, which has just been done, goes too.
        syncing = self._current.syncing()
        return syncing or self.rotation.stage == SYNCING or self.pruning

    def sync(self) -> None:
        """Have all that was written on disk."""
        self._current.sync()

    def cut(self, inode: int, end: int) -> bool:
        """Let `current` end at END, if it is still the file INODE; return whether it is."""
        if self._current.fd < 0 or self.position()[0] != inode or self.rotation.stage == REMOVED:
            return False
        posix.ftruncate(self._current.fd, end)
        self._current.to_end()
        return True

    def close(self, *, complete: bool = True) -> None:
        """Have all that was written on disk; a COMPLETE `current` says so, if no intent does."""
        try:
            self.rotation.finish()
            self._finished.finish()
        finally:
            try:
                if self._current.fd >= 0 and complete and not self.joined:
                    self._current.seal()
                if self._intent_log:
                    self._intent_log.remove(self)
            finally:
                self.release()
