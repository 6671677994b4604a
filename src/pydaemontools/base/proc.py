"""What /proc tells of processes; without it, what the kernel tells of our children alone."""

import posix
import time

from .process import MARK

PAGE = posix.sysconf("SC_PAGE_SIZE")
TICKS = posix.sysconf("SC_CLK_TCK")  # in a second
START = 19  # where stat() has the start time, in ticks since boot
NEAR = 32768  # pids that are tried: all that there are unless the system was told otherwise


def is_shown() -> bool:
    """Whether there is a /proc here that shows us processes, ourselves at least."""
    return posix.access("/proc/self/stat", posix.R_OK)


def is_child(pid: int) -> bool:
    """Whether the process PID is a child of this one that was not waited for."""
    return _has_child(posix.P_PID, pid)


def has_group(pid: int) -> bool:
    """Whether a child of this process is in the process group of PID, or is PID."""
    return is_child(pid) or _has_child(posix.P_PGID, pid)


def _has_child(kind: int, number: int) -> bool:
    try:
        posix.waitid(kind, number, posix.WEXITED | posix.WNOHANG | posix.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def children(near: int = 0) -> list[int]:
    """The living children of this process, the oldest first.

    Without /proc these are found by trying: among the lowest pids, and those from NEAR on (or
    from our own).
    """
    me = posix.getpid()
    try:
        with open(f"/proc/self/task/{me}/children", "rb", buffering=0) as listed:
            return [int(word) for word in listed.read().split()]
    except OSError:
        if not is_shown():
            return _tried(near or me)
        return [pid for pid in pids() if (stat(pid)[1:2] or [b""])[0] == b"%d" % me]


def _tried(near: int) -> list[int]:
    if not _has_child(posix.P_ALL, 0):
        return []
    lowest, later = range(1, NEAR), range(max(near, NEAR), near + NEAR)
    return [pid for some in (lowest, later) for pid in some if is_child(pid)]


def pids(proc: str = "/proc") -> list[int]:
    """The pids of all processes; none without /proc."""
    try:
        return sorted(int(name) for name in posix.listdir(proc) if name.isdigit())
    except OSError:
        return []


def stat(pid: int, proc: str = "/proc") -> list[bytes]:
    """What PROC/PID/stat says after the name: state, parent, group, session, ...

    Nothing if there is no such process, or none that we may look at.
    """
    try:
        with open(f"{proc}/{pid}/stat", "rb", buffering=0) as found:
            # The name, in parentheses, may hold anything; what follows the last one may not.
            return found.read().rpartition(b")")[2].split()
    except OSError:
        return []


def start_time(pid: int) -> int:
    """When the process PID started, in ticks since boot: with the pid it is that process alone.

    0 if there is none, or if it has ended and is only waited for.
    """
    fields = stat(pid)
    return int(fields[START]) if fields[START:] and fields[0] not in (b"Z", b"X") else 0


def ticks() -> int:
    """The start_time() of a process that starts now."""
    # Elsewhere than on Linux there is no such clock, and no start_time().
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) * TICKS // 10**9


def command_line(pid: int) -> bytes:
    """The words that the process PID was started with, in one line; nothing where nobody knows."""
    from .printable import plain

    try:
        with open(f"/proc/{pid}/cmdline", "rb", buffering=0) as words:
            text = words.read(4096).rstrip(b"\0").replace(b"\0", b" ")
    except OSError:
        return b""
    return plain(text)


def marks(pid: int) -> list[bytes]:
    """The marks in the environment that the process PID began with; none if nobody knows."""
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as words:
            found = (b"\0" + words.readall()).partition(b"\0" + MARK + b"=")[2]
    except OSError:
        return []
    return found.partition(b"\0")[0].split(b"/") if found else []


def descendants(pid: int) -> list[int]:
    """The process PID and all that descends from it, by a look at these alone if that can be."""
    found = [pid]
    for one in found:
        threads = f"/proc/{one}/task"
        try:
            for thread in posix.listdir(threads):
                with open(f"{threads}/{thread}/children", "rb", buffering=0) as listed:
                    found += map(int, listed.read().split())
        except FileNotFoundError:
            if posix.access(threads, posix.F_OK):
                # A kernel without that file.
                return _below(pid)
        except (ProcessLookupError, PermissionError):
            # It has ended, or is not shown to us.
            continue
    return found


def _below(pid: int) -> list[int]:
    parents = [(one, stat(one)[1:2]) for one in pids()]
    found = [pid]
    for one in found:
        found += [child for child, parent in parents if parent == [b"%d" % one]]
    return found


def rss(pid: int) -> int:
    """The resident memory of the process PID in bytes; 0 if it is not there, or not shown to us."""
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as pages:
            return int(pages.read().split()[1]) * PAGE
    except OSError:
        return 0


def pss(pid: int, proc: str = "/proc") -> int:
    """The resident memory of the process PID in bytes: what n share counts for an n-th in each.

    0 where nobody may know it, or the kernel does not (before Linux 4.14).
    """
    try:
        with open(f"{proc}/{pid}/smaps_rollup", "rb") as sums:
            kilobytes = (line.split()[1] for line in sums if line.startswith(b"Pss:"))
            return int(next(kilobytes, b"0")) * 1024
    except OSError:
        return 0
