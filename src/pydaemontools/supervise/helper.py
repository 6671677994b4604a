"""A program that helps a service, beside it: control/LETTER, check. It has a limit."""

from time import monotonic

from ..jobs.helper_tree import HelperEnd
from .launcher import Launcher
from .rules import FOREVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Helper:
    """FILE, or a BODY for it, started by LAUNCHER.

    It has LIMIT seconds, or is ended with all that it started.
    ANSWER is called with its wait status, or None when the limit has passed. `pid` is 0 if it
    could not be started, and when it has ended.
    """

    def __init__(
        self,
        launcher: Launcher,
        file: bytes,
        limit: float,
        answer: "Callable[[int | None], None]",
        body: "Callable[[], int] | None" = None,
    ) -> None:
        self._loop = launcher.service.loop
        self._answer = answer
        self.pid = launcher.helper(file, self._ended, body)
        if self.pid and limit < FOREVER:
            self._loop.at(monotonic() + limit, self._late)

    def end(self) -> None:
        """End it, if it runs: nobody asks for its answer."""
        if self.pid:
            HelperEnd(self._loop, self.pid)
            self._forget()

    def end_within(self, seconds: float) -> None:
        """Let it run for SECONDS more, at the most; nobody ends the loop before it has ended."""
        if self.pid:
            self._loop.pending[self] = self._loop.home
            self._loop.at(monotonic() + seconds, self.end)

    def _forget(self) -> None:
        self.pid = 0
        self._loop.pending.pop(self, None)

    def _ended(self, status: int) -> None:
        if self.pid:
            self._forget()
            self._answer(status)

    def _late(self) -> None:
        if self.pid:
            self.end()
            self._answer(None)
