"""kill, reopen_transcript and logreopen: the manager does it, since it knows whose number it is."""

import _signal

from ..base.errors import signal_name
from .codes import DONE, FAILED, NOT_RUNNING, WRONG, Code
from .runner_actions import NO_MANAGER, NO_PROCESS, RunnerActions

FAILURE = "Kill "
NAMES = sorted(name for name in vars(_signal) if name[:3] == "SIG" and "_" not in name)
MOST = 64  # the highest signal of Linux


def kill(actions: RunnerActions, text: str, *, native: bool) -> Code:
    """Have the signal TEXT, TERM without one, sent to the program of ACTIONS."""
    try:
        name, number = find_signal(text or "SIGTERM", native=native)
    except ValueError:
        actions.line(f"invalid signal {text!r}")
        return WRONG
    pid = actions.followed().pid
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


def find_signal(text: str, *, native: bool) -> tuple[str, int]:
    """The name and the number of the signal that TEXT means; raises ValueError.

    A name counts in any case, with or without SIG; a number has to be one of a signal that has a
    name. NATIVE: one that is real-time may be named as SIGRTMIN+N too, or by its number.
    """
    try:
        number = int(text)
    except ValueError:
        return _named(text, native=native)
    for name in NAMES:
        if getattr(_signal, name) == number:
            return name, number
    if native and _signal.SIGRTMIN <= number <= _signal.SIGRTMAX:
        return signal_name(number).decode(), number
    raise ValueError(f"unsupported signal on this platform: {text}")


def _named(text: str, *, native: bool) -> tuple[str, int]:
    word = text.removeprefix("Signals.").upper()
    name = word if word.startswith("SIG") else "SIG" + word
    if name in NAMES:
        return name, getattr(_signal, name)
    base, plus, more = name.partition("+")
    if native and base == "SIGRTMIN" and plus and more.isascii() and more.isdigit():
        number = _signal.SIGRTMIN + int(more[:3])
        if number <= _signal.SIGRTMAX:
            return signal_name(number).decode(), number
    raise ValueError(f"could not convert {text!r} to signal name")
