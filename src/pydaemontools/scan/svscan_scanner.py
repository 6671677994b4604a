"""The services as svscan has them: one for a directory, and another for the log/ in it.

Each of the two is told to leave by itself, and comes again at the next look. The pipe between
them stays as long as there is one of them, or the directory.
"""

import posix

from ..base.errors import error_str
from ..jobs.loop import Loop
from ..supervise.dialect import DIALECTS
from .original_scanner import Entry, OriginalScanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..supervise.pair import Kept

MAIN, LOG = b"", b"/log"  # the parts of an entry
LONGEST = 255  # bytes of a name that may have a log


class SvscanScanner(OriginalScanner):
    """The services below the directory where this process is."""

    who = b"svscan"

    def __init__(self, loop: Loop, files: int) -> None:
        super().__init__(loop, DIALECTS[b"supervise"], b".", files=files)

    def _see(self) -> None:
        try:
            found = self._found()
        except OSError as error:
            self.warn(b"unable to read directory: " + error_str(error))
            return
        wanted = []
        for identity, name in found:
            entry = self.entries.get(identity) or self._new(name)
            if entry:
                self.entries[identity] = entry
                entry.path = name
                wanted += [(entry, part) for part in (LOG, MAIN) if part == MAIN or entry.pipe]
        self._forget({identity for identity, _ in found})
        self._start(wanted)

    def _new(self, name: bytes) -> Entry | None:
        """The directory NAME, which was not there before; nothing if nobody can say what it is."""
        entry = Entry()
        try:
            if len(name) <= LONGEST:
                posix.stat(name + LOG)
                entry.pipe = posix.pipe2(posix.O_CLOEXEC)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.warn(b"unable to stat " + name + LOG, error)
            return None
        return entry

    def _forget(self, found: "set[tuple[int, int]]") -> None:
        """Let go of what is not among FOUND, and of which nothing is kept any more."""
        for identity in self.entries.keys() - found:
            entry = self.entries[identity]
            if self.known.keys().isdisjoint(entry.keys.values()):
                del self.entries[identity]
                for fd in entry.pipe or ():
                    posix.close(fd)

    def _connect(self, entry: Entry, part: bytes, pair: "Kept") -> None:
        if entry.pipe:
            fd = 0 if part == LOG else 1
            pair.service.fd_map = {**pair.service.fd_map, fd: entry.pipe[fd]}
