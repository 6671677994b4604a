"""The lock that keeps two of a kind apart, and who holds it: for the error of whoever could not."""

import posix
from errno import EACCES, EAGAIN
from fcntl import LOCK_EX, LOCK_NB, flock, lockf
from time import monotonic, sleep

from . import cli, proc
from .proc import start_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DYING = 0.1  # seconds that one which was just killed has to let go of its lock
HEIR = 2.0  # seconds that a child which it was about to start has for that


def lock(fd: int) -> None:
    """Lock the file FD in both ways that there are, without waiting. Raises OSError.

    daemontools and runit take one (flock), s6 the other (fcntl): so neither starts beside us.
    """
    flock(fd, LOCK_EX | LOCK_NB)
    lockf(fd, LOCK_EX | LOCK_NB)


def lock_after(fd: int, take: "Callable[[int], None]" = lock, *, patience: float = DYING) -> None:
    """Lock the file FD by TAKE, after one that has PATIENCE to let go of it, in seconds.

    That was killed a moment ago, or is about to end. A child that it was about to start has the
    lock too, until it is another program. Raises OSError.
    """
    begun = monotonic()
    while True:
        try:
            take(fd)
        except OSError as error:
            if error.errno not in (EAGAIN, EACCES):
                raise
            pid = _holder(fd)
            limit = HEIR if pid and not start_time(int(pid)) else patience
            if monotonic() > begun + limit:
                raise
            sleep(0.01)
        else:
            return


def lock_directory(place: bytes, shown: bytes, *, patient: bool) -> tuple[int, bytes]:
    """Flock the directory PLACE, SHOWN in messages; PATIENT: as lock_after() does.

    Return the fd, -1 if it is not locked, and a sentence that says who has it, if somebody has.
    Not every file system locks a directory. And whoever may read one may lock it: so only root
    and our own account keep us out.
    """
    try:
        fd = posix.open(place, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    except OSError:
        return -1, b""
    try:
        if patient:
            lock_after(fd, _flock)
        else:
            _flock(fd)
    except OSError as error:
        held = _kept_out(fd, shown) if error.errno in (EAGAIN, EACCES) else b""
        posix.close(fd)
        return -1, held
    return fd, b""


def is_flocked(name: bytes, directory: int) -> bool:
    """Whether somebody has NAME in the DIRECTORY, an fd, flocked just now."""
    flags = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC
    try:
        fd = posix.open(name, flags, dir_fd=directory)
    except OSError:
        return False
    try:
        _flock(fd)
    except OSError as error:
        return error.errno in (EAGAIN, EACCES)
    finally:
        # That lets go of it.
        posix.close(fd)
    return False


def _flock(fd: int) -> None:
    flock(fd, LOCK_EX | LOCK_NB)


def _kept_out(fd: int, shown: bytes) -> bytes:
    """Who has the directory FD, SHOWN, locked; nothing, but a warning, if that is no reason."""
    # /proc/locks names who took it, who may have ended and left it to a child.
    pid = b""
    for pid in _holders(posix.fstat(fd)):
        if _account(pid) in (0, posix.geteuid()):
            return shown + b" is held by process " + pid + _command(pid)
    if not pid:
        # Beyond our pid namespace.
        return shown + b" is held by a process that is not to be seen"
    cli.say(b"pysupervise: warning: " + shown + b" is locked by another account: passed over")
    return b""


def holder_pid(found: posix.stat_result) -> int:
    """The pid of a process that has the file that was FOUND locked, in either way; 0 for none.

    That is who took it, or where that has ended one which has the file open.
    """
    pid = int(_taker(found) or _taker(found, b"POSIX") or 0)
    if pid and not start_time(pid):
        return int(next(_holders(found), pid))
    return pid


def _holders(found: posix.stat_result) -> "Iterator[bytes]":
    """The pids of those that have the file that was FOUND locked, as their open files say.

    Whoever took it comes first: usually that is all, and nobody has to look at all open files.
    """
    inode = b"%02x:%02x:%d " % (posix.major(found.st_dev), posix.minor(found.st_dev), found.st_ino)
    taker = int(_taker(found) or 0)
    if taker and _has_locked(taker, inode):
        yield b"%d" % taker
    for pid in proc.pids():
        if pid != taker and _has_locked(pid, inode):
            yield b"%d" % pid


def _has_locked(pid: int, inode: bytes) -> bool:
    try:
        opened = posix.listdir(f"/proc/{pid}/fdinfo")
    except OSError:
        return False
    return any(_locks(f"/proc/{pid}/fdinfo/{one}", inode) for one in opened)


def _locks(file: str, inode: bytes) -> bool:
    """Whether the open file that FILE tells of has the lock of INODE."""
    try:
        with open(file, "rb") as lines:
            return any(b"FLOCK" in line and inode in line for line in lines)
    except OSError:
        return False


def _account(pid: bytes) -> int:
    """The real user id of the process PID, -1 if it has ended."""
    try:
        with open(b"/proc/" + pid + b"/status", "rb") as lines:
            return next((int(line.split()[1]) for line in lines if line[:4] == b"Uid:"), -1)
    except OSError:
        return -1


def holder(fd: int, file: bytes) -> bytes:
    """A sentence that names a process which has FD's FILE locked, or nothing."""
    pid = _holder(fd)
    return file + b" is held by process " + pid + _command(pid) if pid else b""


def _holder(fd: int) -> bytes:
    """The pid of a process that has the file FD locked, or nothing."""
    return _taker(posix.fstat(fd))


def _taker(found: posix.stat_result, kind: bytes = b"FLOCK") -> bytes:
    """The pid of whoever has a lock of that KIND on the file that was FOUND, or nothing."""
    inode = b"%02x:%02x:%d" % (posix.major(found.st_dev), posix.minor(found.st_dev), found.st_ino)
    try:
        with open("/proc/locks", "rb") as locks:
            lines = [line.split() for line in locks]
    except OSError:
        return b""
    for words in lines:
        # "1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF"; a "->" marks one who waits.
        if words[1] == kind and words[5] == inode and words[4] != b"0":
            return words[4]
    return b""


def _command(pid: bytes) -> bytes:
    try:
        with open(b"/proc/" + pid + b"/cmdline", "rb") as line:
            words = line.read().rstrip(b"\0").replace(b"\0", b" ")
    except OSError:
        return b", which has ended and left it to a child"
    from .printable import plain

    # It is whatever that process likes.
    return b": " + plain(words) if words else b""
