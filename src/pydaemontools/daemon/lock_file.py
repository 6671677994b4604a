"""Lock files and pid files: one of a kind runs, and it is known which one.

Who runs is known by the lock, and never by the number in the file: that number may be another
process's by now. Two locks are taken (see base/locks): flock(2), which a fork hands on, and
fcntl(2)'s, which it does not; by the latter the kernel tells whose it is. A child of os.fork()
closes what it got of the first, and a program that is exec'ed there never sees it. What becomes
another program itself keeps the fcntl(2) lock alone (keep_over_exec): its children have none.
"""

import os
from _struct import calcsize, pack, unpack
from errno import EACCES, EAGAIN, ENOENT
from fcntl import (
    F_GETLK,
    F_RDLCK,
    F_UNLCK,
    F_WRLCK,
    LOCK_EX,
    LOCK_NB,
    LOCK_SH,
    LOCK_UN,
    fcntl,
    flock,
    lockf,
)
from time import monotonic, sleep

from ..base import locks, proc, shared_dir
from ..base.errors import error_str
from .absolute import absolute, check_filled
from .failures import AlreadyRunning, Error
from .seconds import check_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

MODE = 0o640
AGAIN = 0.02  # seconds between two tries of one that waits: for flock(2) there is no event
LOOKING = 0.2  # seconds in which whoever only looked has let go of it
NUMBER = 32  # bytes of a pid file that are read
FLOCK = "@hhqqi0q"  # struct flock: type, whence, start, length, pid
SECOND = os.sysconf("SC_CLK_TCK")
_held: "set[LockFile]" = set()


class Holder:
    """The process that holds a lock: pid, command and age in seconds; 0, "", None if unknown."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.start = proc.start_time(pid) if pid else 0
        self.command = os.fsdecode(proc.command_line(pid)) if pid else ""
        self.age = _uptime() - self.start / SECOND if self.start else None


class LockFile:
    """The file PATH, locked by this process alone from acquire() to release().

    It is made with MODE, whatever the umask, and its directory too if that is to be made; no
    link of another account is followed. The path is made absolute at once. As a context manager
    it is held in the block. The file stays when it is released: to remove a lock file is to let
    two have one.
    """

    removed = False  # whether the file goes when it is released

    def __init__(
        self, path: "str | os.PathLike[str]", *, mode: int = MODE, make_directory: bool = False
    ) -> None:
        check_filled(path=path)
        self.path = absolute(os.fsdecode(path))
        self.mode = mode
        self.make_directory = make_directory
        self._fd = -1
        self._owner = 0  # the pid of whoever took it
        self._passing = False  # whether forks hand it on at the moment

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    def __enter__(self) -> "Self":
        return self.acquire()

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: "BaseException | None",
        trace: "TracebackType | None",
    ) -> None:
        self.release()

    @property
    def held(self) -> bool:
        """Whether this process holds it."""
        return self._fd >= 0 and self._owner == os.getpid()

    def fileno(self) -> int:
        """The fd of the file, -1 as long as it is not held."""
        return self._fd

    def acquire(self, timeout: float = 0.0) -> "Self":
        """Take the lock, and wait for it for TIMEOUT seconds at most; return self.

        Raises AlreadyRunning where another has it, Error where the file cannot be had.
        """
        check_seconds(timeout=timeout)
        if self.held:
            return self
        begun = monotonic()
        while (fd := self._taken()) < 0:
            holder = self.holder()
            # Whoever only looks, as status does, is named by nobody and gone in a moment.
            limit = timeout if holder and holder.pid else max(timeout, LOOKING)
            if monotonic() - begun >= limit:
                who = holder or self._sharer()
                raise AlreadyRunning(self.path, who.pid, who.command, who.age)
            sleep(AGAIN)
        self._fd, self._owner = fd, os.getpid()
        _held.add(self)
        try:
            self._written()
        except OSError as error:
            self.release()
            raise self._refused("write to", error) from error
        return self

    def release(self) -> None:
        """Let go of it, if this process holds it."""
        if self.held:
            self._close(remove=self.removed)

    def holder(self) -> Holder | None:
        """The process that holds it, None if nobody does. Raises Error where nobody may know."""
        if self.held:
            return Holder(os.getpid())
        try:
            fd = shared_dir.open_file(os.fsencode(self.path), os.O_RDONLY)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            return self._holder_unopened(error)
        except OSError as error:
            raise self._refused("open", error) from error
        try:
            return _holder(fd)
        finally:
            os.close(fd)

    def _holder_unopened(self, error: OSError) -> Holder | None:
        """The holder of a file of another account's, which we may not open."""
        try:
            pid = locks.holder_pid(os.stat(self.path, follow_symlinks=False))
        except FileNotFoundError:
            return None
        except OSError:
            raise self._refused("open", error) from error
        return Holder(pid) if pid else None

    def _sharer(self) -> Holder:
        """Who keeps us out by a lock that it shares with others, and is no holder."""
        try:
            return Holder(locks.holder_pid(os.stat(self.path, follow_symlinks=False)))
        except OSError:
            return Holder(0)

    def keep_over_exec(self) -> None:
        """Have the program that this process becomes hold it, and no child of that program's."""
        os.set_inheritable(self._fd, True)
        flock(self._fd, LOCK_UN)

    # A lock that is held already goes to the daemon with the forks of daemonize().

    def give(self) -> None:
        """Have forks hand it on, until take() in a child or take_back() here."""
        lockf(self._fd, LOCK_UN)
        self._passing = True

    def take(self) -> None:
        """Hold what was given, in the process that it was given to. Raises OSError."""
        self._passing = False
        self._owner = os.getpid()
        lockf(self._fd, LOCK_EX | LOCK_NB)
        self._written()

    def take_back(self, *, given: bool) -> None:
        """It was GIVEN and is another's now; or not, and is held here as before."""
        self._passing = False
        if given:
            self._close(remove=False)
        else:
            lockf(self._fd, LOCK_EX | LOCK_NB)
            # The daemon may have written its own.
            self._written()

    # The file.

    def _taken(self) -> int:
        """The fd of the file, locked; -1 if somebody has it."""
        while True:
            fd = self._open()
            try:
                locks.lock(fd)
            except OSError as error:
                os.close(fd)
                if error.errno not in (EAGAIN, EACCES):
                    raise self._refused("lock", error) from error
                return -1
            if _is_named(fd, self.path):
                return fd
            # Whoever had it removed it just then.
            os.close(fd)

    def _open(self) -> int:
        name = os.fsencode(self.path)
        try:
            return shared_dir.open_file(name, os.O_RDWR | os.O_CREAT, mode=self.mode)
        except OSError as error:
            if error.errno != ENOENT or not self.make_directory:
                raise self._refused("open", error) from error
        try:
            _make_directories(os.path.dirname(name))
            return shared_dir.open_file(name, os.O_RDWR | os.O_CREAT, mode=self.mode)
        except OSError as error:
            raise self._refused("open", error) from error

    def _refused(self, verb: str, error: OSError) -> Error:
        return Error(f"unable to {verb} {self.path}: {error_str(error).decode()}")

    def _written(self) -> None:
        """What is written into the file when it is held."""

    def _close(self, *, remove: bool) -> None:
        fd, self._fd = self._fd, -1
        _held.discard(self)
        if remove:
            _remove(fd, self.path)
        os.close(fd)


