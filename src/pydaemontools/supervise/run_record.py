"""What a run is known by, as supervise/state has it for whoever comes after us.

`place`, this boot, pid namespace and service directory; `processes`, pid and start time of what
counts, that of run first; `main`, those of a process that MAINPID named; `session`, those of who
led it; `cgroup`; `mark`, that of us in its environment; `pipes`, which fd of the service is which
pipe, by its inode, that nobody else got from us; `logger`, the same of the pipe to a logger that
has no directory of its own.
Nothing else proves whose a process is: not its number, and not where it stands.
`starting` is 1 where another run may have been started since: nothing lived when that was written.
"""

import posix

from ..base import kept_pipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Processes = dict[int, int]  # pids, and when each started

MOST = 1000  # processes that are written down
INODE = 64  # bits of one
_here: list[bytes] = []  # which boot and which pid namespace this is


def place(directory: bytes) -> bytes:
    """Say which boot, which pid namespace and which DIRECTORY it is; nothing if nobody can."""
    return place_of(identity(directory))


def place_of(known: int | None) -> bytes:
    """The same of the directory that identity() KNOWS."""
    if known is None or not here():
        return b""
    return b"%s %d:%d" % (here(), known >> INODE, known & (1 << INODE) - 1)


def here() -> bytes:
    """Say where a pid means what it means to us: in which boot and which pid namespace."""
    if not _here:
        try:
            with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as boot:
                boot_id = boot.read(64).strip()
            _here.append(b"%s %s" % (boot_id, posix.readlink(b"/proc/self/ns/pid")))
        except OSError:
            return b""
    return _here[0]


def identity(directory: bytes) -> int | None:
    """Which DIRECTORY it is, in one number; None if nobody can say."""
    try:
        found = posix.stat(directory)
    except OSError:
        return None
    return found.st_dev << INODE | found.st_ino


def pipes(fd_map: "Mapping[int, int]") -> bytes:
    """Which fd of a service is which pipe, of those that FD_MAP gives it."""
    return listed({fd: kept_pipe.inode(ours) for fd, ours in fd_map.items()})


def listed(processes: "Processes") -> bytes:
    """PROCESSES as they are written down."""
    known = [b"%d:%d" % one for one in processes.items() if one[1]]
    return b" ".join(known[:MOST])


def numbers(text: bytes) -> "Processes":
    """What listed() wrote."""
    words = [word.split(b":") for word in text.split()]
    good = [one for one in words if len(one) == 2 and all(map(_is_number, one))]
    return {int(pid): int(start) for pid, start in good}


def _is_number(word: bytes) -> bool:
    return word.isdigit() and len(word) < 20
