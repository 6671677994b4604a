"""event/: a directory in which s6's tools put a fifo each, to be told of every change.

Whoever wants to hear makes a fifo there whose name begins with ftrig1:@. Each letter goes
to all of them, when the status says the same already: a listener reads that after it has
made its fifo, so nothing falls between. A fifo that nobody reads is removed, as s6 does; one
that is full has a reader that sleeps, and misses letters.

s: the supervisor is there. u: run was started. U: it says that it is ready. d: run ended.
D: finish, and what run left behind, too. O, before D: given up. x: the supervisor left.
"""

import posix
from errno import ENXIO, EPIPE

from ..base.shared_dir import open_directory, open_fifo
from .servicedir import ServiceDir
from .state import DOWN, FINISHING, LEFT, SWEEPING, UP, WAIT, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

EVENT = b"event"
PREFIX, LENGTH = "ftrig1:@", 39
MODE = 0o3730  # whoever is of its group may listen, and sees no other's fifo
MOST = 1000  # fifos that are told
MOST_NAMES = 10_000  # that are looked at: others may make as many as they like


def letters(before: State, after: State) -> str:
    """What s6-supervise says when BEFORE becomes AFTER."""
    said = "d" if before.phase == UP != after.phase else ""
    said += "u" if before.phase != UP == after.phase else ""
    if after.phase == UP and after.ready and not before.ready and after.rules.waits_ready:
        said += "U"
    if before.phase in (UP, SWEEPING, FINISHING) and after.phase in (DOWN, WAIT, LEFT):
        said += "OD" if after.failed else "D"
    return said + ("x" if before.phase != LEFT == after.phase else "")


class FifoDir:
    """The listeners in the event/ of FILES; WARN says what is wrong there.

    MAKE it if it is not there. Raises OSError.
    """

    def __init__(
        self, files: ServiceDir, warn: "Callable[[bytes, OSError], None]", *, make: bool
    ) -> None:
        if make and files.make_directory(EVENT):
            made = open_directory(files.path(EVENT))
            try:
                posix.fchown(made, -1, posix.getegid())
                posix.fchmod(made, MODE)
            finally:
                posix.close(made)
        self._path = files.path(EVENT)
        self._shown = files.shown + EVENT
        self._warn = warn
        self._warned = False
        self._letters = "s"

    def note(self, before: State, after: State) -> None:
        """BEFORE became AFTER: say so in the next tell()."""
        self._letters += letters(before, after)

    def tell(self) -> None:
        """Tell the listeners what was noted."""
        said, self._letters = self._letters.encode(), ""
        if not said:
            return
        try:
            directory = open_directory(self._path)
        except OSError as error:
            if not self._warned:
                self._warn(b"unable to open " + self._shown, error)
            self._warned = True
            return
        self._warned = False
        try:
            for name in _names(directory):
                _tell(name, directory, said)
        finally:
            posix.close(directory)


def _names(directory: int) -> list[str]:
    """The fifos in DIRECTORY, an fd: as s6 calls them."""
    found: list[str] = []
    with posix.scandir(directory) as entries:
        for _, entry in zip(range(MOST_NAMES), entries, strict=False):
            if entry.name.startswith(PREFIX) and len(entry.name) == LENGTH and len(found) < MOST:
                found.append(entry.name)
    return found


def _tell(name: str, directory: int, said: bytes) -> None:
    """Write what is SAID to the fifo NAME in DIRECTORY; remove it if nobody reads it."""
    try:
        fd = open_fifo(name, directory)
        try:
            posix.write(fd, said)
        finally:
            posix.close(fd)
    except OSError as error:
        if error.errno not in (ENXIO, EPIPE):
            return
        try:
            posix.unlink(name, dir_fd=directory)
        except OSError:
            # Its owner did, or it is not ours to remove.
            pass
