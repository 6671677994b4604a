"""What is told of a service: the files in supervise/.

They are written at the end of a turn of the loop, when what was to be started has been; and
only where they do not say so already.
"""

import posix
from time import monotonic, time_ns

from . import deaths
from .state import DOWN, FINISHING, LEFT, SWEEPING, UP, WAIT
from .status import DOWN as IS_DOWN
from .status import FINISH as IS_FINISH
from .status import RUN as IS_RUN
from .status import Status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .directory_service import DirectoryService

RETRY = 1.0  # seconds until what could not be written is tried again
# What the status file calls a phase.
SHOWN = {UP: IS_RUN, SWEEPING: IS_FINISH, FINISHING: IS_FINISH}
# What the file `state` calls it, which tells a person more.
CALLED = {DOWN: "down", WAIT: "wait", UP: "run", SWEEPING: "finish", FINISHING: "finish"}


class StatusWriter:
    """The files that tell of SERVICE; `deaths` are those that history has not told of."""

    def __init__(self, service: "DirectoryService") -> None:
        self.service = service
        self.deaths: list[deaths.Death] = []
        self._key: tuple[int, int] | None = None
        self._since = self._ready_since = 0
        self._told = False

    def write(self) -> None:
        """Write what has changed; if that cannot be, say so once and try again."""
        service = self.service
        shown = SHOWN.get(service.state.phase, IS_DOWN)
        if self._key != (service.pid, shown):
            self._key = service.pid, shown
            self._since = time_ns()
            # What was just started goes first.
            posix.sched_yield()
        try:
            self._write(shown)
        except OSError as error:
            if not self._told:
                self._told = True
                what = error.filename or b"status"
                service.warn(
                    b"unable to write " + service.files.shown + b"supervise/" + what, error
                )
            service.loop.at(monotonic() + RETRY, service.show)
        else:
            self._told = False

    def _write(self, shown: int) -> None:
        service, state = self.service, self.service.state
        status = Status(
            self._since,
            service.pid,
            {"o": ""}.get(state.want, state.want),
            paused=state.paused,
            term=state.term,
            leaving=state.leaving,
            state=shown,
        )
        if service.dialect.own:
            # Before the status: who sees that it is up can see whether it is ready.
            self._state()
        service.files.write(b"status", status.encode(service.dialect.length))
        if service.dialect.full:
            service.files.write(b"stat", status.words())
            service.files.write(b"pid", b"%d\n" % service.pid if service.pid else b"")
        # Last: whatever is wrong with it, the rest is right.
        self._history()

    def _history(self) -> None:
        if self.deaths:
            files = self.service.files
            fresh = [deaths.death(death) for death in self.deaths]
            self.deaths = self.deaths[-deaths.KEPT :]
            files.write(b"history", deaths.add(files.read(b"history"), fresh))
            self.deaths = []

    def _state(self) -> None:
        """More than the status says, a line each; gone when nobody is there to write it."""
        service, state = self.service, self.service.state
        if state.phase == LEFT:
            service.files.remove(b"supervise/state")
            return
        if not state.ready:
            self._ready_since = 0
        elif not self._ready_since:
            self._ready_since = time_ns()
        failed = state.phase == DOWN and state.failed
        lines = [
            b"state " + ("failed" if failed else CALLED[state.phase]).encode(),
            b"ready %d" % state.ready,
            b"readysince %d" % self._ready_since,
            b"text " + service.text.encode().translate(deaths.PLAIN),
            b"why " + state.why.encode(),
        ]
        kept = [line for line in lines if line not in (b"readysince 0", b"text ", b"why ")]
        service.files.write(b"state", b"\n".join([*kept, b""]))
