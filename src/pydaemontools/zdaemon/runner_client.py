"""One runner, as the client asks after it and tells it things."""

import posix

from .command_line import Wrong
from .line_protocol import ManagerStatus, NotRunning, Unanswered, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pwd import struct_passwd

    from .runner import Runner


STRANGE = "Unknown runner "  # what a manager says of one that it does not keep


class RunnerClient:
    """Asks and tells the manager of `runner`. Raises Wrong for a `user` that cannot be.

    `accounts`: whose manager it may be, beside root's and ours.
    """

    def __init__(self, runner: "Runner") -> None:
        self.runner = runner
        self.accounts = check(runner)
        self.stale = False  # whether there was nothing but the socket of a manager, the last time

    def tell(self, command: str) -> str | None:
        """What the manager replies to COMMAND; None where there is none. Raises Unanswered."""
        line = f"{command} {self.runner.name}".rstrip()
        self.stale = False
        try:
            return ask(self.runner.socket_name, line, accounts=self.accounts)
        except NotRunning as error:
            self.stale = error.stale
            return None

    def left(self) -> int | None:
        """The pid of what a manager that was killed left; 0 if nothing, None if nobody knows."""
        if not self.stale:
            return 0
        from .left_behind import left_pid

        return left_pid(self.runner, self.accounts)

    def status(self, *, sure: bool = False) -> ManagerStatus:
        """How it is; not `up` without a manager. Raises Unanswered.

        SURE: also where a manager was killed, and its program may run.
        """
        reply = self.tell("status") or ""
        if reply.startswith(STRANGE):
            reason = f"it does not keep the runner {self.runner.name}: stop it, and start all"
            raise Unanswered(self.runner.socket_name, reason)
        if sure and (left := self.left()) != 0:
            reason = "it was killed" + (f", and left its program, pid={left}" if left else "")
            raise Unanswered(self.runner.socket_name, reason)
        return ManagerStatus(reply)


def account(user: str) -> "struct_passwd":
    """The entry of USER, a name or a number. Raises Wrong where there is none."""
    import pwd

    try:
        uid = int(user)
    except ValueError:
        try:
            return pwd.getpwnam(user)
        except (KeyError, ValueError):
            raise Wrong(f"username {user!r} not found") from None
    try:
        return pwd.getpwuid(uid)
    except (KeyError, OverflowError):
        raise Wrong(f"uid {user!r} not found") from None


def check(runner: "Runner") -> set[int]:
    """Which accounts may be the manager's of RUNNER, beside root and ours.

    Raises Wrong where its `user` is nobody, or we are not root and somebody else.
    """
    if runner.user is None:
        return set()
    uid = account(runner.user).pw_uid
    if posix.geteuid() not in (0, uid):
        raise Wrong("only root can use -u USER to change users")
    return {uid}
