"""A command that has a certain time, and is ended if it takes longer: asked first, then killed."""

import os
import signal
from subprocess import PIPE, Popen
from threading import RLock, Thread
from time import monotonic, sleep

from ..base.pidfd import open_pidfd
from ..base.proc import start_time
from .seconds import is_number, readable
from .signal_numbers import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import IO, Self

SIGNALS = "TERM", "QUIT", "KILL"
SUSPEND = 4.0  # seconds that each signal has to work
NAP = 0.02  # seconds between two looks where there is no pidfd


class Child:
    """A COMMAND, words or a text for the shell, that runs for TIMEOUT seconds at most.

    Then SIGNALS are sent to it and all that is in its process group, one after the other, with
    SUSPEND seconds for each to work; what is left of the group then is killed. A TIMEOUT of 0 or
    less is over at once, None never. As a context manager it is started, and stopped at the end
    of the block.
    """

    def __init__(
        self,
        command: "str | Sequence[str] | None" = None,
        *,
        timeout: float | None = None,
        signals: "Iterable[str | int]" = SIGNALS,
        suspend: float = SUSPEND,
    ) -> None:
        self.command = command
        self.timeout = timeout
        self.signals = list(signals)
        self.suspend = suspend
        self.timed_out = False  # whether it took longer than it might
        self._process: Popen[bytes] | None = None
        self._pidfd = -1
        self._lock = RLock()  # held by whoever ends it, or waits for it
        self._check()

    def __enter__(self) -> "Self":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, mode: str = "r") -> "Self":
        """Start it; nothing happens if it runs. Raises OSError where it cannot be run.

        MODE: "r" makes `stdout` a pipe to read from, "w" `stdin` one to write to, "r+" both,
        "" none. ValueError for another, or without a command.
        """
        if mode not in ("r", "w", "r+", ""):
            raise ValueError(f'mode={mode!r}: say "r", "w", "r+" or ""')
        if not self.command:
            raise ValueError("command: there is nothing to run")
        self._check()
        if self.alive:
            return self
        self.stop()
        self.timed_out = False
        process = Popen(  # noqa: S603 - whoever gives the command means it
            self.command,
            shell=isinstance(self.command, str),
            stdin=PIPE if mode in ("w", "r+") else None,
            stdout=PIPE if mode in ("r", "r+") else None,
            process_group=0,
        )
        self._process = process
        self._pidfd = _pidfd(process.pid)
        if self.timeout is not None:
            # Its own: stop() closes ours, and the number may be another file's then.
            fd = os.dup(self._pidfd) if self._pidfd >= 0 else -1
            Thread(target=self._watch, args=(process, fd, self.timeout), daemon=True).start()
        return self

    @property
    def pid(self) -> int:
        """The pid of the last one, 0 if there was none."""
        return self._process.pid if self._process else 0

    @property
    def stdin(self) -> "IO[bytes] | None":
        """What it reads, to write to."""
        return self._process.stdin if self._process else None

    @property
    def stdout(self) -> "IO[bytes] | None":
        """What it writes, to read from."""
        return self._process.stdout if self._process else None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None and not self._gone(0)

    @property
    def returncode(self) -> int | None:
        """How it ended: its exit status, or the signal as a negative number; None before that."""
        return self._process.returncode if self._process else None

    @property
    def exit_status(self) -> int | None:
        """The status that it exited with; None if it was a signal, or has not ended."""
        code = self.returncode
        return code if code is not None and code >= 0 else None

    @property
    def term_signal(self) -> int | None:
        """The signal that ended it; None if it exited, or has not ended."""
        code = self.returncode
        return -code if code is not None and code < 0 else None

    @property
    def success(self) -> bool | None:
        """Whether it exited with 0; None before it has ended."""
        return None if self.returncode is None else self.returncode == 0

    def wait(self, limit: float | None = None) -> int | None:
        """Wait until it has ended, LIMIT seconds at most; return `returncode`, None if it runs."""
        if limit is not None and not is_number(limit):
            raise ValueError(f"limit={limit!r}: a number of seconds, or None")
        if self._process is None or (self.returncode is None and not self._gone(limit)):
            return None
        with self._lock:
            return self._process.wait()

    def stop(self) -> "Self":
        """End it by its signals, if it runs, and close what there is between us."""
        if self._process is None:
            return self
        if self.returncode is None:
            self._end(self._process)
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        return self

    def _check(self) -> None:
        """Raise ValueError for what would be found when it is to be ended."""
        for one in self.signals:
            number(one)
        for name in ("timeout", "suspend"):
            seconds = getattr(self, name)
            if not (is_number(seconds) or (seconds is None and name == "timeout")):
                raise ValueError(f"{name}={seconds!r}: a number of seconds")

    def _watch(self, process: "Popen[bytes]", fd: int, seconds: float) -> None:
        """End PROCESS, of the pidfd FD, when its SECONDS are over."""
        try:
            gone = _wait(process.pid, fd, seconds)
        finally:
            if fd >= 0:
                os.close(fd)
        if not gone and process is self._process:
            self.timed_out = True
            self._end(process)

    def _end(self, process: "Popen[bytes]") -> None:
        with self._lock:
            if process.returncode is not None or self._gone(0):
                return
            numbers = [number(one) for one in self.signals]
            escalate(numbers, self.suspend, lambda one: _signal(process.pid, one), self._gone)
            # Until it is waited for its number is nobody else's, nor that of its group.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def _gone(self, seconds: float | None) -> bool:
        """Whether it has ended, after SECONDS at most; it is not waited for."""
        return self._process is None or _wait(self._process.pid, self._pidfd, seconds)


def escalate(
    signals: "Iterable[int]",
    suspend: float,
    send: "Callable[[int], object]",
    gone: "Callable[[float], bool]",
) -> bool:
    """SEND one of SIGNALS after the other until GONE, within SUSPEND seconds of one; whether so."""
    for signum in signals:
        try:
            send(signum)
        except ProcessLookupError:
            return True
        if gone(suspend):
            return True
    return gone(0)


def _signal(group: int, signum: int) -> None:
    os.killpg(group, signum)
    # One that is stopped hears of it only then.
    os.killpg(group, signal.SIGCONT)


def _wait(pid: int, pidfd: int, seconds: float | None) -> bool:
    """Whether the child PID has ended, after SECONDS at most. It is not waited for."""
    if pidfd >= 0:
        return readable(pidfd, seconds)
    end = float("inf") if seconds is None else monotonic() + seconds
    while not _is_zombie(pid):
        if monotonic() >= end:
            return False
        sleep(NAP)
    return True


def _is_zombie(pid: int) -> bool:
    try:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return ended is not None


def _pidfd(pid: int) -> int:
    try:
        return open_pidfd(pid, start_time(pid))
    except ProcessLookupError:
        return -1


def _close(pipe: "IO[bytes]") -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        # It ended before it had read all that was written for it.
        pass
