"""What /proc tells of processes."""

import posix

# What would change the line in which it is shown.
UNPRINTABLE = dict.fromkeys([*range(32), *range(127, 160)], "?")
START = 19  # where stat() has the start time, in ticks since boot


def children() -> list[int]:
    """The living children of this process, the oldest first."""
    me = posix.getpid()
    try:
        with open(f"/proc/self/task/{me}/children", "rb", buffering=0) as listed:
            return [int(word) for word in listed.read().split()]
    except OSError:
        return [pid for pid in pids() if (stat(pid)[1:2] or [b""])[0] == b"%d" % me]


def pids(proc: str = "/proc") -> list[int]:
    """The pids of all processes."""
    return sorted(int(name) for name in posix.listdir(proc) if name.isdigit())


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


def command_line(pid: int) -> bytes:
    """The words that the process PID was started with, in one line; nothing where nobody knows."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb", buffering=0) as words:
            text = words.read(4096).rstrip(b"\0").replace(b"\0", b" ")
    except OSError:
        return b""
    return text.decode("latin-1").translate(UNPRINTABLE).encode("latin-1")
