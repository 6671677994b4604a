"""Signals that are read where a program can deal with them: nothing is done in a handler.

The interpreter writes the number of a signal into a pipe, at once and whichever thread the
kernel chose for it (set_wakeup_fd), and whoever waits reads it there. A child that is forked
has the pipe too: what it is sent would be read by its parent, so it leaves all of this behind.
"""

import os
import signal
from _thread import _local, allocate_lock
from select import POLLIN, poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from typing import Self

PIPE = 65536  # bytes that a pipe takes: when as many are read, some may not have fitted


class SignalInbox:
    """The SIGNALS that come while this is entered, in the main thread; none in another."""

    def __init__(self, signals: "Iterable[int]") -> None:
        self._signals = set(signals)
        self._fds: tuple[int, ...] = ()
        self._open = allocate_lock()
        self.seen: set[int] = set()  # since the last wait()

    def __enter__(self) -> "Self":
        """Take the place of the handlers that are there."""
        self._fds = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = poll()
        self._poll.register(self._fds[0], POLLIN)
        self._forks = ChildGuard(self._signals)
        if self._signals:
            self._wakeup = signal.set_wakeup_fd(self._fds[1], warn_on_full_buffer=False)
            self._forks.__enter__()
            for signum in self._signals:
                signal.signal(signum, self._see)
            # What was blocked for us would never come.
            self._mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)
        return self

    def __exit__(self, *_: object) -> None:
        """Put back what was there."""
        if self._signals:
            self._forks.put_back()
            signal.set_wakeup_fd(self._wakeup)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            self._forks.__exit__()
        with self._open:
            fds, self._fds = self._fds, ()
        for fd in fds:
            os.close(fd)

    def wait(self, seconds: float | None = None) -> list[int]:
        """The signals that came, in order; after SECONDS at most, or when wake() was called."""
        missed = not self.rearm()
        if missed:
            seconds = 0
        self._poll.poll(None if seconds is None else max(0, seconds) * 1000 + 1)
        try:
            came = os.read(self._fds[0], PIPE)
        except BlockingIOError:
            came = b""
        seen, self.seen = self.seen, set()
        found = [number for number in came if number in self._signals]
        # A full pipe takes no more, and what was last may be the one that matters.
        missed = missed or len(came) == PIPE
        return found + sorted(seen - set(found)) if missed else found

    def rearm(self) -> bool:
        """Have signals written to the pipe; whether they were, or somebody took that away.

        As an asyncio loop does that has handlers, when it is closed. What came meanwhile is `seen`.
        """
        if not self._signals:
            return True
        sink = self._fds[1]
        return signal.set_wakeup_fd(sink, warn_on_full_buffer=False) == sink

    def fileno(self) -> int:
        """The fd that can be read when a signal has come."""
        return self._fds[0]

    def drain(self) -> None:
        """Have nothing to read until the next signal; what was `seen` stays."""
        try:
            os.read(self._fds[0], PIPE)
        except BlockingIOError:
            pass

    def wake(self) -> None:
        """Have wait() return; any thread may call this, also before it waits, and at the end."""
        # Closed, the number may be another file's.
        with self._open:
            if self._fds:
                self.poke()

    def poke(self) -> None:
        """The same, for whoever knows that this is entered; a forked child too."""
        try:
            os.write(self._fds[1], b"\0")
        except BlockingIOError:
            # There is enough in it to wake whoever waits.
            pass

    def _see(self, signum: int, _frame: "FrameType | None") -> None:
        """Note it; the pipe has been written to already."""
        self.seen.add(signum)


class ChildGuard:
    """While this is entered, a forked child has the handlers of SIGNALS that were there before.

    And no wakeup fd, and nothing that comes between the fork and that is lost: signals are
    blocked until then.
    """

    def __init__(self, signals: "Iterable[int]") -> None:
        self.before = {signum: signal.getsignal(signum) for signum in signals}

    def __enter__(self) -> "Self":
        """Begin."""
        _register()
        _guards.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        _guards.remove(self)

    def put_back(self) -> None:
        """Have the handlers again that were there; the default for what was not Python's."""
        for signum, handler in self.before.items():
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)


_guards: list[ChildGuard] = []
_masks = _local()  # of each thread that forks: its mask before that
_registered: list[bool] = []


def _register() -> None:
    """Be told of forks: once, since there is no taking that back."""
    if not _registered:
        _registered.append(True)
        os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_leave)


def _block() -> None:
    some = signal.valid_signals() if _guards else ()
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, some)


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _leave() -> None:
    if _guards:
        signal.set_wakeup_fd(-1)
    for guard in reversed(_guards):
        guard.put_back()
    _guards.clear()
    _unblock()
