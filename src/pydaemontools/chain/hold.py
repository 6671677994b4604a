"""Stay beside a program and hold something for it: what pysetlock -h does.

Signals are taken one at a time with sigwaitinfo, never in a handler: a pid that was just
reaped is never signalled.
"""

import _signal as signal
import posix

from ..base.process import title
from .subreaper import end_as, fork_behind

# Stop signals that the kernel sends to a whole process group stop this process too, and who
# is told that a child has changed has nothing to pass on. All others are for the program.
OURS = {signal.SIGCHLD, signal.SIGTTIN, signal.SIGTTOU}
# What a key of the terminal, or its new size, sends to the program as well.
KEYS = {signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGWINCH}
SI_KERNEL = 0x80


def stay(who: bytes) -> int | None:
    """Fork; None in the child. The parent, called WHO, stays until that ends, and ends as it.

    Raises Quit.
    """
    # A child that ends must be seen even where someone ignored SIGCHLD for us.
    ignored = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid, _ = fork_behind(signal.valid_signals() - OURS)
    if not pid:
        signal.signal(signal.SIGCHLD, ignored)
        return None
    title(who)
    _let_go()
    # What is still blocked cannot change any more how we end.
    return end_as(_watch(pid))


def _let_go() -> None:
    """Hold none of fds 0-2 open: whoever reads there waits for the program alone."""
    try:
        null = posix.open("/dev/null", posix.O_RDWR | posix.O_CLOEXEC)
    except OSError:
        # A chroot without devices.
        return
    for fd in range(3):
        posix.dup2(null, fd)
    posix.close(null)


def _watch(pid: int) -> int:
    """Pass signals on to PID, and stop as it stops, until it ends; give its wait status."""
    while True:
        come = signal.sigwaitinfo(signal.valid_signals() - (OURS - {signal.SIGCHLD}))
        if come.si_signo != signal.SIGCHLD:
            _pass_on(come, pid)
            continue
        for child, status in _changes():
            if child != pid:
                continue
            if not posix.WIFSTOPPED(status):
                return status
            _stop(posix.WSTOPSIG(status))


def _changes() -> list[tuple[int, int]]:
    """The children that have ended or stopped; whoever became this tool may have left some."""
    found: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = posix.waitpid(-1, posix.WNOHANG | posix.WUNTRACED)
        except ChildProcessError:
            return found
        if not pid:
            return found
        found.append((pid, status))


def _pass_on(come: signal.struct_siginfo, pid: int) -> None:
    key = come.si_code == SI_KERNEL and come.si_signo in KEYS
    try:
        if not key or posix.getpgid(pid) != posix.getpgrp():
            posix.kill(pid, come.si_signo)
    except PermissionError:
        # The program changed its account: only root can still reach it.
        pass


def _stop(signum: int) -> None:
    """Stop by SIGNUM too, where a shell may wait to see that; CONT is passed on afterwards."""
    try:
        posix.close(posix.open("/dev/tty", posix.O_RDWR | posix.O_CLOEXEC | posix.O_NOCTTY))
    except OSError:
        # No terminal, so nobody would continue us.
        return
    posix.kill(posix.getpid(), signum)
    # Where this unblocks it, it comes.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signum])
    signal.pthread_sigmask(signal.SIG_BLOCK, [signum])
