"""One runner, as the client asks after it and tells it things."""

from .accounts import check
from .line_protocol import ManagerStatus, NotRunning, Unanswered, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner


STRANGE = "Unknown runner "  # what a manager says of one that it does not keep


class RunnerClient:
    """Asks and tells the manager of `runner`. Raises Wrong for a `user` that cannot be.

    `accounts`: whose manager it may be, beside root's and ours.
    """

    def __init__(self, runner: "Runner") -> None:
        self.runner = runner
        self.accounts = check(runner)

    def tell(self, command: str) -> str | None:
        """What the manager replies to COMMAND; None where there is none. Raises Unanswered."""
        line = f"{command} {self.runner.name}".rstrip()
        try:
            return ask(self.runner.socket_name, line, accounts=self.accounts)
        except NotRunning:
            return None

    def status(self) -> ManagerStatus:
        """How it is; not `up` without a manager. Raises Unanswered."""
        reply = self.tell("status") or ""
        if reply.startswith(STRANGE):
            reason = f"it does not keep the runner {self.runner.name}: stop it, and start all"
            raise Unanswered(self.runner.socket_name, reason)
        return ManagerStatus(reply)
