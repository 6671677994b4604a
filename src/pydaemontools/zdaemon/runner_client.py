"""One runner, as the client asks after it and tells it things."""

from .accounts import check
from .line_protocol import ManagerStatus, NotRunning, Unanswered, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner


class RunnerClient:
    """Asks and tells the manager of `runner`. Raises Wrong for a `user` that cannot be.

    `accounts`: whose manager it may be, beside root's and ours. SHARED: other runners have the
    same socket, so that its manager may not keep this one.
    """

    def __init__(self, runner: "Runner", *, shared: bool = False) -> None:
        self.runner = runner
        self.accounts = check(runner)
        self._shared = shared

    def tell(self, command: str) -> str | None:
        """What the manager replies to COMMAND; None where there is none. Raises Unanswered."""
        line = f"{command} {self.runner.name}".rstrip()
        try:
            return ask(self.runner.socket_name, line, accounts=self.accounts)
        except NotRunning:
            return None

    def status(self) -> ManagerStatus:
        """How it is; not `up` without a manager. Raises Unanswered."""
        status = ManagerStatus(self.tell("status") or "")
        if self._shared and status.up and not self._kept(status):
            reason = f"it does not keep the runner {self.runner.name}: stop it, and start all"
            raise Unanswered(self.runner.socket_name, reason)
        return status

    def _kept(self, status: ManagerStatus) -> bool:
        """Whether the manager whose STATUS this is keeps our runner."""
        if "runners" in status.values:
            return self.runner.name in status.values["runners"].split()
        # It keeps one, and does not say which.
        program = self.runner.program
        return status.args is not None and status.args[: len(program)] == program
