"""Signals that are for the program: whoever waits for it passes them on, and stays."""

import os
from _signal import (
    SIG_BLOCK,
    SIG_IGN,
    SIG_SETMASK,
    SIGCONT,
    SIGHUP,
    SIGINT,
    SIGQUIT,
    SIGTERM,
    SIGUSR1,
    SIGUSR2,
    pthread_sigmask,
    signal,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PASSED = (SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT)
# A terminal sends these to the program too.
TERMINALS = (SIGINT, SIGQUIT)


def run_child(body: "Callable[[], int]") -> int:
    """Run BODY in a child, which ends with its code; give the wait status of that.

    What comes meanwhile for this process is the child's. Raises OSError.
    """
    # What comes before there is a handler waits for it.
    mask = pthread_sigmask(SIG_BLOCK, PASSED)
    try:
        pid = os.fork()
    except OSError:
        pthread_sigmask(SIG_SETMASK, mask)
        raise
    if not pid:
        pthread_sigmask(SIG_SETMASK, mask)
        os._exit(body())
    before = {
        signum: signal(signum, lambda signum, _frame: os.kill(pid, signum)) for signum in PASSED
    }
    before |= {signum: signal(signum, SIG_IGN) for signum in TERMINALS}
    try:
        pthread_sigmask(SIG_SETMASK, mask)
        # It stays a zombie, and its number its own, as long as signals are passed on.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    finally:
        for signum, action in before.items():
            signal(signum, action)
    return os.waitpid(pid, 0)[1]
