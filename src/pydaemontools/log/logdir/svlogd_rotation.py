"""How svlogd changes files (runit 2.1.2): `current` becomes @TAI64N.s, or .u for a processor.

Each step may be done again, whatever cut it short: `current` has its new name, or not yet.
"""

import posix
from errno import EAGAIN

from .current import CURRENT, Current
from .folder import APPEND
from .rotation import FILED, UNFILED, Rotation
from .svlogd_folder import SvlogdFolder
from .svlogd_processor import SvlogdProcessor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.svlogd_config import SvlogdConfig
    from ..pipe.intent_log import IntentLog
    from ..pipe.splitter import JoinedLog


class SvlogdRotation(Rotation):
    """Changes the file CURRENT in FOLDER as CONFIG says, for LOG of INTENT_LOG."""

    def __init__(
        self,
        log: "JoinedLog",
        folder: SvlogdFolder,
        current: Current,
        config: "SvlogdConfig",
        intent_log: "IntentLog | None",
    ) -> None:
        self.renewed = b""
        self._log = log
        self._intent_log = intent_log
        self._svlogd = folder
        self._current = current
        self._keep = config.keep
        self._command = SvlogdProcessor(config.processor, folder) if config.processor else None
        self._renamed = b""  # what was `current`, until the next one is there
        self.stage = FILED

    @property
    def pending(self) -> bytes:
        """The name of a file that is for the processor, if there is one."""
        return self._renamed or (self._command.name if self._command else b"")

    def change(self) -> None:
        """Begin the next file. While the one before is with the processor: a BlockingIOError."""
        self.file()
        if self.stage != FILED:
            raise BlockingIOError(EAGAIN, "")
        if self._current.fd >= 0:
            self._close_current()
        self.create(b"create new current")
        self._log.due = False
        renamed = self._renamed
        if renamed:
            self._svlogd.prune(self._keep)
        self._renamed = b""
        if renamed and self._command:
            self._command.start(renamed)
            self.stage = UNFILED

    def _close_current(self) -> None:
        """Have all of `current` on disk, and under the name of an old file."""
        folder, fd = self._svlogd, self._current.fd
        size = posix.fstat(fd).st_size
        folder.doing = b"fsync current logfile"
        posix.fsync(fd)
        folder.doing = b"set mode of current"
        posix.fchmod(fd, 0o744)
        name = folder.new_name(b"u" if self._command else b"s")
        folder.say(b"info", b"rename: %b/current %b %d" % (folder.path, name, size))
        try:
            folder.move(CURRENT, name, b"current")
        except FileNotFoundError:
            if not self._current.removed() or (folder.removed() and not self._find_again()):
                raise
            name = b""
        self._renamed = name
        self._current.close()

    def _find_again(self) -> bool:
        """Go on in the directory that stands where ours was removed; return whether one does."""
        if not self._svlogd.renew():
            return False
        if self._intent_log and self._log.joined:
            self._intent_log.moved(self._log, self._svlogd.fd)
        return True

    def create(self, what: bytes) -> None:
        """Begin a file, or go on with the one that is there; WHAT is that in words."""
        folder = self._svlogd
        folder.doing = what
        fd = folder.open(CURRENT, APPEND, 0o644)
        self._current.fd = fd
        self._current.written = posix.fstat(fd).st_size
        folder.doing = b"set mode of current"
        posix.fchmod(fd, 0o644)

    def set_aside(self) -> None:
        """Have what is there, and was not marked as complete, as an old file."""
        folder = self._svlogd
        name = folder.new_name(b"u")
        folder.move(CURRENT, name, b"current")
        folder.prune(self._keep)

    def file(self) -> None:
        """See to the file that is with the processor, if there is one."""
        if self._command and self._command.done():
            self.stage = FILED

    def finish(self) -> None:
        """Wait until the processor has done with its file, however often it fails."""
        if self._command:
            self._command.wait()
        self.stage = FILED

    def close(self) -> None:
        """Nothing is open here."""
