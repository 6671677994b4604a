"""start, stop, restart, wait and status, for one runner, in zdaemon's words."""

import sys

from . import client_waits
from .client_waits import FAILED as START_FAILED
from .client_waits import LATE, RUNNING, Outcome
from .codes import DONE, DOWN, FAILED, NOT_STARTED, STATUS_UNKNOWN, WAITING, Code
from .line_protocol import ManagerStatus, NotRunning, Unanswered
from .runner_client import RunnerClient
from .saying import Dots, err, out, show_line, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .runner import Runner

NO_MANAGER = "daemon manager not running"
NO_PROCESS = "daemon process not running"
# What zdaemon's manager says of a program before it is one.
NOT_FOUND = "can't find program ", "can't stat program ", "no permission to run program "


class RunnerActions:
    """What can be done with the runner of CLIENT; LABEL stands before each line about it.

    WHO: the name of this tool, where it may say more than zdaemon does; else nothing. BESIDE: all
    runners that have its manager.
    """

    def __init__(
        self,
        client: RunnerClient,
        who: str = "",
        label: str = "",
        beside: "Sequence[Runner]" = (),
    ) -> None:
        self.client = client
        self.beside = beside or [client.runner]
        self.who = who
        self.label = label

    def line(self, text: str, before: str = "") -> None:
        """Print TEXT, about this runner, as a line of its own; BEFORE ends a line of dots."""
        show_line(f"{before}{self.label}{text}")

    def report(self, outcome: Outcome, word: str = "started") -> Code:
        """Say how a start went, by its OUTCOME; WORD is what has been done."""
        if outcome.code is not None:
            # The manager was in the foreground, and has ended.
            if outcome.kind == START_FAILED:
                self._explain(outcome)
            return Code(outcome.code if outcome.code >= 0 else 128 - outcome.code)
        if outcome.kind == RUNNING:
            self.line(f"daemon process already running; pid={outcome.pid}")
        elif outcome.kind == LATE:
            self.line("Program took too long to start", "\n")
            if self.who:
                err(self.who, "it is still tried, and `status` tells of it; `stop` ends it")
            return NOT_STARTED
        elif outcome.kind == START_FAILED:
            self.line(NO_MANAGER, "\n")
            self._explain(outcome)
            return NOT_STARTED
        else:
            self.line(f"daemon process {word}, pid={outcome.pid}", "\n")
        return DONE

    def _explain(self, outcome: Outcome) -> None:
        """Say what is known of a start that failed."""
        if not self.who:
            if outcome.reason.startswith(NOT_FOUND):
                wrong(sys.argv[0], outcome.reason)
            return
        what = f"fatal: unable to start {self.client.runner.program[0]}: {outcome.reason}"
        err(self.who, what + (", and the last that it wrote is" if outcome.lines else ""))
        for one in outcome.lines:
            err(self.who, "  " + one)

    def followed(self) -> ManagerStatus:
        """How it is, with another manager for what one that was killed left. Raises Unanswered."""
        status = self.client.status()
        if self.who and self.client.left():
            from .launch import start
            from .left_behind import left_pid

            accounts = self.client.accounts
            start([one for one in self.beside if left_pid(one, accounts)], accounts)
            status = self.client.status()
        return status

    def stop(self) -> Code:
        """Have nothing of it run."""
        status = self.followed()
        if not status.up:
            self.line(NO_MANAGER)
            return DONE
        if not status.pid and not status.should_be_up:
            self.line(NO_PROCESS)
            return DONE
        self.client.tell("stop")
        return self._stopped()

    def _stopped(self) -> Code:
        """Wait until nothing of it runs, and say so."""
        try:
            with Dots():
                client_waits.wait_stopped(self.client.runner, self.client.accounts)
        except KeyboardInterrupt:
            out("^C\n")
            if self.client.status().pid:
                return FAILED
        self.line("daemon process stopped", "\n")
        return DONE

    def restart(self) -> Code | None:
        """Have it run anew; None if it does not run."""
        before = self.followed().pid
        if not before:
            return None
        self.client.tell("restart")
        try:
            with Dots():
                runner, accounts = self.client.runner, self.client.accounts
                outcome = client_waits.wait_started(runner, accounts, before)
        except NotRunning:
            outcome = Outcome(START_FAILED, reason="the manager ended")
        except KeyboardInterrupt:
            out("^C\n")
            return FAILED
        return Code(self.report(outcome, "restarted").ours)

    def wait(self) -> Code:
        """Wait until nothing of it runs, and say how it is."""
        code = self._stopped()
        if code is DONE:
            self.status()
        return code

    def status(self, *, long: bool = False) -> Code:
        """Say how it is; LONG: and what the manager says, as it came."""
        try:
            status = self.client.status(sure=bool(self.who))
        except Unanswered as error:
            if not self.who:
                self.line(NO_MANAGER)
                return STATUS_UNKNOWN
            self.line(f"daemon manager unknown: {error.reason}")
            return STATUS_UNKNOWN
        self.line(described(status))
        if long and status.up:
            out(status.text + "\n")
        return code_of(status)


def described(status: ManagerStatus) -> str:
    """How STATUS is, in zdaemon's words."""
    if not status.up:
        return NO_MANAGER
    if not status.pid:
        return f"daemon manager running; {NO_PROCESS}"
    return f"program running; pid={status.pid}"


def code_of(status: ManagerStatus) -> Code:
    """What `status` ends with."""
    return DONE if status.pid else WAITING if status.up else DOWN


def warning(status: ManagerStatus, program: tuple[str, ...]) -> list[str]:
    """What to say if the manager keeps another program than PROGRAM, as lines.

    Nothing that it says is evaluated.
    """
    if status.args is None or status.args[: len(program)] == program:
        return []
    return [
        "WARNING! zdrun is managing a different program!",
        f"our program   = {list(program)}",
        f"daemon's args = {list(status.args)}",
    ]
