"""How ps and top show this process: the kernel's name of it, and its command line.

The kernel reads the command line from where it put it, in this process's own memory. What is
written there has the room that was there; what is longer is cut. Memory can be written also by
who has become another account, which may open no file of its own in /proc.
"""

import posix
import sys

PR_SET_NAME = 15
START, END = 45, 46  # in /proc/PID/stat, from the field after the name
# Where the command line is: its start and its end; None as long as nobody has looked.
_place: "tuple[int, int] | None" = None


def show(name: bytes, line: bytes | None) -> None:
    """Be NAME, with the command line LINE if there is one, as far as this system can show it."""
    # Where nothing else needs ctypes, its import would cost more than all of this.
    if "pydaemontools.base.libc" not in sys.modules and _by_files(name, line):
        return
    try:
        from .libc import Word, function

        function("prctl")(PR_SET_NAME, name, 0, 0, 0)
        memmove = function("memmove")
    except (ImportError, OSError):
        # It goes by what it was called before.
        return
    if line is not None and (room := _room()):
        memmove(Word(room[0]), _cut(line, room[1]), Word(room[1]))


def _by_files(name: bytes, line: bytes | None) -> bool:
    """Show it by files in /proc; whether they are open to us: we may have another account now."""
    room = _room() if line is not None else None
    if not _write("/proc/self/comm", 0, name):
        return False
    return room is None or _write("/proc/self/mem", room[0], _cut(line or b"", room[1]))


def _cut(line: bytes, size: int) -> bytes:
    """LINE in SIZE bytes: where the last is no NUL, the kernel shows what is before the first."""
    return line[: size - 2].ljust(size - 1, b"\0") + b"."


def _room() -> tuple[int, int] | None:
    """Where the command line is, and its size; None where nobody tells, or nothing fits."""
    global _place  # noqa: PLW0603 - there is one
    if _place is None:
        _place = _find()
    start, end = _place
    return (start, end - start) if end - start > 2 else None


def _find() -> tuple[int, int]:
    try:
        with open("/proc/self/stat", "rb", buffering=0) as stat:
            fields = stat.read().rpartition(b")")[2].split()
        return int(fields[START]), int(fields[END])
    except (OSError, LookupError, ValueError):
        # No /proc, or one that does not tell.
        return 0, 0


def _write(file: str, at: int, data: bytes) -> bool:
    try:
        fd = posix.open(file, posix.O_WRONLY | posix.O_CLOEXEC)
    except OSError:
        return False
    try:
        if at:
            posix.lseek(fd, at, 0)
        posix.write(fd, data)
    except OSError:
        return False
    finally:
        posix.close(fd)
    return True
