"""The lock that keeps two of a kind apart, and who holds it: for the error of whoever could not."""

import posix
from fcntl import LOCK_EX, LOCK_NB, flock, lockf


def lock(fd: int) -> None:
    """Lock the file FD in both ways that there are, without waiting. Raises OSError.

    daemontools and runit take one (flock), s6 the other (fcntl): so neither starts beside us.
    """
    flock(fd, LOCK_EX | LOCK_NB)
    lockf(fd, LOCK_EX | LOCK_NB)


def holder(fd: int, file: bytes) -> bytes:
    """A sentence that names a process which has FD's FILE locked, or nothing."""
    found = posix.fstat(fd)
    inode = b"%02x:%02x:%d" % (posix.major(found.st_dev), posix.minor(found.st_dev), found.st_ino)
    try:
        with open("/proc/locks", "rb") as locks:
            lines = [line.split() for line in locks]
    except OSError:
        return b""
    for words in lines:
        # "1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF"; a "->" marks one who waits.
        if words[1] == b"FLOCK" and words[5] == inode and words[4] != b"0":
            return file + b" is held by process " + words[4] + _command(words[4])
    return b""


def _command(pid: bytes) -> bytes:
    try:
        with open(b"/proc/" + pid + b"/cmdline", "rb") as line:
            words = line.read().rstrip(b"\0").replace(b"\0", b" ")
    except OSError:
        return b", which has ended and left it to a child"
    return b": " + words if words else b""
