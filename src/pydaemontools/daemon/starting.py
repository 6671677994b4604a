"""A daemon that is being started, as seen by whoever starts it: until it is ready, or has failed.

All that can happen comes by fds that one epoll waits for, so that a thread can wait for it, or an
event loop. A daemon that dies is seen at once: the process between the forks reports how.
"""

import os
from _signal import SIGKILL
from select import EPOLLIN
from time import monotonic

from ..base.pidfd import open_pidfd
from ..base.proc import start_time
from .conditions import LOOK, Condition, Progress
from .failures import AlreadyRunning, Error, StartupError, Timeout
from .forks import Pipes
from .last_lines import LastLines
from .lock_file import LockFile
from .seconds import LONG
from .truth import Told, remake

GRACE = 0.3  # seconds from TERM to KILL of one that is not ready in time
STARTS = {"logger", "after_fork", "before_exec"}  # steps that may start a process
FOREGROUND = "what went into the background by itself is to stay in the foreground"
LOST = "it closes files that it was given, or opens {0} too: run it by `pysetlock -h {0}`"


class Start:
    """The start of the daemon NAME, whose parent is the process BETWEEN; seconds in TIMEOUT."""

    def __init__(
        self,
        name: str,
        between: int,
        pipes: Pipes,
        condition: Condition,
        *,
        timeout: float,
        lines: LastLines,
        lock: LockFile | None = None,
    ) -> None:
        self.name = name
        self._lock = lock  # that it is to hold
        self._ready = False  # whether the condition was met
        self._lost = 0.0  # when it was first seen not to hold it
        self.progress = Progress()
        self._between = between
        self._pipes = pipes
        self._told = Told(pipes.told)
        self._condition = condition
        self._seconds = timeout
        self._deadline = monotonic() + timeout
        self._lines = lines
        self._pidfd = -1
        self.logger: list[bytes] = []  # its words, if there is one
        self._logs = False  # whether it runs
        self.leaves = False  # whether this process ends when the daemon is ready
        self._over = False
        self._started = False  # whether it may have started other processes
        self._failed_by_itself = False
        self._epoll = pipes.epoll
        self._watched: set[int] = set()
        for fd in (*self._mine(), *condition.fds):
            if fd >= 0:
                self._watch(fd)

    @property
    def pid(self) -> int:
        """The pid of the daemon, 0 as long as there is none."""
        return self.progress.pid

    def fileno(self) -> int:
        """An fd that is readable when there is something for look()."""
        return self._epoll.fileno()

    def rest(self) -> float:
        """Seconds until look() has something to do without that."""
        left = min(self._deadline - monotonic(), LONG)
        pause = self._condition.pause
        return max(0.0, left if pause is None else min(left, pause))

    def wait(self) -> None:
        """Wait until it is ready. Raises StartupError, AlreadyRunning, Timeout; then it has ended.

        Whatever else comes between, as a KeyboardInterrupt, ends it too.
        """
        try:
            while not self.look():
                # A millisecond more, so that what is due is due.
                self._epoll.poll(self.rest() + 0.001)
        except BaseException:
            self.end()
            raise

    def look(self) -> bool:
        """Deal with what has come; return whether it is ready. Raises as wait() does."""
        if self._over:
            return True
        self._hear()
        # What it said before it ended counts, and so what is heard after that is known.
        ended = self._report()
        if ended is not None:
            self._hear()
        if self._logs and self._pipes.is_unread():
            raise self._unlogged()
        self._ready = self._ready or self._condition.look(self.progress)
        if self._ready:
            # It may have ended since: then that is known by now, too.
            ended = ended or self._report()
            if self._is_done(ended[1]) if ended else self._holds():
                self._finish(ready=True)
                return True
        for fd in self._watched - {*self._condition.fds, *self._mine()}:
            self._forget(fd)
        if ended is not None:
            raise self._failed(*ended)
        if monotonic() >= self._deadline:
            raise self._late()
        return False

    def end(self) -> None:
        """End what has been started of it, if it is not ready: TERM, and KILL a moment later."""
        self._pipes.end_log()
        if not self._over and not self._is_gone():
            from .end_processes import end_start

            end_start(self._between, self.pid, GRACE)
        if not self._over:
            self._finish(ready=False)

    def _is_gone(self) -> bool:
        """Whether it ends by itself, and had started nothing: then there is nobody to look for."""
        if self._started or not self._failed_by_itself:
            return False
        end = monotonic() + GRACE
        while (rest := end - monotonic()) > 0:
            if self._report() is not None:
                return True
            self._epoll.poll(rest)
        return False

    def _is_done(self, status: int | None) -> bool:
        """Whether one that has ended said that it was ready, and then ended well, by its STATUS."""
        return status == 0 and (self._condition.says or self.progress.said_ready)

    def _holds(self) -> bool:
        """Whether it holds its lock. Raises StartupError for one that lives on without it."""
        try:
            if self._lock is None or self._lock.held or self._lock.holder():
                return True
        except Error:
            # Nobody may know.
            return True
        self._lost = self._lost or monotonic()
        # One that ends lets go of it first.
        if monotonic() < self._lost + GRACE:
            self._condition.pause = LOOK
            return False
        path = self._lock.path
        raise StartupError(
            f"unable to start {self.name}: it has lost the lock of {path}",
            step=self.progress.step,
            pid=self.pid,
            lines=self._lines.read(),
            hint=LOST.format(path),
        )

    # What came.

    def _hear(self) -> None:
        for kind, *fields in self._told.read():
            if kind == b"pid":
                self.progress.pid = int(fields[0])
            elif kind == b"step":
                self._logs |= self.progress.step == "logger"
                self.progress.step = fields[0].decode()
                self._started |= self.progress.step in STARTS
            elif kind == b"exec":
                self.progress.step, self._started = "exec", True
            elif kind == b"begun":
                self.progress.step, self.progress.begun = "run", monotonic()
                self._started = True
            elif kind == b"ready":
                self.progress.said_ready = True
                self.progress.begun = self.progress.begun or monotonic()
            elif kind == b"running":
                self._failed_by_itself = True
                path, pid, command, age = map(os.fsdecode, fields)
                raise AlreadyRunning(path, int(pid), command, float(age) if age else None)
            else:
                self._failed_by_itself = True
                raise self._refused(*fields)
        if self._told.over and self._pipes.told in self._watched:
            self._forget(self._pipes.told)
            if self.progress.step == "exec":
                self.progress.step, self.progress.begun = "run", monotonic()

    def _report(self) -> "tuple[int, int | None] | None":
        """The pid and the wait status of the daemon, if it has ended; None for one nobody knows."""
        if self._pipes.report in self._watched:
            try:
                data = os.read(self._pipes.report, 64)
            except BlockingIOError:
                return None
            if data:
                pid, status = map(int, data.split())
                return pid, status
            # The process between was killed, and with it all that knew.
            self._forget(self._pipes.report)
        return self._look_at_pid()

    def _look_at_pid(self) -> "tuple[int, int | None] | None":
        """Whether the daemon has ended, where nobody reports that."""
        pid = self.pid
        if not pid:
            # As long as it can tell its pid it is there.
            return (0, None) if self._told.over else None
        if self._pidfd < 0:
            try:
                self._pidfd = open_pidfd(pid, start_time(pid))
            except ProcessLookupError:
                return pid, None
            if self._pidfd >= 0:
                self._watch(self._pidfd)
            elif self._condition.pause is None:
                self._condition.pause = 0.02
        return None if start_time(pid) else (pid, None)

    def _mine(self) -> tuple[int, ...]:
        return self._pipes.told, self._pipes.report, self._pipes.sink, self._pidfd

    # What is made of it.

    def _refused(self, step: bytes, *told: bytes) -> StartupError:
        kind, text, number, traceback, hint = told
        self.progress.step = step.decode()
        said = os.fsdecode(text)
        error = StartupError(
            f"unable to start {self.name}: {said}",
            step=self.progress.step,
            pid=self.pid,
            exception=remake(kind.decode(), said, int(number) if number else None),
            traceback=traceback.decode("utf-8", "replace"),
            lines=self._lines.read(),
            hint=os.fsdecode(hint),
        )
        error.__cause__ = error.exception
        return error

    def _failed(self, pid: int, status: int | None) -> StartupError:
        how = how_ended(status)
        where = "" if self.progress.step in ("", "run") else f", at the step {self.progress.step}"
        return StartupError(
            f"unable to start {self.name}: it {how} before it was ready{where}",
            step=self.progress.step,
            pid=pid,
            status=status,
            lines=self._lines.read(),
            hint="" if status else FOREGROUND,
        )

    def _unlogged(self) -> StartupError:
        from shlex import join

        shown = join(map(os.fsdecode, self.logger))
        return StartupError(
            f"unable to start {self.name}: its logger {shown} ended before it was ready",
            step="logger",
            pid=self.pid,
            hint=f"`echo | {shown}` may say why",
        )

    def _late(self) -> Timeout:
        step = self.progress.step
        where = "" if step in ("", "run") else f"; it is at the step {step}"
        wanted = self._condition.words
        return Timeout(
            f"unable to start {self.name}: after {self._seconds:g} seconds it is not ready,"
            f" which it is when {wanted}{where}",
            seconds=self._seconds,
            pid=self.pid,
            step=step,
            lines=self._lines.read(),
        )

    # The fds.

    def _watch(self, fd: int) -> None:
        self._epoll.register(fd, EPOLLIN)
        self._watched.add(fd)

    def _forget(self, fd: int) -> None:
        self._watched.discard(fd)
        try:
            self._epoll.unregister(fd)
        except OSError:
            # Whoever it belonged to has closed it.
            pass

    def _finish(self, *, ready: bool) -> None:
        """It is READY, or has ended: nobody between us any more, and nothing open."""
        self._over = True
        # One that leaves has not the last of these files: the process between has them too.
        self._condition.close(later=ready and not self.leaves)
        self._pipes.end_log()
        os.close(self._pipes.here)
        try:
            if not os.waitpid(self._between, os.WNOHANG)[0]:
                os.kill(self._between, SIGKILL)
                if not (ready and self.leaves):
                    os.waitpid(self._between, 0)
        except (ChildProcessError, ProcessLookupError):
            # The caller reaps its children itself.
            pass
        self._epoll.close()
        self._pipes.close(*self._mine())


def how_ended(status: int | None) -> str:
    """The words for a wait STATUS, None if nobody knows it."""
    if status is None:
        return "ended"
    if os.WIFSIGNALED(status):
        from ..base.errors import signal_name

        return f"was killed by {signal_name(os.WTERMSIG(status)).decode()}"
    return f"ended with exit code {os.WEXITSTATUS(status)}"
