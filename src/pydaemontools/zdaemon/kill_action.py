"""kill, reopen_transcript and logreopen: the manager does it, since it knows whose number it is."""

from . import signal_words
from .codes import DONE, FAILED, NOT_RUNNING, WRONG, Code
from .runner_actions import NO_MANAGER, NO_PROCESS, RunnerActions

FAILURE = "Kill "


def kill(actions: RunnerActions, text: str, *, native: bool) -> Code:
    """Have the signal TEXT, TERM without one, sent to the program of ACTIONS."""
    try:
        name, number = signal_words.find(text or "SIGTERM", native=native)
    except ValueError:
        actions.line(f"invalid signal {text!r}")
        return WRONG
    pid = actions.client.status().pid
    reply = actions.client.tell(f"kill {number}") if pid else None
    if not pid or reply in (None, "") or reply == "Application not running\n":
        actions.line(NO_PROCESS)
        return NOT_RUNNING
    actions.line(f"kill({pid}, {number})")
    failed = reply is not None and reply.startswith(FAILURE) and reply.partition(": ")[2]
    if failed:
        actions.line(f"Error: {failed.strip()}")
        return FAILED
    actions.line(f"signal {name} sent to process {pid}")
    return DONE


def reopen(actions: RunnerActions) -> Code:
    """Have the manager of ACTIONS open its transcript and its event log anew."""
    status = actions.client.status()
    if not status.up or actions.client.tell("reopen_transcript") is None:
        actions.line(NO_MANAGER)
        return NOT_RUNNING
    return DONE


def log_reopen(actions: RunnerActions, *, native: bool) -> Code:
    """Have the manager do that, and the program its own, by USR2."""
    reopen(actions)
    return kill(actions, "USR2", native=native)
