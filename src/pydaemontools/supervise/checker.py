"""./check, which says whether a service works: asked until it is ready, or for as long as it lives.

One runs at a time, and each has a limit: one that hangs is ended with all that it started, which
is a no.
"""

from time import monotonic

from .helper import Helper
from .launcher import Launcher
from .rules import Rules
from .table import ALIVE, HUNG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FILE = b"./check"


class Checker:
    """Runs ./check for LAUNCHER, or a BODY in its place, one at a time."""

    def __init__(self, launcher: Launcher, body: "Callable[[], int] | None" = None) -> None:
        self._launcher = launcher
        self._body = body
        self._helper: Helper | None = None
        self._answer: Callable[[bool], None] = lambda _yes: None
        self.began = 0.0  # when the last one was started

    @property
    def busy(self) -> bool:
        """Whether one runs."""
        return bool(self._helper and self._helper.pid)

    def ask(self, limit: float, answer: "Callable[[bool], None]") -> None:
        """Run ./check unless one runs, for LIMIT seconds; then call ANSWER with what it says."""
        if self.busy:
            return
        self.began = monotonic()
        self._answer = answer
        self._helper = Helper(
            self._launcher, FILE, limit, lambda status: answer(status == 0), self._body
        )

    def fail(self) -> None:
        """End the one that runs, if any: that it takes so long is an answer too."""
        if self.busy:
            self.close()
            self._answer(False)

    def close(self) -> None:
        """End the one that runs, if any: nobody asks for what it says."""
        if self._helper:
            self._helper.end()


class LifeWatch:
    """Ends a service whose ./check fails too often in a row, as the file watchdog has it.

    Misses count from the end of the last pause: who is stopped can give no answer.
    """

    def __init__(self, launcher: Launcher, checker: Checker, rules: Rules) -> None:
        self._service = launcher.service
        self._checker = checker
        self._rules = rules
        self._misses = 0
        self._counted = 0.0  # when the last answer came that counts
        self._begun = self._over = False

    def begin(self) -> None:
        """Ask every so often, from now on."""
        if not self._begun:
            self._begun = True
            self._again()

    def close(self) -> None:
        """Ask no more."""
        self._over = True

    def _again(self) -> None:
        self._service.loop.at(monotonic() + self._rules.watchdog, self._ask)

    def _ask(self) -> None:
        if self._over:
            return
        self._again()
        state, checker = self._service.state, self._checker
        if state.paused:
            checker.close()
        elif state.ready:
            checker.fail()
            checker.ask(self._rules.watchdog, lambda yes: self._answered(yes=yes))
        elif not checker.busy or monotonic() - checker.began >= self._rules.watchdog:
            # It is asked whether it is ready, and did not say so yet.
            checker.fail()
            self._answered(yes=False)

    def _answered(self, *, yes: bool) -> None:
        state = self._service.state
        if self._over or state.paused or self._checker.began < state.resumed:
            return
        if yes or self._counted < state.resumed:
            self._misses = 0
        self._counted = monotonic()
        if yes:
            self._service.feed(ALIVE)
            return
        self._misses += 1
        if self._misses >= self._rules.misses:
            many = f" {self._misses} times" if self._misses > 1 else ""
            self._service.feed(HUNG, "check failed" + many)
