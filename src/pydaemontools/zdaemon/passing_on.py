"""Signals that are for a child: whoever waits for it, in the foreground, passes them on."""

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
    getsignal,
    pthread_sigmask,
    signal,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PASSED = (SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT)
# A terminal sends these to the child too.
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
    return wait_for(pid, mask)


def wait_for(pid: int, mask: "set[int] | None" = None) -> int:
    """The wait status of the child PID, when it has ended; what comes for us is passed to it.

    MASK: of signals that are blocked from then on, instead of those that are now.
    """
    before = {signum: getsignal(signum) for signum in (*PASSED, *TERMINALS)}
    for signum, action in before.items():
        if action != SIG_IGN:
            passes = signum in PASSED
            signal(signum, (lambda signum, _frame: os.kill(pid, signum)) if passes else SIG_IGN)
    try:
        if mask is not None:
            pthread_sigmask(SIG_SETMASK, mask)
        # It stays a zombie, and its number its own, as long as signals are passed on.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    finally:
        for signum, action in before.items():
            if action is not None:
                signal(signum, action)
    return os.waitpid(pid, 0)[1]
