"""A client that waits for a program to be started, or stopped: until its manager tells.

An old manager does not know that anybody waits. It is asked again and again.
"""

from time import monotonic, sleep

from .line_protocol import TIMEOUT, UNKNOWN, ManagerStatus, NotRunning, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from .runner import Runner

    # The first word of a reply, its values by key, its lines.
    Said = tuple[str, dict[str, str], list[str]]

STARTED, RUNNING, FAILED, LATE = "started", "running", "failed", "late"
LOOK = 0.05, 1.0  # seconds between two times of asking an old manager: first, longest


class Outcome:
    """How the start of the runner NAME went.

    `kind` is STARTED, RUNNING (it was up already), FAILED or LATE (it is not known yet, and goes
    on); `pid` is the program's, 0 if there is none; `reason` says why a start FAILED, and `lines`
    are the last that the program printed. `code` is the exit code of a manager that did not
    detach itself, minus its signal, or None if there was none such.
    """

    def __init__(
        self,
        kind: str,
        name: str = "",
        pid: int = 0,
        reason: str = "",
        lines: "Iterable[str]" = (),
    ) -> None:
        self.kind = kind
        self.name = name
        self.pid = pid
        self.reason = reason
        self.lines = list(lines)
        self.code: int | None = None

    def __repr__(self) -> str:
        return f"Outcome({self.kind!r}, {self.name!r}, {self.pid}, {self.reason!r}, {self.lines})"


def parse(block: str) -> "Said":
    """What a manager told in BLOCK."""
    word, _, rest = block.partition("\n")
    pairs = [line.partition("=")[::2] for line in rest.splitlines()]
    lines = [value for key, value in pairs if key == "line"]
    return word, {key: value for key, value in pairs if key != "line"}, lines


def outcome(said: "Said") -> Outcome:
    """The outcome that was SAID."""
    word, values, lines = said
    pid = values.get("pid", "")
    number = int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 10 else 0
    kind = word if word in (STARTED, RUNNING) and number else FAILED
    reason = values.get("reason", "") if word == FAILED else "" if number else "the manager ended"
    return Outcome(kind, values.get("runner", ""), number, reason, lines)


def status(runner: "Runner", accounts: "Collection[int]" = ()) -> ManagerStatus:
    """How RUNNER is. Raises NotRunning, Unanswered."""
    return ManagerStatus(_ask(runner, "status", accounts))


def ask_to_start(runner: "Runner", accounts: "Collection[int]" = ()) -> Outcome:
    """Have the manager that is there start RUNNER. Raises NotRunning, Unanswered."""
    found = status(runner, accounts)
    if not found.up:
        # It is about to end.
        raise NotRunning(runner.socket_name)
    if found.pid:
        return Outcome(RUNNING, runner.name, found.pid)
    _ask(runner, "start", accounts)
    return wait_started(runner, accounts)


def stop(runner: "Runner", accounts: "Collection[int]" = (), timeout: float | None = None) -> bool:
    """Have RUNNER stopped; whether it is, within TIMEOUT seconds. Raises NotRunning, Unanswered."""
    _ask(runner, "stop", accounts)
    return wait_stopped(runner, accounts, timeout)


def restart(runner: "Runner", accounts: "Collection[int]" = ()) -> Outcome:
    """Have RUNNER restarted; return how its start went. Raises NotRunning, Unanswered."""
    before = status(runner, accounts).pid
    _ask(runner, "restart", accounts)
    return wait_started(runner, accounts, before)


def wait_started(runner: "Runner", accounts: "Collection[int]" = (), before: int = 0) -> Outcome:
    """Wait until it is known whether RUNNER is started, start-timeout seconds at most.

    The pid BEFORE is that of its last run. Raises Unanswered.
    """
    limit = runner.start_timeout
    reply = _wait(runner, "started", accounts, limit)
    if reply is None:
        return Outcome(LATE, runner.name)
    if not reply.startswith(UNKNOWN):
        return outcome(parse(reply))
    for found in _looks(runner, accounts, limit):
        if not found.up:
            return Outcome(FAILED, runner.name, reason="the manager ended")
        if found.pid not in (0, before) and not found.testing:
            return Outcome(STARTED, runner.name, found.pid)
    return Outcome(LATE, runner.name)


def wait_stopped(
    runner: "Runner", accounts: "Collection[int]" = (), timeout: float | None = None
) -> bool:
    """Wait until nothing of RUNNER runs; whether that is so, within TIMEOUT seconds.

    Raises Unanswered.
    """
    try:
        reply = _wait(runner, "stopped", accounts, timeout)
    except NotRunning:
        return True
    if reply is None or not reply.startswith(UNKNOWN):
        return reply is not None
    return any(not found.pid for found in _looks(runner, accounts, timeout))


def _ask(
    runner: "Runner", line: str, accounts: "Collection[int]", timeout: float | None = TIMEOUT
) -> str:
    return ask(runner.socket_name, f"{line} {runner.name}".rstrip(), timeout, accounts)


def _wait(
    runner: "Runner", event: str, accounts: "Collection[int]", timeout: float | None
) -> str | None:
    """What the manager says when EVENT is known; None if it is not in time."""
    from .line_protocol import Unanswered

    begun = monotonic()
    try:
        return _ask(runner, f"wait {event}", accounts, timeout)
    except NotRunning:
        raise
    except Unanswered:
        if timeout is not None and monotonic() - begun >= timeout:
            return None
        raise


def _looks(
    runner: "Runner", accounts: "Collection[int]", timeout: float | None
) -> "Iterator[ManagerStatus]":
    """How RUNNER is, again and again, for TIMEOUT seconds; not up without a manager."""
    end = None if timeout is None else monotonic() + timeout
    pause, longest = LOOK
    while True:
        try:
            yield status(runner, accounts)
        except NotRunning:
            yield ManagerStatus()
        if end is not None and monotonic() + pause > end:
            return
        sleep(pause)
        pause = min(longest, pause * 1.5)
