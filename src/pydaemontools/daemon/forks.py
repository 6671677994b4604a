"""How a daemon comes off the process that starts it: fork, setsid, fork.

The process between the two forks leads the session, and stays until whoever started the daemon
has heard enough: it is the daemon's parent, so it alone can tell how the daemon ended. When it
goes, the session has no leader, and no terminal can become the daemon's. The daemon leads a
process group of its own, so that a signal can reach all of it by its pid.
"""

import _signal as signal
import os
from fcntl import F_DUPFD_CLOEXEC, fcntl
from select import POLLIN, epoll, poll

from ..base.errors import error_str
from ..base.pidfd import open_pidfd
from ..base.proc import start_time
from . import streams
from .close_rest import close_all_but
from .failures import StartupError
from .truth import Truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

LOOK = 0.02  # seconds between two looks where there is no pidfd


class Pipes:
    """What connects the three: `told` and `truth`, `report` and `reports`, `gone` and `here`.

    The daemon tells by the first; the process between reports by the second how that ended, and
    knows by the third that whoever started it is gone, or has heard enough. `source` and `sink`
    are there if it has a LOGGER, which reads from the one; who starts it has the other too, and
    so knows that nobody reads. `epoll` is that one's for all of it. None is at an fd of RESERVED,
    or is stdin, stdout or stderr, whichever of these are closed.
    """

    source = sink = -1

    def __init__(self, reserved: "Iterable[int]" = (), *, logger: bool = False) -> None:
        self._fds: list[int] = []
        self._reserved = {0, 1, 2, *reserved}
        try:
            self.told, self.truth = self._pipe()
            self.report, self.reports = self._pipe()
            self.gone, self.here = self._pipe()
            if logger:
                self.source, self.sink = self._pipe()
            # What there may be no more of is made before there is a daemon.
            self.epoll = epoll()
        except OSError:
            self.close(*self._fds)
            raise
        os.set_blocking(self.told, False)
        os.set_blocking(self.report, False)

    def _pipe(self) -> list[int]:
        pair, reserved = os.pipe2(os.O_CLOEXEC), self._reserved
        try:
            for fd in pair:
                above = max(reserved) + 1
                self._fds.append(fcntl(fd, F_DUPFD_CLOEXEC, above) if fd in reserved else fd)
        finally:
            self.close(*reserved.intersection(pair))
        return self._fds[-2:]

    def all(self) -> list[int]:
        """All of them."""
        return self._fds

    def end_log(self) -> None:
        """Leave the logger to the daemon: it ends with that."""
        self.close(self.sink)
        self.sink = -1

    def is_unread(self) -> bool:
        """Whether there was a logger, and reads no more."""
        waiter = poll()
        waiter.register(self.sink, 0)
        return bool(waiter.poll(0))

    @staticmethod
    def close(*fds: int) -> None:
        """Close FDS; one that is less than 0 is none."""
        for fd in fds:
            if fd >= 0:
                os.close(fd)


def fork_twice(pipes: Pipes, hold: "Iterable[int]" = ()) -> tuple[int, Truth | None]:
    """Fork; return the pid of the process between, and in the daemon 0 and what it tells by.

    The process between has HOLD open as long as it is there. Raises StartupError where there can
    be no child.
    """
    streams.flush()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid:
            pipes.close(pipes.truth, pipes.reports, pipes.gone, pipes.source)
            return pid, None
        truth = _detached(pipes, mask, hold)
    except OSError as error:
        raise StartupError(
            f"unable to fork: {error_str(error).decode()}", step="fork", exception=error
        ) from error
    finally:
        # In the daemon too, which has come as far as this.
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return 0, truth


def _detached(pipes: Pipes, mask: "set[int]", hold: "Iterable[int]") -> Truth:
    """Be the process between, which never returns; the daemon does, with what it tells by."""
    truth, daemon = Truth(pipes.truth), False
    try:
        truth.step("setsid", "start a session")
        os.setsid()
        truth.step("fork", "fork a second time")
        pid = os.fork()
        if pid:
            truth.close()
            _stay(pid, pipes, mask, hold)
        else:
            pipes.epoll.close()
            pipes.close(pipes.told, pipes.report, pipes.reports, pipes.gone, pipes.here)
            truth.born()
            truth.step("group", "lead a process group")
            os.setpgid(0, 0)
            daemon = True
            return truth
    except BaseException as error:  # noqa: BLE001 - the top level of this process
        truth.failed(error)
    finally:
        # A child never comes back into its parent's code, but for the daemon.
        if not daemon:
            os._exit(111)
    raise AssertionError


def _stay(pid: int, pipes: Pipes, mask: "set[int]", hold: "Iterable[int]") -> None:
    """Report how the daemon PID ended, if it does so while somebody wants to know."""
    for signum in range(1, signal.NSIG):
        if callable(signal.getsignal(signum)):
            signal.signal(signum, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # What the caller has open is no business of this process, locks least of all.
    close_all_but({pipes.reports, pipes.gone, *hold})
    signal.pthread_sigmask(signal.SIG_SETMASK, mask | {signal.SIGCHLD})
    status = _ended(pid, pipes.gone)
    if status is not None:
        os.write(pipes.reports, b"%d %d" % (pid, status))


def _ended(pid: int, gone: int) -> int | None:
    """The wait status of PID, when it has ended; None when GONE says that nobody waits for it."""
    waiter = poll()
    waiter.register(gone, POLLIN)
    try:
        pidfd = open_pidfd(pid, start_time(pid))
    except ProcessLookupError:
        pidfd = -1
    if pidfd >= 0:
        waiter.register(pidfd, POLLIN)
    while True:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return None
        if ended:
            return status
        found = [fd for fd, _ in waiter.poll(None if pidfd >= 0 else LOOK * 1000)]
        if gone in found:
            return None
