"""What svscan and runsvdir have in common in how they see the services of a directory.

A directory is a service whatever it holds. It is known by device and inode: under another name
it is the same, and of two links to one directory the first counts. Nobody tells of changes, so
each looks now and then, and says each time what is wrong.
"""

import posix
from time import monotonic

from ..base import cli
from ..base.errors import error_str
from ..supervise.dialect import Dialect
from .scanner import LOOK, Scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..jobs.loop import Loop
    from ..supervise.pair import Kept

DIRECTORY = posix.O_PATH | posix.O_DIRECTORY | posix.O_CLOEXEC  # that need not be readable

Identity = tuple[int, int]  # device and inode


class Entry:
    """A directory that was found, by PATH the last time; `keys` of what is kept in known for it,
    by what stands behind the path.
    """

    __slots__ = ("keys", "path", "pipe")

    def __init__(self) -> None:
        self.path = b""
        self.keys: dict[bytes, bytes] = {}
        self.pipe: tuple[int, int] | None = None  # svscan's own, to a logger


class OriginalScanner(Scanner):
    """The services of PLACE, as it was named, kept as DIALECT has it."""

    hears = False
    who = b""  # what stands before a warning

    def __init__(self, loop: "Loop", dialect: Dialect, place: bytes, *, files: int) -> None:
        super().__init__(loop, None, dialect, place, files=files)
        self.entries: dict[Identity, Entry] = {}
        self._owners: dict[bytes, tuple[Entry, bytes]] = {}  # of what is to be started

    @staticmethod
    def _open_home() -> int:
        return posix.open(b".", DIRECTORY)

    def begin(self) -> None:
        """Start what there is, and go on with what comes."""
        self.look()

    def abandon(self) -> None:
        """Whoever started us has gone: what there is goes on, and nothing comes."""
        self.ending = True
        self._fresh = []

    def force(self) -> None:
        """Look at once: somebody asks for it."""

    def look(self) -> None:
        """See which services there are, and start those that are new or have left."""
        if self.ending:
            return
        self._at(monotonic() + LOOK, self.look)
        self._see()

    def _see(self) -> None:
        """As look() does, now."""
        raise NotImplementedError

    def _found(self) -> "list[tuple[Identity, bytes]]":
        """The directories that there are, and their names. Raises OSError."""
        self.loop.enter(self.home)
        found = []
        for name in posix.listdir(b"."):
            if name[:1] == b".":
                continue
            try:
                is_dir, identity = _identity(name)
            except OSError as error:
                self.warn(b"unable to stat " + name, error)
                continue
            if is_dir:
                found.append((identity, name))
        return found

    def _start(self, found: "list[tuple[Entry, bytes]]") -> None:
        """Start those parts of entries that FOUND has, and that are not kept."""
        self._owners = {}
        for entry, part in found:
            if entry.keys.get(part) not in self.known:
                key = entry.path + part
                while key in self.known:
                    # It has gone by this name, and goes on under another.
                    key += b"/"
                self._owners[key] = entry, part
        self._fresh = list(reversed(self._owners))
        self._begin_some()

    def _add(self, name: bytes) -> bool:
        entry, part = self._owners.pop(name)
        shown = part[1:] or name.rstrip(b"/")
        home = -1
        try:
            self.loop.enter(self.home)
            home = posix.open(name, DIRECTORY)
            self.loop.enter(home)
        except OSError as error:
            if home >= 0:
                posix.close(home)
            self._refused(shown, error)
            return False
        try:
            self._have(name, home, shown)
        except cli.Quit as end:
            end.say(self.dialect.who(shown))
            self._one_left()
            return False
        entry.keys[part] = name
        self._connect(entry, part, self.known[name])
        return True

    def _connect(self, entry: Entry, part: bytes, pair: "Kept") -> None:
        """PAIR is about to begin, which is PART of ENTRY."""

    def _refused(self, name: bytes, error: OSError) -> None:
        """Say what a supervisor of the service NAME says that cannot be there."""
        verb = b"unable to chdir to " + name
        if self.dialect.runit:
            verb = b"unable to change to directory"
        cli.fatal(verb, error).say(self.dialect.who(name))
        self._one_left()

    def _warn(self, _name: bytes, end: cli.Quit) -> None:
        self.warn(b"; ".join(end.lines).removeprefix(b"fatal: "))

    def warn(self, text: bytes, error: OSError | None = None) -> None:
        """Say TEXT, and what the system says."""
        if error:
            text += b": " + error_str(error)
        cli.say(self.who + b": warning: " + text)


def _identity(name: bytes) -> "tuple[bool, Identity]":
    """Whether NAME is a directory, and which. Raises OSError."""
    found = posix.stat(name)
    return found.st_mode & 0o170000 == 0o040000, (found.st_dev, found.st_ino)
