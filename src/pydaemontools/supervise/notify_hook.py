"""./notify: a program that is called when something has happened to a service.

died: run has ended, and nobody told it to. gave-up: it is not started again. ready: it says
that it is. hung: it is ended, since it does nothing or has too much. back: after one of the
others it is ready again, or where it never says so has settled.
"""

import posix
from time import monotonic

from .helper import Helper
from .state import LEFT, UP, State
from .statefile import end_in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .launcher import Launcher

FILE = b"./notify"
RETRY = 1.0  # seconds until the next is told where it could not be forked
MOST = 16  # events that wait while it runs


def events(before: State, after: State) -> list[str]:
    """What there is to tell when BEFORE became AFTER."""
    found = []
    asked = before.term and not before.why
    if before.phase == UP == after.phase and after.stopping and after.why and not before.stopping:
        found.append("hung")
    if before.phase == UP != after.phase and not asked:
        found.append("died")
    if after.failed and not before.failed:
        found.append("gave-up")
    if after.phase == UP and after.ready and not before.ready and after.rules.waits_ready:
        found.append("ready")
    return found


class NotifyHook:
    """Calls the ./notify of the service of LAUNCHER, one at a time.

    `last_end` is how run ended the last time: its pid, its seconds, its wait status.
    """

    def __init__(self, launcher: "Launcher") -> None:
        self._launcher = launcher
        self._service = launcher.service
        self._waiting: list[dict[str, object]] = []
        self._missed = 0
        self._helper: Helper | None = None
        self._trouble = False  # whether it would be back
        self._warned = False
        self.last_end: tuple[int, float, int | None] = (0, 0.0, None)

    def note(self, before: State, after: State) -> None:
        """BEFORE became AFTER: have it told in the next tell()."""
        if after.phase == LEFT:
            self._close()
            return
        if not after.rules.notify:
            return
        for event in events(before, after):
            self._add(event, after)
            if event != "ready":
                self._trouble = True
            elif self._trouble:
                self._back(after)
        if self._trouble and before.phase != UP == after.phase:
            self._service.loop.at(after.started + after.rules.settle, self._look)

    def tell(self) -> None:
        """Call it for what was noted first, unless it runs."""
        if not self._waiting or (self._helper and self._helper.pid):
            return
        variables = self._waiting.pop(0)
        variables["MISSED"] = self._missed
        words = [str(value).encode("utf-8", "surrogateescape") for value in variables.values()]
        names = [b"SERVICE_" + name.encode() for name in variables]
        limit = self._service.state.rules.notify_limit
        body = self._launcher.body([FILE, *words[:6]], dict(zip(names, words, strict=True)))
        self._helper = Helper(self._launcher, FILE, limit, self._ended, body)
        if self._helper.pid:
            self._missed = 0
        else:
            # It could not be forked, which was said.
            self._missed += 1
            self._service.loop.at(monotonic() + RETRY, self.tell)

    def _close(self) -> None:
        """The service has left: nothing is told any more."""
        self._waiting.clear()
        if self._helper:
            self._helper.end()

    def _look(self) -> None:
        """Whether what was started after an end has lived for a while."""
        state = self._service.state
        if not self._trouble or state.phase != UP or state.stopping:
            return
        if state.started + state.rules.settle > monotonic():
            # Another was started since.
            self._service.loop.at(state.started + state.rules.settle, self._look)
        elif not state.rules.waits_ready and state.rules.notify:
            self._back(state)
            self._service.loop.at_turn_end(self.tell)

    def _back(self, state: State) -> None:
        self._trouble = False
        self._add("back", state)

    def _add(self, event: str, state: State) -> None:
        pid, seconds, status = self.last_end
        if event not in ("died", "gave-up"):
            pid, seconds, status = self._service.pid, monotonic() - state.started, None
        signaled = status is not None and posix.WIFSIGNALED(status)
        self._waiting.append(
            {
                "NAME": _name(self._service.name, logger=bool(self._launcher.files.sub)),
                "EVENT": event,
                "CODE": -1 if status is None or signaled else posix.WEXITSTATUS(status),
                "SIGNAL": posix.WTERMSIG(status) if status and signaled else 0,
                "PID": pid,
                "UPTIME": int(seconds),
                "WHY": state.why,
            }
        )
        if len(self._waiting) > MOST:
            del self._waiting[0]
            self._missed += 1

    def _ended(self, status: int | None) -> None:
        """It has ended with STATUS; None if it took too long."""
        if status and not self._warned:
            self._warn(end_in_words(status))
        elif status is None and not self._warned:
            limit = self._service.state.rules.notify_limit
            self._warn(b"took longer than %g seconds, and is ended" % limit)
        self._warned = status != 0
        self._service.loop.at_turn_end(self.tell)

    def _warn(self, what: bytes) -> None:
        self._service.warn(self._launcher.files.shown + FILE[2:] + b" " + what)


def _name(name: bytes, *, logger: bool) -> str:
    """What finish calls the service NAME; a LOGGER has that of its service before it."""
    parts = name.split(b"/")[-2 if logger else -1 :]
    return b"/".join(parts).decode("utf-8", "surrogateescape")
