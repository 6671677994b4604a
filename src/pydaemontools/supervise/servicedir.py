"""A service directory: what is in it for the supervisor, and what the supervisor puts there.

Layout and modes are daemontools' and runit's: supervise/lock, control, ok, status, and
runit's pid and stat. Every file is written beside itself and renamed, so that nobody reads
half of one.
"""

import posix
from errno import EEXIST, ENOENT
from fcntl import F_SETLK, F_WRLCK, LOCK_EX, LOCK_NB, fcntl, flock

from ..chain import cli
from ..chain.envdir import contents
from .notes import History
from .rules import FOREVER, Backoff, Rules
from .status import Status

READ = posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC
WRITE = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_CLOEXEC


class ServiceDir:
    """The service directory NAME, which is the current directory of this process."""

    def __init__(self, name: bytes, place: bytes = b".") -> None:
        self.name = name
        self.place = place
        self.inside = place + b"/supervise/"

    def take(self) -> int:
        """Make supervise/ ours, or raise Quit; give the fd that commands come from."""
        self._make()
        self._lock()
        control = self._fifo(b"control")
        self._fifo(b"ok")
        return control

    def has(self, name: bytes) -> bool:
        """Whether there is a file NAME. Raises OSError where that cannot be told."""
        try:
            posix.stat(self.place + b"/" + name)
        except FileNotFoundError:
            return False
        return True

    def runs(self, name: bytes) -> bool:
        """Whether there is a program NAME."""
        return posix.access(self.place + b"/" + name, posix.X_OK)

    def write(self, name: bytes, data: bytes, mode: int = 0o644) -> None:
        """Put DATA into supervise/NAME, all at once. Raises OSError."""
        new = self.inside + name + b".new"
        fd = posix.open(new, WRITE | posix.O_CREAT | posix.O_TRUNC, mode)
        try:
            posix.write(fd, data)
        finally:
            posix.close(fd)
        posix.rename(new, self.inside + name)

    def _make(self) -> None:
        try:
            posix.mkdir(self.place + b"/supervise", 0o700)
        except FileExistsError:
            self._make_target()

    def _make_target(self) -> None:
        """A supervise that is a link to nothing is to be a directory elsewhere."""
        link = self.place + b"/supervise"
        try:
            posix.stat(link)
        except FileNotFoundError:
            target = posix.readlink(link)
            if target[:1] != b"/":
                target = self.place + b"/" + target
            posix.mkdir(target, 0o700)

    def _lock(self) -> None:
        """flock as daemontools and runit, fcntl as s6: none of them starts beside us."""
        fd = posix.open(self.inside + b"lock", WRITE | posix.O_CREAT | posix.O_APPEND, 0o600)
        flock(fd, LOCK_EX | LOCK_NB)
        fcntl(fd, F_SETLK, _flock(F_WRLCK))

    def _fifo(self, name: bytes) -> int:
        """A fifo that has a reader as long as we live, and never sees the end of its file."""
        path = self.inside + name
        try:
            posix.mkfifo(path, 0o600)
        except FileExistsError:
            pass
        fd = posix.open(path, READ)
        posix.open(path, WRITE)
        return fd
