"""When a program that keeps dying is started again, and when it is given up: zdaemon's rules."""

from ..supervise.rules import FOREVER, RestartBackoff, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner

PACE = 1.0  # seconds between two starts where no run is short


class Governor(RestartBackoff):
    """A second after the first run of less than LIMIT seconds, two after the next, and so on.

    After LIMIT of them in a row the program is given up, or with FOREVER started each LIMIT
    seconds.
    """

    def __init__(self, limit: int, *, forever: bool) -> None:
        super().__init__(1.0, cap=limit, reset=limit)
        self.most = 0 if forever else limit

    def delay(self, failures: int, luck: float) -> float:  # noqa: ARG002 - many do not march
        """Seconds to wait after so many FAILURES in a row."""
        return min(self.cap, failures)


def rules_for(runner: "Runner") -> Rules:
    """What RUNNER asks of its supervisor."""
    rules = Rules()
    rules.backoff = Governor(runner.backoff_limit, forever=runner.forever)
    rules.pace = 0.0 if runner.backoff_limit > 0 else PACE
    rules.settle = runner.start_delay
    rules.done_codes = frozenset(runner.exit_codes)
    # As for zdaemon, 0 is for ever.
    rules.kill_after = runner.stop_timeout if runner.stop_timeout > 0 else FOREVER
    if runner.start_notify:
        rules.ways = ((b"notify", b""),)
    if runner.start_test_program:
        rules.ways += ((b"check", b""),)
        # The client waits for so long, and what is slower goes on.
        rules.check_limit = max(1.0, runner.start_timeout)
    return rules
