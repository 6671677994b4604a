"""Whether a supervisor started this very process: then it has no need to detach itself.

The variables name a pid. A NOTIFY_SOCKET proves nothing: it is inherited by whatever a service
starts, and by what a person starts in a shell below it.
"""

import os

SUPERVISOR = "PYDAEMONTOOLS_SUPERVISOR"  # the pid of the pysupervise that starts a service
# What is for the process that a supervisor started, and for none that detaches itself from it.
THEIRS = ("NOTIFY_SOCKET", "NOTIFICATION_FD", "WATCHDOG_PID", "WATCHDOG_USEC", "SYSTEMD_EXEC_PID")


def supervised() -> bool:
    """Whether systemd or pysupervise started this process itself, and not one above it."""
    if os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid()):
        return True
    return os.environ.get(SUPERVISOR) == str(os.getppid())


def forget() -> None:
    """Remove from the environment what was for whoever the supervisor started."""
    for name in (*THEIRS, SUPERVISOR):
        os.environ.pop(name, None)
