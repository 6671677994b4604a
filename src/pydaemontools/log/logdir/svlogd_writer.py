"""A log directory as svlogd keeps it (runit 2.1.2), with an intent file beside.

After a clean end `current` is 0744, and the next one goes on with it. After a kill ours goes on
where the intent says; whoever finds none to believe has it as @TAI64N.u, as the original does.
"""

import posix

from ..pipe.intent_log import IntentLog
from ..pipe.splitter import NO_END
from .current import CURRENT, Current
from .finished import Finished
from .folder import is_ours
from .rotation import FILED
from .svlogd_folder import WRITING, SvlogdFolder
from .svlogd_rotation import SvlogdRotation
from .writer import BEHIND, LogDir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.svlogd_config import SvlogdConfig
    from ..pipe.intent import Intent


class SvlogdDir(LogDir):
    """The log in FOLDER, which is ours, as CONFIG says; a file ends at the first line's end among
    its last MOST bytes. INTENT_LOG keeps an intent file in it.

    begin() has a file to write to.
    """

    def __init__(
        self, folder: SvlogdFolder, config: "SvlogdConfig", most: int, intent_log: IntentLog | None
    ) -> None:
        self.size = config.size or NO_END
        self.due = False
        self.joined = False
        self.folder: SvlogdFolder = folder
        self.config = config
        self._full = self.size - most if self.size >= most else NO_END
        self._writing = WRITING
        self._current = Current(folder)
        self._intent_log = intent_log
        # A processor will read all of a file: it stays in the memory.
        self._behind = 0 if config.processor else BEHIND
        self._finished = Finished(folder, config.keep, 0, 0)
        self.rotation: SvlogdRotation = SvlogdRotation(
            self, folder, self._current, config, intent_log
        )
        self._known = intent_log.join(self, folder.fd) if intent_log else None

    def begin(self) -> None:
        """Have a file to write to: the one that is there, if it was marked as complete, or if an
        intent says where it goes on. Raises OSError; then the same call may be made again.
        """
        folder = self.folder
        folder.doing = b"stat current"
        folder.drop_twins()
        found = folder.find(CURRENT)
        intent, again = self._known or (None, False)
        resumed = bool(found and intent and self._resumes(found, intent, again=again))
        going_on = found and (resumed or not found.st_size or bool(found.st_mode & 0o100))
        if found and not going_on:
            self.rotation.set_aside()
        self.rotation.create(b"open current")
        if resumed and intent and again:
            posix.ftruncate(self._current.fd, intent.offset)
            self._current.written = intent.offset
        self._known = None
        folder.say(b"info", (b"append: " if going_on else b"new: ") + folder.path + b"/current")
        if self._intent_log:
            inside = resumed and intent is not None and intent.straight and self.inside()
            self._intent_log.begun(self, inside=inside)

    def _resumes(self, found: posix.stat_result, intent: "Intent", *, again: bool) -> bool:
        """Return whether `current`, as it was FOUND, is what INTENT is about, and not complete."""
        if not found.st_size or found.st_mode & 0o100 or not is_ours(found):
            return False
        fits = intent.offset <= found.st_size and (not again or found.st_size <= intent.limit)
        return found.st_ino == intent.inode and fits

    def left(self) -> int:
        """Return how many bytes `current` gets until a line's end is the end of it."""
        return self._full - self._current.written

    def room(self) -> int:
        """Return how many bytes `current` may still get."""
        return self.size - self._current.written if self._current.fd >= 0 else 0

    def position(self) -> tuple[int, int]:
        """Return which file is `current`, and where it ends; 0 and 0 if there is none."""
        if self._current.fd < 0:
            return 0, 0
        found = posix.fstat(self._current.fd)
        return found.st_ino, found.st_size

    def _piece(self, chunk: bytes) -> bytes:
        if not self.joined and len(chunk) > (left := self.left()):
            # Nobody has cut that for us.
            chunk = chunk[: chunk.find(b"\n", max(0, left - 1)) + 1] or chunk
        return chunk

    def spare(self) -> int:
        """Return how many bytes `current` may get with nothing else to be done."""
        plainly = self.rotation.stage == FILED and not self.due and self._current.fd >= 0
        return min(self.left() - 1, self.room()) if plainly else 0

    def make_room(self, error: OSError) -> bool:
        """Remove an old file if ERROR is that the disk is full; return whether that was done."""
        config = self.config
        if config.few >= config.keep:
            return False
        return self.folder.make_room(error, config.few, self.rotation.pending)

    def close(self, *, complete: bool = True) -> None:
        """Have all on disk, and the processor done; a COMPLETE `current` says so."""
        self.rotation.finish()
        self.folder.say(b"info", b"close: " + self.folder.path)
        super().close(complete=complete)
