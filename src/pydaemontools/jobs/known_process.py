"""A process that is not our child, followed to its end by its pid and its start time."""

import posix
from time import monotonic

from ..base.pidfd import open_pidfd, send_signal, wait_status
from ..base.proc import is_child, start_time, stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .loop import Loop

LOOK = 1.0  # seconds between two looks, where a pidfd cannot tell of its end
LATE = 1.0  # seconds that its parent has to wait for it, before nobody knows how it ended
AGAIN = 0.05  # seconds between two times of asking for that


class KnownProcess:
    """The process PID that began at START; CALLBACK is called with its wait status, or None.

    None says that it has ended and nobody knows how. Raises ProcessLookupError if it is not
    there.
    """

    def __init__(
        self, loop: "Loop", pid: int, start: int, callback: "Callable[[int | None], None]"
    ) -> None:
        self.pid = pid
        self.start = start
        self._loop = loop
        self._callback = callback
        self.on_kill: Callable[[], object] = lambda: None  # called before each signal
        self._over = False
        self._ended = 0.0
        self._pidfd = open_pidfd(pid, start)
        # Its parent may end before it, and leave it to us.
        loop.child(pid, self._tell)
        if self._pidfd >= 0:
            loop.watch(self._pidfd, self._conclude)
        else:
            self._look()

    def kill(self, signum: int) -> None:
        """Send it SIGNUM. Raises OSError."""
        self.on_kill()
        send_signal(self._pidfd, self.pid, self.start, signum)

    def _look(self) -> None:
        if self._over:
            return
        if start_time(self.pid) != self.start:
            self._conclude()
        else:
            self._loop.at(monotonic() + LOOK, self._look)

    def _conclude(self) -> None:
        """It has ended: find out how, which may take until its parent has waited for it."""
        if self._over or is_child(self.pid):
            # If it is ours by now, it is reaped like the others.
            return
        now = monotonic()
        self._ended = self._ended or now
        status = wait_status(self._pidfd, self.pid, self.start)
        if status is None and stat(self.pid) and now < self._ended + LATE:
            self._loop.forget(self._pidfd)
            self._loop.at(now + AGAIN, self._conclude)
            return
        self._loop.forget_child(self.pid, self._tell)
        self._tell(status)

    def _tell(self, status: int | None) -> None:
        self._over = True
        if self._pidfd >= 0:
            self._loop.forget(self._pidfd)
            posix.close(self._pidfd)
        self._callback(status)
