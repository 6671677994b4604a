"""Who keeps the services in a directory: a scanner, which starts a supervisor for a new one."""

import posix

from ..base import proc, shared_dir

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
            posix.write(fd, LOOK)
        except OSError:
            # It looks by itself too.
            pass
        finally:
            posix.close(fd)
        return name
    return _running(above)


def _running(above: bytes) -> bytes:
    """The name of a process that is a scanner and is at home in ABOVE."""
    try:
        wanted = _identity(above)
    except OSError:
        return b""
    for pid in proc.pids():
        words = proc.command_line(pid).split()
        # An interpreter's own name stands before that of a script.
        named = [word.rpartition(b"/")[2] for word in words[:3]]
        found = [name for name in named if name in NAMES]
        if found and _is_home(pid, words, wanted):
            return found[0]
    return b""


def _identity(path: "bytes | str") -> tuple[int, int]:
    found = posix.stat(path)
    return found.st_dev, found.st_ino


def _is_home(pid: int, words: list[bytes], wanted: tuple[int, int]) -> bool:
    """Whether the process PID is in that directory, or where it is closed to us, was told it."""
    try:
        return _identity(f"/proc/{pid}/cwd") == wanted
    except PermissionError:
        pass
    except OSError:
        return False
    for word in words[1:]:
        try:
            if word[:1] == b"/" and _identity(word) == wanted:
                return True
        except OSError:
            continue
    return False
