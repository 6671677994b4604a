"""The fields of a service that a program may ask for, called as s6-svstat calls them; and JSON."""

import posix
from time import gmtime, strftime, time

from ..base.errors import signal_name
from ..base.status import RUN, SECOND, Status
from ..base.tai64 import stamp
from .failing import failing
from .reader import last_death
from .servicefiles import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Value = bool | int | str | None


def _end(status: Status, at: bytes) -> "tuple[int | None, str | None, int | None]":
    """Exit code, signal and its number, of a service that is down, if anybody knows them."""
    if status.state == RUN:
        return None, None, None
    ended = status.wait_status
    if ended is None:
        death = last_death(at)
        return (death.code, text(death.signal) or None, death.signum) if death else (None,) * 3
    if posix.WIFSIGNALED(ended):
        number = posix.WTERMSIG(ended)
        return None, signal_name(number).decode(), number
    return posix.WEXITSTATUS(ended), None, None


def _ready_for(status: Status, _at: bytes) -> int | None:
    since = status.ready_since
    return None if since is None else max(0, int(time()) - since // SECOND)


def _ready_since(status: Status, _at: bytes) -> str | None:
    return None if status.ready_since is None else stamp(status.ready_since).decode()


WANTED = {"u": "up", "x": "exit", "": "once"}
# A field, what stands for it where it is not known, and where it comes from: the status of a
# service, and what stands before the names of its files.
FIELDS: "dict[bytes, tuple[bytes, Callable[[Status, bytes], Value]]]" = {
    b"up": (b"NA", lambda status, _at: status.state == RUN),
    b"wantedup": (b"NA", lambda status, _at: status.want == "u"),
    b"normallyup": (b"NA", lambda status, _at: status.normally_up),
    b"ready": (b"NA", lambda status, _at: status.ready),
    b"paused": (b"NA", lambda status, _at: status.paused),
    b"pid": (b"-1", lambda status, _at: status.pid or None),
    b"exitcode": (b"-1", lambda status, at: _end(status, at)[0]),
    b"signal": (b"NA", lambda status, at: _end(status, at)[1]),
    b"signum": (b"-1", lambda status, at: _end(status, at)[2]),
    b"updownsince": (b"NA", lambda status, _at: stamp(status.since).decode()),
    b"readysince": (b"NA", _ready_since),
    b"updownfor": (b"-1", lambda status, _at: status.seconds(int(time()))),
    b"readyfor": (b"-1", _ready_for),
    b"state": (b"NA", lambda status, _at: status.word.decode()),
    b"wanted": (b"NA", lambda status, _at: WANTED.get(status.want, "down")),
    b"gotterm": (b"NA", lambda status, _at: bool(status.term)),
}


def values(status: Status, names: list[bytes]) -> bytes:
    """The fields NAMES of the service in the current directory, as s6-svstat writes them."""
    words = []
    for name in names:
        missing, get = FIELDS[name]
        value = get(status, b"")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        words.append(missing if value is None else text.encode())
    return b" ".join(words)


def describe(
    service: bytes, status: Status | None, trouble: Trouble | None, at: bytes
) -> dict[str, object]:
    """All that is known of SERVICE, whose files have AT before their names, for JSON.

    Times are as RFC 3339 has them. Without a STATUS there is only the TROUBLE.
    """
    found: dict[str, object] = {"service": text(service), "supervised": status is not None}
    if status is None:
        return found | {"error": text(trouble.words() if trouble else b"")}
    found |= {name.decode(): get(status, at) for name, (_, get) in FIELDS.items()}
    found["updownsince"] = date(status.since)
    found["readysince"] = None if status.ready_since is None else date(status.ready_since)
    death = last_death(at)
    found["last_death"] = text(death.line) if death else None
    found["failures"] = status.failures if status.starts is not None else None
    found["nextstart"] = None if status.next_start is None else date(status.next_start)
    found["failing"] = text(failing(status)) or None
    return found | {"text": text(status.text), "why": text(status.why)}


def objects(records: "Iterable[Mapping[str, object]]") -> bytes:
    """RECORDS as JSON, an object a line; bytes in them are texts."""
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
