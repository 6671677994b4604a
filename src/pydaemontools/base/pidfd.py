"""A process by a pidfd: no number that another may get (Linux 5.3), and how it ended."""

import _signal as signal
import posix
from _struct import pack, unpack_from
from errno import ESRCH
from fcntl import ioctl

from .proc import START, start_time, stat

# struct pidfd_info as it was first, and what is in it (Linux 6.13, with the status 6.15).
INFO = 64
PIDFD_GET_INFO = 3 << 30 | INFO << 16 | 0xFF << 8 | 11
PIDFD_INFO_EXIT = 1 << 3
MASK, STATUS = "Q", 60
EXIT_CODE = 49  # where stat() has the wait status of one that is waited for
CAP_SYS_PTRACE = 19


def open_pidfd(pid: int, start: int) -> int:
    """Return a pidfd of the process PID that began at START; -1 where there is no such thing.

    Raises ProcessLookupError if that process is not there.
    """
    try:
        pidfd = posix.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except (AttributeError, OSError):
        # An old kernel, or a sandbox.
        pidfd = -1
    if start_time(pid) == start:
        return pidfd
    if pidfd >= 0:
        posix.close(pidfd)
    raise ProcessLookupError(ESRCH, "")


def send_signal(pidfd: int, pid: int, start: int, signum: int) -> None:
    """Send SIGNUM to the process PID that began at START, by its PIDFD unless that is -1.

    Raises OSError, ProcessLookupError where it is gone.
    """
    if pidfd >= 0:
        signal.pidfd_send_signal(pidfd, signum)
    elif start_time(pid) == start:
        posix.kill(pid, signum)
    else:
        raise ProcessLookupError(ESRCH, "")


def wait_status(pidfd: int, pid: int, start: int) -> int | None:
    """Return the wait status of one that has ended and is no child of ours; None if nobody knows.

    /proc has it until its parent has waited for it, and the pidfd (Linux 6.15) from then on.
    """
    fields = stat(pid)
    if fields[EXIT_CODE:] and fields[0] == b"Z" and int(fields[START]) == start:
        status = int(fields[EXIT_CODE])
        # Who may not know it reads 0.
        if status or _may_know(pid):
            return status
    info = bytearray(pack(MASK, PIDFD_INFO_EXIT).ljust(INFO, b"\0"))
    try:
        ioctl(pidfd, PIDFD_GET_INFO, info)
    except (OSError, ValueError):
        return None
    known = unpack_from(MASK, info)[0] & PIDFD_INFO_EXIT
    return unpack_from("i", info, STATUS)[0] if known else None


def _may_know(pid: int) -> bool:
    """Whether the kernel shows us all of the process PID: by its account, or our privilege."""
    try:
        if posix.stat(f"/proc/{pid}").st_uid == posix.geteuid():
            return True
        with open("/proc/self/status", "rb") as lines:
            mine = next((line.split()[1] for line in lines if line.startswith(b"CapEff:")), b"0")
    except OSError:
        return False
    return bool(int(mine, 16) >> CAP_SYS_PTRACE & 1)
