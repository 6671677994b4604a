"""A change of files: `current` is closed, the next one is begun, and the old one is filed.

`stage` says how far that is, and for each stage there is the step that leads on. What raises an
OSError in a step leaves the stage as it was, so that step is begun again by the next call; and
each may be, wherever it was cut short.

| stage     | its step                                                          | leads to        |
| REMOVED   | have the directory, the lock and the intent file again            | COPYING, FILED  |
| COPYING   | copy what is there no more to `previous`, or to a new `current`   | UNFILED, FILED  |
| SYNCING   | have `previous` on disk, in a thread (log/pipe/background)         | UNFILED         |
| UNFILED   | file `previous` as @TAI64N.s; or have it processed                | FILED, PROCESSED|
| PROCESSED | remove `previous`, keep `newstate`, file `processed`              | FILED           |
| FILED     | nothing is left to do; the next change makes `current` `previous` | SYNCING, UNFILED|

Whether there is a `current` is another question. If none can be begun, `previous` is filed first:
with that go the oldest files, which may be what makes room.
"""

import posix
from errno import EAGAIN

from ..pipe import background
from ..pipe.intent_log import IntentLog
from .current import CURRENT, complete
from .folder import APPEND
from .processor import Processor, ProcessorFailed
from .recovery import Recovery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..pipe.splitter import JoinedLog

REMOVED, COPYING, SYNCING, UNFILED, PROCESSED, FILED = range(6)
# While the file before `current` is not among the finished ones.
FILING = SYNCING, UNFILED, PROCESSED
WRITTEN_AGAIN = b"removed; what it had is written again"
REPLACED = b"replaced or renamed; what comes is in a new one"


class DirectoryLocked(OSError):
    """Somebody else has the lock. It is told as any error, and not waited out in silence."""


