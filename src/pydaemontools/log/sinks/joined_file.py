"""What an intent log has to know of a plain file that is appended to (intent_log.py)."""

import posix
from errno import ENOENT

from ...base.process import fsencode
from ...base.reach import reach
from ...base.shared_dir import open_directory, open_file
from ..pipe.splitter import NO_END

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..pipe.intent import Intent
    from ..pipe.intent_log import IntentLog


class JoinedFile:
    """The file PATH as a log that intents are kept for; STAT says how the one that is open is."""

    most_lines = NO_END  # that it gets at a time
    due = False  # it is as long as it is, and no other has to be begun

    def __init__(self, path: bytes, stat: "Callable[[], posix.stat_result]") -> None:
        self._path = path
        self._stat = stat
        self.joined = False

    def join(self, intent_log: "IntentLog", directory: int) -> None:
        """Have INTENT_LOG keep an intent in DIRECTORY, and cut off what comes again by the last."""
        known = intent_log.join(self, directory)
        if known and known[1]:
            intent = known[0]
            self._cut(intent, intent_log.source.look(intent.count)[: intent.count])
        intent_log.begun(self)

    def room(self) -> int:
        """Return how many bytes it may still get."""
        return NO_END

    largest = room

    def fresh(self) -> bool:
        """Return whether another one has no more room."""
        return True

    def position(self) -> tuple[int, int]:
        """Return which file is written, and where it ends."""
        found = self._stat()
        return found.st_ino, found.st_size

    def _cut(self, intent: "Intent", body: bytes) -> None:
        """Have the file of INTENT end where that says, if nothing but of BODY follows there."""
        directory, name = reach(self._path, follow=True)
        try:
            fd = open_file(self._name(intent.inode, name, directory), posix.O_RDWR, directory)
        except OSError:
            # Somebody has taken it away meanwhile.
            return
        finally:
            posix.close(directory)
        try:
            written = posix.pread(fd, len(body) + 1, intent.offset)
            if written and body.startswith(written):
                posix.ftruncate(fd, intent.offset)
        finally:
            posix.close(fd)

    def _name(self, inode: int, name: bytes, directory: int) -> bytes:
        """What the file INODE is called: NAME, or what somebody made of that. Raises OSError."""
        if self.position()[0] == inode:
            return name
        listed = open_directory(b".", directory)
        try:
            names = [one for one in map(fsencode, posix.listdir(listed)) if one.startswith(name)]
            for one in names:
                if posix.stat(one, dir_fd=listed, follow_symlinks=False).st_ino == inode:
                    return one
        finally:
            posix.close(listed)
        raise FileNotFoundError(ENOENT, "")
