"""Who keeps the services in a directory: a scanner, which starts a supervisor for a new one."""

import posix

from ..base import proc, shared_dir
from ..base.write import tell

# The fifos by which a scanner can be told to look at once.
FIFOS = {b"pysvscan": b"/.pysvscan/control", b"s6-svscan": b"/.s6-svscan/control"}
LOOK = b"a"
NAMES = frozenset(b"pysvscan svscan runsvdir s6-svscan perpd".split())


def wake(above: bytes) -> bytes:
    """The name of what scans the directory ABOVE, which is told to look; nothing if nobody does."""
    for name, fifo in FIFOS.items():
        try:
            fd = shared_dir.open_fifo(above + fifo)
        except OSError:
            # There is none, or one that nobody reads: what is gone left it.
            continue
        try:
            tell(fd, LOOK)
        except OSError:
            # It looks by itself too.
            pass
        finally:
            posix.close(fd)
        return name
    return _running(above)


def _running(above: bytes) -> bytes:
    """The name of a process that is a scanner, and keeps the directory ABOVE."""
    try:
        wanted = _identity(above)
    except OSError:
        return b""
    for pid in proc.pids():
        name = _read(pid, "comm").rstrip(b"\n")
        if name in NAMES and _keeps(pid, wanted):
            return name
    return b""


def _read(pid: int, file: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{file}", "rb", buffering=0) as found:
            return found.read(4096)
    except OSError:
        # It has ended.
        return b""


def _keeps(pid: int, wanted: tuple[int, int]) -> bool:
    """Whether the process PID is in the directory WANTED, or was told it and goes there."""
    home = b"/proc/%d/cwd/" % pid
    words = _read(pid, "cmdline").split(b"\0")[1:]
    # Where its own one is closed to us, paths from the root on are left.
    paths = [home, *(word if word[:1] == b"/" else home + word for word in words if word)]
    for path in paths:
        try:
            if _identity(path) == wanted:
                return True
        except (OSError, ValueError):
            continue
    return False


def _identity(path: bytes) -> tuple[int, int]:
    found = posix.stat(path)
    return found.st_dev, found.st_ino
