"""Waiting for a child that is in the foreground: the signals that we get are for it."""

import os
from _signal import SIG_IGN, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, getsignal, signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

PASSED = (SIGTERM, SIGHUP, SIGCONT)  # a terminal sends the others to both


def wait_for(pid: int) -> int:
    """The exit code of the child PID, or minus the signal that ended it, when it has ended.

    What comes for us meanwhile is passed to it.
    """

    def pass_on(signum: int, _frame: "FrameType | None") -> None:
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            # It has just ended.
            pass

    before = {signum: getsignal(signum) for signum in (*PASSED, SIGINT, SIGQUIT)}
    try:
        for signum, handler in before.items():
            if handler != SIG_IGN:
                signal(signum, pass_on if signum in PASSED else SIG_IGN)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        for signum, handler in before.items():
            if handler is not None:
                signal(signum, handler)
