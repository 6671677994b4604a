"""The fields of a service that a program may ask for, called as s6-svstat calls them."""

import posix
from time import gmtime, strftime, time_ns

from ..base.diagnose import signal_name
from ..base.tai64 import stamp
from .servicefiles import Trouble
from .view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Value = bool | int | str | None

SECOND = 10**9


def _exit(view: View) -> "tuple[int | None, str | None, int | None]":
    """Exit code, signal and its number, of a service that is down, if anybody knows them."""
    if view.up:
        return None, None, None
    if view.wait_status is not None:
        status = view.wait_status
        if posix.WIFSIGNALED(status):
            number = posix.WTERMSIG(status)
            return None, signal_name(number).decode(), number
        return posix.WEXITSTATUS(status), None, None
    death = view.last_death()
    if death is None:
        return None, None, None
    return death.code, text(death.signal) or None, death.signum


def _wanted(view: View) -> str:
    if view.status.want == "":
        return "once"
    return {"u": "up", "d": "down", "x": "exit"}.get(view.status.want, "down")


def _ready_for(view: View) -> int | None:
    since = view.ready_since
    return None if since is None else max(0, time_ns() // SECOND - since // SECOND)


# A field, what stands for it where it is not known, and where it comes from.
FIELDS: "dict[bytes, tuple[bytes, Callable[[View], Value]]]" = {
    b"up": (b"NA", lambda view: view.up),
    b"wantedup": (b"NA", lambda view: view.status.want == "u"),
    b"normallyup": (b"NA", lambda view: view.normally_up),
    b"ready": (b"NA", lambda view: view.ready),
    b"paused": (b"NA", lambda view: view.status.paused),
    b"pid": (b"-1", lambda view: view.status.pid or None),
    b"exitcode": (b"-1", lambda view: _exit(view)[0]),
    b"signal": (b"NA", lambda view: _exit(view)[1]),
    b"signum": (b"-1", lambda view: _exit(view)[2]),
    b"updownsince": (b"NA", lambda view: stamp(view.status.since).decode()),
    b"readysince": (b"NA", lambda view: _label(view.ready_since)),
    b"updownfor": (b"-1", lambda view: view.seconds()),
    b"readyfor": (b"-1", _ready_for),
    b"state": (b"NA", lambda view: view.state.decode()),
    b"wanted": (b"NA", _wanted),
    b"gotterm": (b"NA", lambda view: view.status.term),
}


def _label(since: int | None) -> str | None:
    return None if since is None else stamp(since).decode()


def known(name: bytes) -> bool:
    """Whether there is a field NAME."""
    return name in FIELDS


def values(view: View, names: list[bytes]) -> bytes:
    """The values of the fields NAMES, in a line, as s6-svstat writes them."""
    words = []
    for name in names:
        missing, get = FIELDS[name]
        value = get(view)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        words.append(missing if value is None else text.encode())
    return b" ".join(words)


def record(place: bytes, view: View | None, trouble: Trouble | None) -> bytes:
    """All that is known of the service at PLACE, as a JSON object in a line."""
    import json

    return json.dumps(describe(place, view, trouble)).encode()


def describe(place: bytes, view: View | None, trouble: Trouble | None) -> dict[str, object]:
    """The same, as what json makes an object of; times as RFC 3339 has them."""
    found: dict[str, object] = {"service": text(place), "supervised": view is not None}
    if view is None:
        return found | {"error": text(trouble.words() if trouble else b"")}
    found |= {name.decode(): get(view) for name, (_, get) in FIELDS.items()}
    found["updownsince"] = date(view.status.since)
    found["readysince"] = None if view.ready_since is None else date(view.ready_since)
    death = view.last_death()
    found["last_death"] = text(death.line) if death else None
    return found | {"text": text(view.text), "why": text(view.why)}


def objects(records: "list[dict[str, bool | bytes | None]]") -> bytes:
    """RECORDS as JSON, an object a line."""
    import json

    found = ({k: text(v) if isinstance(v, bytes) else v for k, v in r.items()} for r in records)
    return b"".join(json.dumps(record).encode() + b"\n" for record in found)


def text(data: bytes) -> str:
    """DATA for a person, or for JSON: bytes that are no UTF-8 are shown by number."""
    return data.decode("utf-8", "backslashreplace")


def date(since: int) -> str:
    """SINCE (nanoseconds of Unix time) in UTC, as RFC 3339 writes it."""
    seconds, rest = divmod(since, SECOND)
    try:
        parts = gmtime(seconds)
    except (OverflowError, ValueError, OSError):
        return stamp(since).decode()
    return f"{strftime('%Y-%m-%dT%H:%M:%S', parts)}.{rest // 1000:06d}Z"
