"""The status of runners, for a program."""

import json

from .codes import STATUS_UNKNOWN, Code, worst
from .line_protocol import ManagerStatus, Unanswered
from .runner_actions import code_of
from .saying import out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner_client import RunnerClient


def show(clients: "list[RunnerClient]") -> Code:
    """Print an array with an object for each of CLIENTS."""
    found = [_one(client) for client in clients]
    out(json.dumps([record for record, _ in found], ensure_ascii=False) + "\n")
    return worst([code for _, code in found])


def _one(client: "RunnerClient") -> tuple[dict[str, object], Code]:
    runner = client.runner
    known: dict[str, object] = {"runner": runner.name, "socket": runner.socket_name}
    try:
        status = client.status(sure=True)
    except Unanswered as error:
        return known | {"status": "unknown", "reason": error.reason}, STATUS_UNKNOWN
    return known | _record(status), code_of(status)


def _record(status: ManagerStatus) -> dict[str, object]:
    if not status.up:
        return {"status": "down", "pid": None, "manager": None}
    program = None if status.args is None else list(status.args)
    return {
        "status": "running" if status.pid else "stopped",
        "pid": status.pid or None,
        "manager": status.manager or None,
        "wanted": status.should_be_up,
        "testing": status.testing,
        "program": program,
        "backoff": _number(status, "backoff"),
        "started": _number(status, "lasttime") or None,
    }


def _number(status: ManagerStatus, key: str) -> float | None:
    try:
        return float(status.values.get(key, ""))
    except ValueError:
        return None
