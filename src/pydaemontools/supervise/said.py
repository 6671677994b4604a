"""What a service says of itself, by NOTIFY_SOCKET (sd_notify(3)), and what comes of it."""

from time import monotonic

from ..base.notify_socket import NotifySocket, seconds
from ..base.proc import start_time
from .given_times import EXTEND, INTERVAL
from .rules import FOREVER
from .sweep import LOOK
from .table import ALIVE, HUNG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from ..jobs.loop import Loop
    from .health import Health
    from .state import State
    from .status_writer import StatusWriter

    class Speaks(Protocol):
        """Of a service what is asked and told here."""

        loop: Loop
        name: bytes
        state: State
        pid: int
        main: tuple[int, int]
        health: Health | None
        status_writer: StatusWriter

        def feed(self, event: str, value: object = None) -> None:
            """Let EVENT happen."""

        def settle(self) -> None:
            """Show what has changed."""

        def warn(self, what: bytes) -> None:
            """Say WHAT went wrong."""


RELOADING = "reloading"  # what is shown until it says that it is ready again


class Said:
    """Hears SERVICE at ADDRESS, or at a new one. Raises OSError."""

    def __init__(self, service: "Speaks", address: bytes = b"") -> None:
        self._service = service
        self._socket = NotifySocket(address)
        self._flooded = False  # whether it was told that somebody sends too much there
        self.address = self._socket.address
        self._listen()

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()

    def read(self) -> None:
        """Do what was said since the last time."""
        for said in self._socket.read(self._service.pid):
            self._apply(said)

    def _listen(self) -> None:
        self._service.loop.watch(self._socket.fileno(), self._hear)

    def _hear(self) -> None:
        """Hear what it says, or whoever sends there, and take a rest from a flood."""
        service = self._service
        self.read()
        rest = self._socket.rest()
        if not rest:
            return
        if not self._flooded:
            self._flooded = True
            who = b"process %d of account %d" % self._socket.last
            read = b"it is read slowly"
            service.warn(who + b" floods the NOTIFY_SOCKET of " + service.name + b": " + read)
        service.loop.forget(self._socket.fileno())
        service.loop.at(monotonic() + rest, self._listen)

    def _apply(self, said: dict[str, str]) -> None:
        service = self._service
        shown = service.status_writer
        if said.get("READY") == "1" and service.health:
            service.health.ready()
            if shown.text == RELOADING:
                shown.text = ""
        self._take_times(said)
        if said.get("WATCHDOG") == "1":
            service.feed(ALIVE)
        if said.get("WATCHDOG") == "trigger":
            self._trigger(service.pid)
        for name in "STOPPING", "RELOADING":
            if said.get(name) == "1":
                shown.text = name.lower()
        shown.text = said.get("STATUS", shown.text)
        pid = said.get("MAINPID", "")
        if pid.isascii() and pid.isdigit() and len(pid) < 10:
            service.main = int(pid), start_time(int(pid))
        service.loop.at_turn_end(service.settle)

    def _take_times(self, said: dict[str, str]) -> None:
        """Give it the times that it SAID."""
        more = seconds(said.get("EXTEND_TIMEOUT_USEC", ""))
        if more:
            self._service.feed(EXTEND, more)
        every = seconds(said.get("WATCHDOG_USEC", ""))
        if every is not None:
            # As for systemd, 0 is for ever.
            self._service.feed(INTERVAL, every or FOREVER)

    def _trigger(self, pid: int) -> None:
        """End the run of PID, which asked for it; one that is paused when it goes on."""
        service = self._service
        if service.pid == pid and service.state.paused:
            service.loop.at(monotonic() + LOOK, lambda: self._trigger(pid))
        elif service.pid == pid:
            service.feed(HUNG, "it asked for it")