class Rotation:
    """Changes files in what RECOVERY sees to, for LOG of INTENT_LOG, and has PROCESSOR run."""

    __slots__ = (
        "_current",
        "_folder",
        "_intent_log",
        "_job",
        "_log",
        "_old",
        "_processor",
        "_recovery",
        "_removed",
        "_rest",
        "renewed",
        "stage",
    )

    def __init__(
        self,
        log: "JoinedLog",
        recovery: Recovery,
        processor: Processor | None,
        intent_log: IntentLog | None,
    ) -> None:
        self.stage = FILED
        self.renewed = b""  # how the directory was had again, if nobody has said so
        self._log = log
        self._recovery = recovery
        self._folder = recovery.folder
        self._current = recovery.current
        self._processor = processor
        self._intent_log = intent_log
        self._removed = -1  # what was `current`, while it has to be copied
        self._rest = -1  # from where on, once that is known
        self._old = -1  # what is `previous`, until all of it is on disk
        self._job: background.Job | None = None  # that sees to that

    def change(self) -> None:
        """Change files, and see to what is left of the change before.

        While the file before is still with the processor that is a BlockingIOError. A `current`
        that was removed, with its directory or without, is written again as the old one; what
        somebody has put in its place is filed, and the next one begins with what that lacks.
        """
        try:
            self._change()
        except (FileNotFoundError, ProcessorFailed):
            if self.stage == REMOVED or not self._current.missing():
                raise
            self.stage = REMOVED
            self._change()

    def _change(self) -> None:
        renews = self.stage == REMOVED
        self._go_on()
        current = self._current
        if self.stage == FILED and not renews and current.fd >= 0 and current.missing():
            self.stage = REMOVED
            self._go_on()
        if self.stage != FILED:
            raise BlockingIOError(EAGAIN, "")
        # What is there by now had only to be had again, or is full as well.
        full = self._log.largest() if renews else 1
        if current.written >= full and current.fd >= 0:
            self._set_aside()
        if current.fd < 0:
            self._folder.about_to(b"create", CURRENT)
            current.create()
        self._log.due = False
        self._go_on()

    def _set_aside(self) -> None:
        """Have `current` be `previous`, and on disk; where there is a thread for that, later."""
        if background.host:
            self._folder.rename(CURRENT, b"previous")
            self._old, self._current.fd = self._current.fd, -1
            self.stage = SYNCING
            return
        self._current.seal()
        self._folder.rename(CURRENT, b"previous")
        self.stage = UNFILED
        self._current.close()

    def file(self) -> None:
        """Have the file before `current` among the finished ones, or go on to have it processed."""
        try:
            self._go_on()
        except (FileNotFoundError, ProcessorFailed):
            if not self._current.missing():
                raise
            # Where it was to be is nothing any more: the next file is begun elsewhere.
            self.stage = REMOVED

    def finish(self) -> None:
        """Do what is left, now that nothing more is written; the processor is waited for."""
        if self._processor:
            self._processor.reap()
        if self._current.fd >= 0 and self._current.missing():
            self.stage = REMOVED
            self.change()
        if self.stage == SYNCING:
            self.file()
            if self._job:
                self._job.wait()
        if self.stage in FILING:
            if self._processor:
                self._processor.end(self._folder)
            self.file()

    def close(self) -> None:
        """Close what is open, as a kill would."""
        self._close_old()
        fd, self._removed = self._removed, -1
        if fd >= 0:
            posix.close(fd)

    def _close_old(self) -> None:
        job, self._job = self._job, None
        if job:
            job.wait()
        fd, self._old = self._old, -1
        if fd >= 0:
            posix.close(fd)

    def _go_on(self) -> None:
        """Do the steps that are left, up to one that has to wait: it leaves the stage as it was."""
        steps = self._renew, self._copy_removed, self._sync_old, self._process, self._replace
        before = -1
        while self.stage not in (before, FILED):
            before = self.stage
            steps[before]()

    def _renew(self) -> None:
        busy = self._job and not self._job.done
        if busy or (self._processor and not self._processor.forget()):
            raise BlockingIOError(EAGAIN, "")
        self._close_old()
        self._folder.release()
        try:
            self._folder.acquire(patient=False)
        except BlockingIOError:
            raise DirectoryLocked(EAGAIN, "") from None
        self._recovery.finished.forget()
        if self._current.fd >= 0 and self._rest < 0:
            self._rest = self._recovery.rest(self._current.fd, self._log.largest())
        self._recovery.file_unfinished()
        posix.close(self._folder.open(b"state", APPEND, 0o644))
        if self._intent_log and self._log.joined:
            self._folder.doing = b"write to " + self._folder.path + b"/note"
            self._intent_log.moved(self._log, self._folder.fd)
        if self._current.fd >= 0:
            self._removed, self._current.fd = self._current.fd, -1
        self.stage = COPYING if self._removed >= 0 else FILED
        self.renewed = REPLACED if self._rest > 0 else WRITTEN_AGAIN

    def _copy_removed(self) -> None:
        copied = self._recovery.copy_rest(self._removed, self._rest, self._log.largest())
        self.stage, self._rest = UNFILED if copied else FILED, -1
        self.close()

    def _sync_old(self) -> None:
        job, fd = self._job, self._old
        if background.host and not job:
            self._job = background.host.submit(lambda: complete(fd))
        elif job and job.done:
            self._job = None
            self._folder.about_to(b"write to disk", b"previous")
            if job.error:
                raise job.error
            self._close_old()
            self.stage = UNFILED

    def _process(self) -> None:
        if not self._processor:
            self._recovery.finished.file(b"previous", b"s")
            self.stage = FILED
        elif self._processor.run(self._folder):
            self.stage = PROCESSED

    def _replace(self) -> None:
        self._folder.unlink(b"previous")
        try:
            self._folder.rename(b"newstate", b"state")
        except FileNotFoundError:
            # That was done before something else went wrong.
            pass
        self._recovery.finished.file(b"processed", self._recovery.code)
        self.stage = FILED
