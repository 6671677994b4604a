"""Stay in front of a program that goes into the background: what pyfghack does on Linux.

As a subreaper this process becomes the parent of whatever its program leaves behind, so
it can wait for it, pass signals on to it and end as it ends. Signals are taken one at a
time with sigwait, never in a handler: a pid that was just reaped is never signalled.
"""

import _signal as signal
import posix

from ..base import cli
from ..base.orphans import reap
from ..base.proc import children
from ..base.process import environ, title

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# Sent to this process they are meant for the program. The stop signals of a terminal stay
# with this process: whoever stops it wants the shell to see it stop.
FORWARDED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGALRM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGCONT,
    signal.SIGWINCH,
)


def follow(who: bytes) -> int | None:
    """Fork; None in the child. The parent, called WHO, stays until no child is left.

    It ends as the last of them.
    """
    # A child that ends must be seen even where someone ignored SIGCHLD for us.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Whoever became this tool may have left children of its own: they are not the program's.
    others = set(children())
    pid, mask = fork_behind(FORWARDED)
    if not pid:
        return None
    title(who)
    status = _watch(pid, others)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return end_as(status)


def fork_behind(signums: "Iterable[int]") -> tuple[int, set[int]]:
    """Fork, and block SIGNUMS and SIGCHLD here; return the pid, 0 in the child, and the old mask.

    The child is as this process was. Raises Quit.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*signums, signal.SIGCHLD})
    try:
        pid = posix.fork()
    except OSError as error:
        raise cli.fatal(b"unable to fork", error) from None
    if not pid:
        # It has another pid than the one that is told to give signs of life.
        environ.pop(b"WATCHDOG_PID", None)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return pid, mask


def _watch(pid: int, others: set[int]) -> int:
    """Wait for PID and whatever it leaves behind; give the wait status of the last one followed."""
    followed = {pid}
    while True:
        signum = signal.sigwait([*FORWARDED, signal.SIGCHLD])
        # First of all: a signal to one that has ended would be lost to its heirs.
        reaped, more = reap()
        ended = dict(reaped)
        gone = {child: status for child, status in ended.items() if child not in others}
        # Another may get the pid of one that has ended.
        others -= ended.keys()
        # None is followed where more were left, and nobody knows which: no /proc.
        last = followed & gone.keys() if followed else set(gone)
        followed -= last
        if last and not followed:
            followed = _heirs(others, max(last))
            if not followed and (others or not more):
                # One that goes into the background says 0. What it left may have failed by now.
                first = next(filter(None, map(gone.get, last)), 0)
                return first or next(filter(None, gone.values()), 0)
        if signum != signal.SIGCHLD:
            if pid not in followed:
                # It has gone, and each of its heirs stands for it.
                followed |= _heirs(others, pid)
            _pass_on(signum, followed)


def _heirs(others: set[int], near: int) -> set[int]:
    """The children of this process, but for OTHERS; most likely their pids are NEAR that one."""
    return {child for child in children(near) if child not in others}


def _pass_on(signum: int, pids: set[int]) -> None:
    for pid in pids:
        try:
            posix.kill(pid, signum)
        except PermissionError:
            # The program changed its account: only root can still reach it.
            pass


def end_as(status: int) -> int:
    """Exit code of a wait STATUS; where that was a signal, end by the same signal."""
    if not posix.WIFSIGNALED(status):
        return posix.WEXITSTATUS(status)
    signum = posix.WTERMSIG(status)
    from resource import RLIMIT_CORE, getrlimit, setrlimit

    # The program dumped core if anyone did; this process has nothing to show in one.
    setrlimit(RLIMIT_CORE, (0, getrlimit(RLIMIT_CORE)[1]))
    if signum not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signum])
    posix.kill(posix.getpid(), signum)
    return 128 + signum
