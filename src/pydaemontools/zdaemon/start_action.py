"""start: runners that have one socket are started together, by one manager."""

from .client_waits import RUNNING, Outcome
from .codes import DONE, NOT_STARTED, UNKNOWN, Code, worst
from .line_protocol import Unanswered
from .runner_actions import NO_MANAGER, RunnerActions
from .saying import Dots, err, out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner


def start(each: "list[RunnerActions]", words: list[str], who: str) -> Code:
    """Start the runners of EACH, with WORDS behind the program; WHO says what went wrong."""
    sockets = dict.fromkeys(actions.client.runner.socket_name for actions in each)
    groups = [
        [actions for actions in each if actions.client.runner.socket_name == name]
        for name in sockets
    ]
    return worst([_start(group, words, who) for group in groups])


def _start(group: "list[RunnerActions]", words: list[str], who: str) -> Code:
    """Start those of GROUP that are down."""
    codes: list[Code] = []
    try:
        pids = [actions.client.status().pid for actions in group]
        for actions, pid in zip(group, pids, strict=True):
            if pid:
                codes.append(actions.report(Outcome(RUNNING, pid=pid)))
        down = [actions for actions, pid in zip(group, pids, strict=True) if not pid]
        if down:
            codes += _launched(down, words)
    except Unanswered as error:
        if not group[0].who:
            out(NO_MANAGER + "\n")
        err(who, f"fatal: {error}")
        return Code(UNKNOWN.ours, NOT_STARTED.zdaemons)
    except OSError as error:
        from ..base.errors import error_str

        err(who, f"fatal: unable to start a manager: {error_str(error).decode()}")
        return NOT_STARTED
    return worst(codes)


def _launched(down: "list[RunnerActions]", words: list[str]) -> list[Code]:
    from .launch import start as launch

    runners = [_with(actions.client.runner, words) for actions in down]
    accounts = set().union(*(actions.client.accounts for actions in down))
    try:
        with Dots():
            outcomes = launch(runners, accounts)
    except KeyboardInterrupt:
        out("^C\n")
        return [_interrupted(actions) for actions in down]
    pairs = zip(down, outcomes, strict=True)
    return [actions.report(outcome) for actions, outcome in pairs]


def _with(runner: "Runner", words: list[str]) -> "Runner":
    return runner.replace(program=(*runner.program, *words)) if words else runner


def _interrupted(actions: RunnerActions) -> Code:
    """Somebody did not wait for the end of a start: say what is known."""
    pid = actions.client.status().pid
    if not pid:
        actions.line(NO_MANAGER)
        return NOT_STARTED
    actions.line(f"daemon process started, pid={pid}")
    return DONE
