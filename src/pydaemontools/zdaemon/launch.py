"""A client's start: the manager as a process of its own, and what is known of it, at once."""

import marshal
import os
import sys
from _socket import MSG_NOSIGNAL
from time import monotonic

from ..base.process import environ, fsencode
from .client_waits import FAILED, LATE, Outcome, ask_to_start, outcome, parse
from .early_manager import fork_manager, take_manager
from .line_protocol import NotRunning
from .runner import Runner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Collection

CODE = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from pydaemontools.zdaemon.manager_process import main; sys.exit(main(int(sys.argv[2])))"
)
# What a client that does one thing and ends has no need of, and a manager is not to have in its
# memory. Without them it is a copy of the client: another interpreter would take ten milliseconds.
HEAVY = {"ZConfig", "argparse", "asyncio", "logging", "re", "readline", "threading"}
UP = 60.0  # seconds that a manager has to be there
TRIES = 100  # managers that end, or come, while we look


def start(runners: "list[Runner]", accounts: "Collection[int]" = ()) -> list[Outcome]:
    """Start RUNNERS, which have one socket, under one manager; return how each of them does.

    Waits until that is known, start-timeout seconds at most. Where `daemon` is off it returns
    when the manager has ended. A manager that is there already is root's, ours, or one of
    ACCOUNTS'. Raises Unanswered where nobody can know, OSError where there can be no process.
    """
    runners = [_absolute(runner) for runner in runners]
    for _ in range(TRIES):
        try:
            return [ask_to_start(runner, accounts) for runner in runners]
        except NotRunning:
            found = _launch(runners)
        if found:
            return found
        # Another client's manager was quicker.
    return [Outcome(FAILED, runner.name, reason="managers come and go") for runner in runners]


def _absolute(runner: Runner) -> Runner:
    """RUNNER with paths that mean the same wherever one is."""
    from .transcript_path import is_file

    paths = {name: getattr(runner, name) for name in ("socket_name", "directory", "transcript")}
    changes = {
        name: os.path.abspath(path) + "/" * (path[-1:] == "/" and name == "transcript")
        for name, path in paths.items()
        if path and (name != "transcript" or is_file(path))
    }
    return runner.replace(**changes)


def _launch(runners: list[Runner]) -> list[Outcome]:
    """Start a manager for RUNNERS; nothing if another is there."""
    detached = runners[0].daemon
    prepared = take_manager()
    light = bool(prepared) or is_light(runners[0])
    become = None if light else (lambda channel: _become_manager(runners[0], channel))
    pid, ours = prepared or fork_manager(become, session=detached)
    wanted = marshal.dumps((dict(environ), [dict(runner.items()) for runner in runners]))
    try:
        try:
            ours.sendall(len(wanted).to_bytes(8, "big") + wanted, MSG_NOSIGNAL)
        except BrokenPipeError:
            # It could not be started: what it said, it said on stderr.
            pass
        if not detached:
            return _attend(pid, ours, runners)
        if not light:
            os.waitpid(pid, 0)
        return _hear(ours, runners)
    finally:
        ours.close()


def is_light(runner: Runner) -> bool:
    """Whether the manager of RUNNER may be a copy of this process, which will not stay."""
    return not runner.python and HEAVY.isdisjoint(sys.modules)


def _become_manager(runner: Runner, channel: int) -> int:
    """Be it, in the child; if it is to detach itself, it is no child of one that stays."""
    if runner.daemon and os.fork():
        return 0
    os.set_inheritable(channel, True)
    python = runner.python or sys.executable
    root = sys.modules["pydaemontools"].__path__[0].rpartition("/")[0]
    words = [python, "-IS", "-c", CODE, root, str(channel)]
    os.execve(python, [fsencode(word) for word in words], environ)  # noqa: S606
    return 111


def _hear(channel: "socket", runners: list[Runner]) -> list[Outcome]:
    """What the manager tells of the start of RUNNERS; nothing if there is another."""
    known: dict[str, Outcome] = {}
    end, up, buffer = monotonic() + UP, False, b""
    while len(known) < len(runners):
        block, found, buffer = buffer.partition(b"\n\n")
        if not found:
            buffer = block
            channel.settimeout(max(0.001, end - monotonic()))
            try:
                data = channel.recv(65536)
            except TimeoutError:
                return _rest(known, runners, LATE if up else FAILED, "it is not up in time")
            except ConnectionError:
                data = b""
            if not data:
                why = "the manager ended" if up else "the manager could not be started"
                return _rest(known, runners, FAILED, why)
            buffer += data
            continue
        word, values, _ = said = parse(block.decode("utf-8", "surrogateescape"))
        if word == "running":
            return []
        if word == "refused":
            return _rest(known, runners, FAILED, values.get("reason", ""))
        if word == "up":
            up, end = True, monotonic() + max(one.start_timeout for one in runners)
            continue
        known[values.get("runner", "")] = outcome(said)
    return [known[runner.name] for runner in runners]


def _rest(
    known: dict[str, Outcome], runners: list[Runner], kind: str, reason: str
) -> list[Outcome]:
    """What is KNOWN of RUNNERS, and of the others KIND for that REASON."""
    return [known.get(one.name) or Outcome(kind, one.name, reason=reason) for one in runners]


def _attend(pid: int, channel: "socket", runners: list[Runner]) -> list[Outcome]:
    """Wait for the end of the manager PID, which is in the foreground; pass it signals."""
    from .passing_on import wait_for

    code = os.waitstatus_to_exitcode(wait_for(pid))
    channel.setblocking(False)
    try:
        found = _hear(channel, runners)
    except BlockingIOError:
        found = _rest({}, runners, FAILED, "the manager ended")
    for one in found:
        one.code = code
    return found
