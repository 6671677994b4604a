"""Ending what was started: a signal, a while to obey it, and KILL for what is left."""

import os
from _signal import SIGCONT, SIGKILL, SIGTERM
from time import monotonic, sleep

from ..base.pidfd import open_pidfd
from ..base.proc import start_time
from .seconds import readable

LOOK = 0.02  # seconds between two looks at what is left
LAST = 5.0  # seconds after which what KILL does not end is the kernel's


def end_start(between: int, pid: int, grace: float) -> None:
    """End a start: the process BETWEEN, a child of ours, the daemon PID, 0 if there is none.

    And all in the session that BETWEEN leads, and whatever descends from these. TERM is
    sent, and KILL after GRACE seconds.
    """
    from ..jobs.helper_tree import HelperTree

    tree = HelperTree(between)
    group = _Group(pid)
    tree.signal(SIGTERM, SIGCONT)
    group.signal(SIGTERM, SIGCONT)
    end = monotonic() + grace
    while tree.living() and monotonic() < end:
        sleep(LOOK)
    end = monotonic() + LAST
    while (tree.signal(SIGKILL) or group.signal(SIGKILL)) and monotonic() < end:
        sleep(LOOK)


class _Group:
    """The process group of PID, for where no /proc shows a session."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def signal(self, *signums: int) -> bool:
        """Send SIGNUMS to it; return whether there is one."""
        if not self._pid or start_time(os.getpid()):
            return False
        try:
            for signum in signums:
                os.killpg(self._pid, signum)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def wait_for_end(pid: int, start: int, seconds: float) -> bool:
    """Wait until the process PID that began at START has ended, SECONDS at most; whether it has."""
    end = monotonic() + seconds
    try:
        pidfd = open_pidfd(pid, start)
    except ProcessLookupError:
        return True
    if pidfd < 0:
        while start_time(pid) == start:
            if monotonic() >= end:
                return False
            sleep(LOOK)
        return True
    try:
        return readable(pidfd, seconds)
    finally:
        os.close(pidfd)
