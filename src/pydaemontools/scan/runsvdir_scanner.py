"""The services as runsvdir has them: it looks when the directory has changed, or one has left."""

import posix
from time import monotonic, time

from ..base.shared_dir import replace
from ..base.tai64 import stamp
from ..jobs.loop import END, Loop
from ..supervise.dialect import DIALECTS
from .original_scanner import DIRECTORY, Entry, OriginalScanner
from .scanner import LOOK

SOON = 1.0  # seconds until the next look, where there is a reason for one
FORCED = b".forced-rescan"  # that tells of a look that was asked for, and when it was


class RunsvdirScanner(OriginalScanner):
    """The services of PLACE, as seen from where this process is; each leads a SESSION, or not."""

    def __init__(self, loop: Loop, place: bytes, files: int, *, session: bool) -> None:
        super().__init__(loop, DIALECTS[b"runsv -P" if session else b"runsv"], place, files=files)
        self.who = b"runsvdir " + place
        self._from = posix.open(b".", DIRECTORY)
        self._due = True  # whether there is a reason to look that is not seen in the directory
        self._forced = False
        self._looked = 0.0
        self._waited = False  # whether a directory that is being changed has had its second

    def force(self) -> None:
        """Look at once."""
        self._forced = True
        self._sooner()

    def _sooner(self) -> None:
        self._due = True
        self._at(max(monotonic(), self._looked + SOON), self.look)

    def after_turn(self) -> None:
        """As each scanner's; what has left comes again soon."""
        left = self._some_left
        super().after_turn()
        if left:
            self._sooner()

    def look(self) -> None:
        """See which services there are, if that may be others than before."""
        if self.ending:
            return
        self._looked = monotonic()
        self._see()
        self._at(self._looked + (SOON if self._due else LOOK), self.look)

    def _see(self) -> None:
        try:
            found = posix.stat(self.place, dir_fd=self._from)
        except OSError as error:
            self.warn(b"unable to stat " + self.place, error)
            return
        seen = found.st_dev, found.st_ino, found.st_mtime_ns
        if (not self._due and seen == self._seen) or not self._go():
            return
        # What is just being made has a second to be complete.
        self._waited = self._due = not self._waited and found.st_mtime >= int(time())
        if self._waited:
            return
        self._seen = seen
        self._take()
        if self._forced:
            self._say_forced()

    def _go(self) -> bool:
        """Have the directory that stands at our place as that of the services."""
        try:
            fd = posix.open(self.place, DIRECTORY, dir_fd=self._from)
            try:
                posix.fchdir(fd)
                posix.dup2(fd, self.home, inheritable=False)
            finally:
                posix.close(fd)
        except OSError as error:
            self.warn(b"unable to change directory to " + self.place, error)
            return False
        self.loop.home = self.home
        return True

    def _take(self) -> None:
        """Start those that are new, and end those that have gone."""
        try:
            found = self._found()
        except OSError as error:
            self.warn(b"unable to open directory " + self.place, error)
            return
        wanted = []
        for identity, name in found:
            entry = self.entries.setdefault(identity, Entry())
            entry.path = name
            wanted.append((entry, b""))
        for identity in self.entries.keys() - {identity for identity, _ in found}:
            key = self.entries.pop(identity).keys.get(b"")
            if key in self.known:
                self.known[key].send(END)
            self._due = True
        self._start(wanted)

    def _say_forced(self) -> None:
        """Tell whoever asked for it that we have looked."""
        self._forced = False
        try:
            posix.close(replace(FORCED, stamp(), self.home, mode=0o644))
        except OSError as error:
            self.warn(b"failed to write ./" + FORCED, error)
