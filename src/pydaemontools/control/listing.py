"""pysv ls: all services in a table."""

import posix

from ..base import cli
from .fields import describe
from .lookup import find, services
from .screen import coloured, duration, plain, table
from .servicefiles import Trouble, show
from .view import View, look

SYNOPSIS = b"pysv ls [-j] [service ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
HEAD = [b"SERVICE", b"STATE", b"PID", b"TIME", b"WANTED", b"LOG", b"NOTE"]


def main(who: bytes, argv: list[bytes], *, json: bool) -> int:
    """List the services; 0 however they are."""
    found, names = cli.options([who, *argv], USAGE, more=b"j", words=(b"json",))
    names = services(names)
    seen = [(name, *see(find(name))) for name in names]
    if json or found:
        show(objects(seen))
    else:
        show(table([HEAD, *(row(*one) for one in seen)], colour=coloured()))
    return 0


Seen = tuple[View | None, Trouble | None]


def see(place: bytes) -> Seen:
    """The service in PLACE, or why it cannot be seen."""
    try:
        posix.stat(place + b"/.")
    except OSError as error:
        return None, Trouble(b"unable to chdir", error)
    try:
        return look(place + b"/"), None
    except Trouble as trouble:
        return None, trouble


def row(name: bytes, view: View | None, trouble: Trouble | None) -> list[bytes]:
    """A line of the table."""
    log = log_of(find(name))
    if view is None:
        note = b"supervise not running" if trouble and trouble.nobody else _words(trouble)
        return [plain(name), b"unknown", b"-", b"-", b"-", log, note]
    status = view.status
    pid = b"%d" % status.pid if status.pid else b"-"
    wanted = {"u": b"up", "d": b"down", "x": b"exit"}.get(status.want, b"once")
    age = duration(view.seconds()).encode()
    notes = [b"normally " + (b"up" if view.normally_up else b"down")] * (_unusual(view))
    notes += [b"got TERM"] * status.term + [plain(text) for text in (view.why, view.text) if text]
    return [plain(name), state(view), pid, age, wanted, log, b", ".join(notes)]


def _words(trouble: Trouble | None) -> bytes:
    return trouble.words() if trouble else b""


def _unusual(view: View) -> bool:
    return view.normally_up != (view.status.want == "u")


def state(view: View) -> bytes:
    """The state in a word."""
    if view.up and view.status.paused:
        return b"paused"
    if view.up:
        return b"starting" if view.ready is False else b"run"
    return view.state


def log_of(place: bytes) -> bytes:
    """The state of the logger of the service in PLACE; "-" if it has none."""
    if not posix.access(place + b"/log", posix.F_OK):
        return b"-"
    view, _ = see(place + b"/log")
    return state(view) if view else b"unknown"


def objects(seen: list[tuple[bytes, View | None, Trouble | None]]) -> bytes:
    """The services as JSON, an object a line."""
    from json import dumps

    lines = []
    for name, view, trouble in seen:
        record = describe(name, view, trouble)
        log = find(name) + b"/log"
        if posix.access(log, posix.F_OK):
            record["log"] = describe(name + b"/log", *see(log))
        lines.append(dumps(record).encode() + b"\n")
    return b"".join(lines)
