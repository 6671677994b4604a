"""Pipes that outlive a supervisor: whoever writes to one could read it too, so no write is refused.

A pipe that nobody can read kills who writes to it (SIGPIPE). One that the supervisor alone reads
is therefore given to the service open for both. The next supervisor has it back from /proc.
"""

import posix
from fcntl import F_GETFL, fcntl
from time import sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeVar

    Ends = TypeVar("Ends", bound=tuple[int, ...])

BOTH = posix.O_RDWR | posix.O_CLOEXEC
READ = posix.O_RDONLY | posix.O_CLOEXEC
KIND, FIFO = 0o170000, 0o010000
TRIES, PAUSE = 3, 0.001  # looks for a pipe, and seconds between them


def make() -> tuple[int, int]:
    """Make a pipe: the fd to read, and the one to write, which can be read where /proc is."""
    source, sink = posix.pipe2(posix.O_CLOEXEC)
    try:
        both = posix.open(f"/proc/self/fd/{sink}", BOTH)
    except OSError:
        return source, sink
    posix.close(sink)
    return source, both


def reopen(place: str, flags: int) -> int | None:
    """Open the pipe at PLACE in /proc; None if it is not there any more. Raises PermissionError."""
    try:
        return posix.open(place, flags) if place else None
    except FileNotFoundError:
        return None


def to_read(place: str) -> tuple[int] | None:
    """Open the pipe at PLACE in /proc to be read; None if it is not there any more.

    Raises PermissionError.
    """
    source = reopen(place, READ)
    return None if source is None else (source,)


def both_ends(place: str) -> tuple[int, int] | None:
    """Open the pipe at PLACE in /proc as make() has it; None if it is not there any more.

    Raises PermissionError.
    """
    sink = reopen(place, BOTH)
    return None if sink is None else (posix.open(f"/proc/self/fd/{sink}", READ), sink)


def the_end(place: str) -> tuple[int, int] | None:
    """Open the pipe at PLACE in /proc twice, to be read: nobody can write to it until open_again().

    None if it is not there any more. Raises PermissionError.
    """
    source = reopen(place, READ)
    return None if source is None else (source, posix.open(f"/proc/self/fd/{source}", READ))


def writable(fd: int) -> bool:
    """Whether the pipe FD can be written to."""
    return fcntl(fd, F_GETFL) & posix.O_ACCMODE != posix.O_RDONLY


def open_again(source: int, sink: int) -> None:
    """Have the pipe SOURCE as SINK, which was the_end() of it, as make() has it."""
    both = posix.open(f"/proc/self/fd/{source}", BOTH)
    posix.dup2(both, sink, inheritable=False)
    posix.close(both)


def inode(fd: int) -> int:
    """The inode of the pipe FD; 0 if it is none."""
    found = posix.fstat(fd)
    return found.st_ino if found.st_mode & KIND == FIFO else 0


def had_by(
    pids: "Sequence[int]", wanted: int, opens: "Callable[[str], Ends | None]"
) -> "Ends | None":
    """What OPENS makes of the pipe with the inode WANTED that one of PIDS has; None if none has it.

    A shell that redirects has its files elsewhere for a moment: what is not found is looked for
    again, and what is opened has to be the right one. Raises PermissionError as find() does.
    """
    for looks in range(TRIES if pids else 0):
        if looks:
            sleep(PAUSE)
        if ends := opens(find(pids, wanted)):
            if inode(ends[0]) == wanted:
                return ends
            for fd in ends:
                posix.close(fd)
    return None


def find(pids: "Iterable[int]", wanted: int) -> str:
    """Where in /proc one of PIDS has the pipe with the inode WANTED; nothing if none has it.

    Raises PermissionError if one that may have it is not to be looked at.
    """
    refused = None
    for pid in pids:
        place = f"/proc/{pid}/fd/"
        try:
            for fd in posix.listdir(place):
                if link(place + fd) == f"pipe:[{wanted}]":
                    return place + fd
        except PermissionError as error:
            refused = error
        except OSError:
            # It has just ended.
            continue
    if refused:
        raise refused
    return ""


def link(file: str) -> str:
    """Where the link FILE leads; nothing if that is not to be seen."""
    try:
        return posix.readlink(file)
    except OSError:
        return ""
