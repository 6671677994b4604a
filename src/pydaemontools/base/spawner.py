"""A thread that spawns, with a table of open files of its own.

A child begins with all files that its parent has open, and closes them at its exec: beside the
10,000 of who keeps 2,000 services that takes longer than all the rest of a start. The system
gives a thread a table of its own (close_range, Linux 5.9); what a child is to have, the thread
takes out of the process's (pidfd_getfd).

Such a child is ours as any other, but in /proc it is the thread's.
"""

import posix
from _signal import SIG_BLOCK, SIG_SETMASK, pthread_sigmask, valid_signals
from _thread import allocate_lock, start_new_thread
from errno import EBADF
from fcntl import F_DUPFD_CLOEXEC, fcntl

from .libc import Long, call
from .spawn import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# System calls, by these numbers on every kind of machine.
PIDFD_OPEN, CLOSE_RANGE, PIDFD_GETFD = 434, 436, 438
CLOSE_RANGE_UNSHARE = 2
ALL = 0xFFFFFFFF  # the last fd that a range has
STANDARD = {0: 0, 1: 1, 2: 2}
FEW = 2000  # open files beside which a child is started sooner without the thread


class Spawner:
    """Spawns from a thread that hands on KEEP, as long as the process lives. Raises OSError where
    the system has no such thing, RuntimeError where there can be no thread.
    """

    def __init__(self, keep: "Iterable[int]") -> None:
        self._process = posix.getpid()
        self._asked, self._done = allocate_lock(), allocate_lock()
        self._asked.acquire()
        self._done.acquire()
        self._work: Callable[[], int] = lambda: self._begin(keep)
        self._result = 0
        self._trouble: BaseException | None = None
        self._pidfd = -1
        self._many = False  # whether so many files were open, once, that this is worth it
        self._standing = _standing()
        # The interpreter writes of a signal to an fd, which in the thread is another file's.
        mask = pthread_sigmask(SIG_BLOCK, valid_signals())
        try:
            start_new_thread(self._run, ())
        finally:
            pthread_sigmask(SIG_SETMASK, mask)
        self._have()

    def spawn(
        self,
        file: bytes,
        argv: list[bytes],
        fd_map: "Mapping[int, int]",
        *,
        session: bool,
        mask: "frozenset[int] | None",
        mark: bytes = b"",
    ) -> int:
        """Have FILE started by the thread, as by spawn.py; return its pid. Raises OSError."""
        alone = posix.getpid() != self._process  # a fork has no other threads
        if alone or not self._has_many() or _standing() != self._standing:
            return spawn(file, argv, fd_map, session=session, mask=mask, mark=mark)
        # In the thread all are.
        blocked = frozenset(map(int, pthread_sigmask(SIG_BLOCK, ()))) if mask is None else mask

        def work() -> int:
            taken = self._take(STANDARD | {**fd_map})
            try:
                return spawn(file, argv, taken, session=session, mask=blocked, mark=mark)
            finally:
                _close(taken)

        self._work = work
        return self._have()

    def _has_many(self) -> bool:
        """Whether more than FEW files are open, by the number that the next one gets."""
        if not self._many:
            fd = posix.eventfd(0)
            posix.close(fd)
            self._many = fd > FEW
        return self._many

    def _have(self) -> int:
        """What the thread gives for the work there is; raises what that raises."""
        self._asked.release()
        self._done.acquire()
        if trouble := self._trouble:
            self._trouble = None
            raise trouble
        return self._result

    # In the thread.

    def _run(self) -> None:
        while True:
            self._asked.acquire()
            try:
                self._result = self._work()
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                self._trouble = error
            able = self._pidfd >= 0
            self._done.release()
            if not able:
                return

    def _begin(self, keep: "Iterable[int]") -> int:
        low = 0
        for fd in (*sorted(keep), ALL + 1):
            # To have an own table and to close is one step: never would our files be closed.
            if low < fd:
                _system(CLOSE_RANGE, low, fd - 1, CLOSE_RANGE_UNSHARE)
            low = fd + 1
        self._pidfd = _system(PIDFD_OPEN, self._process, 0)
        try:
            _close(self._take(STANDARD))
        except OSError:
            # A sandbox. It is not able.
            posix.close(self._pidfd)
            self._pidfd = -1
            raise
        return 0

    def _take(self, fd_map: "Mapping[int, int]") -> dict[int, int]:
        """Take what FD_MAP says out of the process's files: by which fd each is here, where none
        is another's place. Of STANDARD what there is. Raises OSError.
        """
        above, taken = max(fd_map) + 1, dict[int, int]()
        try:
            for fd, source in fd_map.items():
                try:
                    file = _system(PIDFD_GETFD, self._pidfd, source, 0)
                except OSError as error:
                    if error.errno == EBADF and STANDARD.get(fd) == source:
                        continue
                    raise
                taken[fd] = file
                if file < above:
                    taken[fd] = fcntl(file, F_DUPFD_CLOEXEC, above)
                    posix.close(file)
        except OSError:
            _close(taken)
            raise
        return taken


def _system(*numbers: int) -> int:
    return call("syscall", *map(Long, numbers))


def _standing() -> object:
    """What a child has from its parent's thread, and renice, chrt and taskset change there."""
    priority = posix.getpriority(posix.PRIO_PROCESS, 0)
    return priority, posix.sched_getscheduler(0), posix.sched_getaffinity(0)


def _close(taken: "Mapping[int, int]") -> None:
    for fd in taken.values():
        posix.close(fd)
