"""A log directory as a place for lines."""

import time
from errno import EIO

from ...base.cli import say
from ...base.errors import error_str
from ...base.warn_once import WarnOnce
from ..lines.age import turns
from ..lines.batch import Batch, stamped
from ..logdir.processor import Processor, ProcessorFailed
from ..logdir.rotation import REMOVED
from ..logdir.writer import LogDir
from ..pipe.sink import Sink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..lines.actions import ActionTarget
    from ..lines.selection import BatchFilter
    from ..logdir.retention import Retention
    from ..pipe.intent_log import IntentLog

FOREVER = float("inf")
LONGEST = 1.0  # seconds between two looks at a processor, if nobody tells that it has ended


def open_log(who: bytes, output: "ActionTarget", intent_log: "IntentLog | None") -> LogDir:
    """Return the log directory that OUTPUT wants, for WHO; raises OSError if it cannot be had."""
    processor = None if output.command is None else Processor(who, output.command, output.code)
    size, keep = output.size, output.keep
    total, retain = output.total, output.retain
    return LogDir(
        output.name, size, keep, intent_log, processor=processor, total=total, retain=retain
    )


class DirectorySink(Sink):
    """The log directory LOG, written to by WHO.

    LABEL gives what stands before each line, SELECTION says which lines are for it. After
    what went wrong there is a pause of so many seconds; it is said once, or again with ALWAYS.
    A file is closed when it is full, and when it is AGE seconds old if that is not 0.
    """

    stalled = False
    takes_text = True

    def __init__(
        self,
        log: LogDir,
        who: bytes,
        label: "Callable[[], bytes] | None" = None,
        selection: "BatchFilter | None" = None,
        pause: float = 1.0,
        *,
        always: bool = False,
        age: int = 0,
    ) -> None:
        super().__init__(log.folder.path)
        self._warning = WarnOnce(who)
        self._unpruned = WarnOnce(who)
        self.log = log
        self._who = who
        self._label = label
        self._selection = None if selection and selection.everything else selection
        self._pause = pause
        self._always = always
        self._data = b""
        self._retry_at = 0.0
        self._mark = 0, 0  # where the last block began
        self._age = age
        self._ages = age > 0 or log.retention is not None  # whether time alone is a reason to act
        self._next = FOREVER  # when the file is old
        if age:
            last, self._next = turns(time.time(), age)
            # It may have become old while nobody was here.
            self.log.due = 0 < log.changed() < last

    @property
    def held(self) -> int:
        """Bytes that wait here to be written."""
        return len(self._data)

    @property
    def takes_all(self) -> bool:
        """Whether each line is written, and as it is."""
        return not self._label and not self._selection

    @property
    def _waits(self) -> bool:
        return bool(self._data) or self.log.due

    def send(self, batch: Batch) -> None:
        """Write BATCH, or hold what cannot be written now."""
        if self._selection:
            batch = self._selection.of(batch)
        self.hold(stamped(batch, self._label()) if self._label else batch.pieces)

    def hold(self, pieces: "Sequence[bytes | memoryview]") -> None:
        """Write PIECES, or hold what cannot be written now."""
        if self._data:
            self._data = b"".join((self._data, *pieces))
        else:
            try:
                if not (left := self.log.gather(pieces)):
                    return
                self._data = b"".join(pieces)[-left:]
            except OSError as error:
                self._data = b"".join(pieces)
                self._troubled(error)
        self.flush()

    def mark(self) -> None:
        """Remember where the log stands: here the next block begins."""
        self._mark = self.log.position()

    def back(self) -> None:
        """Let the log end where the last block began, if that is in the same file."""
        if self.log.cut(*self._mark):
            self._data = b""

    def turn(self, *, full: bool = False) -> None:
        """Begin a new file, if there is something in this one, or it is FULL; see to old files."""
        log = self.log
        if not self._ages and full and log.room() > 0:
            # Nearly always.
            return
        old = time.time() >= self._next
        if old:
            _, self._next = turns(time.time(), self._age)
        if not log.fresh() if old or not full else log.room() <= 0:
            log.due = True
            self.flush()
        retention = log.retention
        if log.surplus or (retention and retention.due() <= 0):
            self._prune(retention)

    def _prune(self, retention: "Retention | None") -> None:
        """Remove files that are too many or too old; one that cannot be is no reason to read
        nothing.
        """
        removed = self.log.rotation.stage == REMOVED
        try:
            if not removed:
                self.log.prune()
        except OSError as error:
            removed = True
            doing = self.log.folder.doing
            self._unpruned.warn(b"unable to " + doing + b": " + error_str(error))
        else:
            if not (removed or self.log.pruning):
                self._unpruned.clear()
        if removed and retention:
            retention.put_off()

    def flush(self) -> None:
        """Try again to write what is held, and see to the file before."""
        log = self.log
        untidy = log.untidy
        if not (untidy or log.due or self._data):
            # Nearly always.
            self.stalled = False
        elif time.monotonic() >= self._retry_at:
            self._flush(untidy=untidy)

    def _flush(self, *, untidy: bool) -> None:
        """Write what is held, and see to the file before if that is UNTIDY, as far as that goes."""
        log, rotation = self.log, self.log.rotation
        try:
            if untidy:
                log.tidy()
            if log.due:
                rotation.change()
            while self._data:
                self._data = self._data[log.write(self._data) :]
        except BlockingIOError:
            # The file before is still with the processor; that it ends will wake us.
            self.stalled = True
        except ProcessorFailed as failed:
            say(self._who + b": warning: " + failed.args[0] + b", pausing")
            # It is run again after a while, and until then the log goes on.
            self.flush()
        except OSError as error:
            self._troubled(error)
        else:
            self.stalled = False
            if self._warning.warned:
                self._warning.clear()
        self._tell()

    def _tell(self) -> None:
        """Say that the directory or its file was removed or replaced, once it is there again."""
        if how := self.log.rotation.renewed:
            self.log.rotation.renewed = b""
            say(self._who + b": warning: " + self.path + b"/current was " + how)

    def _troubled(self, error: OSError) -> None:
        self.stalled = self._waits
        self._retry_at = time.monotonic() + self._pause
        if self._always:
            self._warning.clear()
        doing = self.log.folder.doing
        self._warning.warn(b"unable to " + doing + b", pausing: " + error_str(error))

    def due(self) -> float | None:
        """Return in how many seconds a flush makes sense; None if there is nothing to flush."""
        if self._data or self.log.due or self.log.untidy:
            rest = self._retry_at - time.monotonic()
            return rest if rest > 0 else LONGEST if self.stalled or not self._waits else 0.0
        return None

    def turn_due(self) -> float | None:
        """Return in how many seconds a file is old, or a look at that is due; None if never."""
        if not self._ages:
            return None
        dues = [max(0.0, self._next - time.time())] if self._age else []
        if self.log.retention:
            dues.append(self.log.retention.due())
        return min(dues, default=None)

    def lost(self) -> int:
        """Return how many lines are held that are not on disk, one without an end among them."""
        return len(self._data.splitlines())

    def syncing(self) -> bool:
        """Return whether a thread is busy with having all on disk: have it begin."""
        if self.log.surplus:
            self._prune(self.log.retention)
        try:
            return not self._data and self.log.syncing()
        except ProcessorFailed as failed:
            # It is run once more at the end.
            say(self._who + b": warning: " + failed.args[0])
            return False
        except OSError:
            # What is wrong is said by what follows.
            return False

    def sync(self) -> None:
        """Have all that was written on disk. Raises OSError if that is not so."""
        self.log.sync()

    def close(self) -> None:
        """Mark the log as complete. Raises OSError, also if the last processor failed."""
        try:
            self.log.close(complete=not self._data)
        except ProcessorFailed as failed:
            say(self._who + b": warning: " + failed.args[0])
            raise OSError(EIO, "") from None
        finally:
            self._tell()
