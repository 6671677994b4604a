"""What whoever started us is told: that the service is ready, that it ends, that we live.

systemd asks for it by NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID (Type=notify, WatchdogSec=).
"""

import posix
from time import monotonic

from ..base.cli import whole
from ..base.notify_send import send
from .state import DOWN, UP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..jobs.loop import Loop
    from .service import Service

AGAIN = 1.0  # seconds until we say again what there was no room for


class Announcer:
    """Tells the one who gave us the variables ASKED."""

    def __init__(self, loop: "Loop", asked: dict[bytes, bytes]) -> None:
        self._loop = loop
        self._address = asked.get(b"NOTIFY_SOCKET", b"")
        self._told: set[bytes] = set()
        usec = whole(asked.get(b"WATCHDOG_USEC", b""))
        if usec and asked.get(b"WATCHDOG_PID", b"%d" % posix.getpid()) == b"%d" % posix.getpid():
            self._pause = usec / 2e6
            self._live()

    def tell(self, what: bytes) -> None:
        """Tell WHAT, once, now or when there is room for it."""
        if what in self._told or not self._address:
            return
        try:
            send(self._address, what, wait=False)
        except BlockingIOError:
            self._loop.at(monotonic() + AGAIN, lambda: self.tell(what))
            return
        except OSError:
            # Nobody hears it, now or later.
            pass
        self._told.add(what)

    def _live(self) -> None:
        """Give a sign of life, and the next one in a while."""
        try:
            send(self._address, b"WATCHDOG=1", wait=False)
        except OSError:
            # The next one may come through.
            pass
        self._loop.at(monotonic() + self._pause, self._live)


class Announcement(Announcer):
    """Tells of SERVICE to the one who gave us the variables ASKED.

    It is ready when it says so, or where it has no way to, when it has lived for `settle`; one
    that is down because it is to be needs nothing more either.
    """

    def __init__(self, service: "Service", asked: dict[bytes, bytes]) -> None:
        super().__init__(service.loop, asked)
        self._service = service
        service.watchers += (self._changed,)
        self._loop.at_turn_end(self._look)

    def _changed(self, _before: State, _after: State) -> None:
        self._loop.at_turn_end(self._look)

    def _look(self) -> None:
        """Tell what has come true."""
        if self._service.state.leaving or self._service.left:
            self.tell(b"STOPPING=1")
        elif b"READY=1" not in self._told and self._is_ready():
            self.tell(b"READY=1")

    def _is_ready(self) -> bool:
        state = self._service.state
        if state.phase != UP:
            return state.phase == DOWN and not state.failed
        if state.rules.waits_ready:
            return state.ready
        settled = state.started + state.rules.settle
        if settled > monotonic():
            self._loop.at(settled, self._look)
            return False
        return True