class PidFile(LockFile):
    """A lock file that holds the pid of its holder, and is removed when it is released.

    For python-daemon's DaemonContext(pidfile=...) too, which enters it in the daemon.
    """

    removed = True

    def read_pid(self) -> int | None:
        """The pid of the process that holds it, None if nobody does; by the lock."""
        holder = self.holder()
        return None if holder is None else holder.pid or self.number()

    def number(self) -> int | None:
        """The number that stands in the file, None if there is none: a process of it may be any."""
        try:
            data = shared_dir.read_file(os.fsencode(self.path), NUMBER).strip()
        except OSError:
            return None
        return int(data) if data.isdigit() else None

    def is_locked(self) -> bool:
        """Whether somebody holds it."""
        return self.holder() is not None

    def i_am_locking(self) -> bool:
        """Whether this process holds it."""
        return self.held

    def remove_stale(self) -> None:
        """Remove a file that nobody holds, as a program that was killed leaves it."""
        if not os.path.exists(self.path):
            return
        try:
            fd = self._taken()
        except Error:
            # It is out of our reach.
            return
        if fd >= 0:
            _remove(fd, self.path)
            os.close(fd)

    def _written(self) -> None:
        # Not before it is locked: what stands there is another's until then.
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, b"%d\n" % self._owner, 0)


def lock(path: "str | os.PathLike[str]") -> PidFile:
    """Take the lock file PATH, write our pid there, and hold it until this process ends.

    Raises AlreadyRunning where another has it.
    """
    return PidFile(path).acquire()


def _holder(fd: int) -> Holder | None:
    """Who has the file FD locked; None if nobody has. Nobody is kept out by looking."""
    if pid := _fcntl_holder(fd):
        return Holder(pid)
    try:
        flock(fd, LOCK_SH | LOCK_NB)
    except OSError:
        return Holder(locks.holder_pid(os.fstat(fd)))
    flock(fd, LOCK_UN)
    return None


def _fcntl_holder(fd: int) -> int:
    """The pid of the process that has the fcntl(2) lock of FD; 0 if none has, or is not seen."""
    ask = pack(FLOCK, F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        kind, _, _, _, pid = unpack(FLOCK, fcntl(fd, F_GETLK, ask)[: calcsize(FLOCK)])
    except OSError:
        return 0
    return max(0, pid) if kind in (F_RDLCK, F_WRLCK) and kind != F_UNLCK else 0


def _is_named(fd: int, path: str) -> bool:
    """Whether the file FD is still the one that PATH names."""
    try:
        named = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(os.fstat(fd), named)


def _remove(fd: int, path: str) -> None:
    """Remove PATH while FD has it locked; where that is out of our reach, empty it."""
    try:
        if _is_named(fd, path):
            os.unlink(path)
        else:
            os.ftruncate(fd, 0)
    except OSError:
        try:
            os.ftruncate(fd, 0)
        except OSError:
            # A disk that went read-only: the lock tells all the same.
            pass


def _make_directories(name: bytes) -> None:
    try:
        shared_dir.make_directory(name)
    except FileExistsError:
        pass
    except FileNotFoundError:
        _make_directories(os.path.dirname(name))
        shared_dir.make_directory(name)


def _uptime() -> float:
    try:
        with open("/proc/uptime", "rb", buffering=0) as times:
            return float(times.read().split()[0])
    except OSError:
        return 0.0


def _after_fork() -> None:
    """In a child of os.fork(): what its parent holds is no business of it."""
    for one in list(_held):
        if not one._passing:  # noqa: SLF001 - this module's own
            one._close(remove=False)  # noqa: SLF001


os.register_at_fork(after_in_child=_after_fork)
