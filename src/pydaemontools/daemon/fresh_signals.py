"""Signals as a program finds them that is started by nobody's shell."""

from _signal import (
    NSIG,
    SIG_DFL,
    SIG_IGN,
    SIG_SETMASK,
    SIGXFSZ,
    getsignal,
    pthread_sigmask,
    signal,
)


def fresh_signals() -> None:
    """Ignore none and block none: what is handed on over an exec, and nobody could stop it."""
    for signum in range(1, NSIG):
        # Of that one an exec itself takes care, and a tool of ours has it ignored.
        if getsignal(signum) == SIG_IGN and signum != SIGXFSZ:
            signal(signum, SIG_DFL)
    pthread_sigmask(SIG_SETMASK, ())
