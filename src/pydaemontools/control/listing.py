"""pysv ls: all services in a table."""

import posix
from time import time

from ..base.printable import plain
from ..base.process import is_dir
from ..base.service_dirs import is_service, is_template, is_written
from ..base.status import RUN, Status
from ..base.write import show
from .failing import failing
from .fields import describe, objects, text
from .overview_reader import known
from .reader import find_status
from .screen import coloured, duration, table
from .service_names import services
from .servicefiles import Trouble
from .services import find, looked, places, say_none

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .overview_row import Statuses

SYNOPSIS = b"pysv ls [-j] [service ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"", ()
HEAD = [b"SERVICE", b"STATE", b"PID", b"TIME", b"WANTED", b"LOG", b"NOTE"]


def main(who: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """List the services; 0 however they are, 111 if one of NAMES is not there."""
    named, names = bool(names), services(names)
    code = 111 if named and not all(is_dir(find(name)) for name in names) else 0
    if not names:
        say_none(who)
    if b"json" in given:
        show(objects(_record(name, *find_status(find(name))) for name in names))
        return code
    found = zip(names, known(names), strict=True)
    rows = [
        _known_row(name, one) if one else row(name, *find_status(find(name))) for name, one in found
    ]
    show(table([HEAD, *rows], colour=coloured()))
    return code


def _known_row(name: bytes, statuses: "Statuses") -> list[bytes]:
    """A line of the table for a service that is known, and its logger if that has a directory."""
    status, logger = statuses
    return row(name, status, None, state(logger) if logger else b"-")


def row(
    name: bytes, status: Status | None, trouble: Trouble | None, log: bytes = b""
) -> list[bytes]:
    """A line of the table; LOG is how a logger is that has a directory, where that is known."""
    hosted = status.logger.partition(b" ")[0] if status else b""
    log = plain(hosted) or log or log_of(find(name))
    if status is None:
        note = _words(name, trouble) if trouble else b""
        return [plain(name), b"unknown", b"-", b"-", b"-", log, note]
    pid = b"%d" % status.pid if status.pid else b"-"
    wanted = {"u": b"up", "d": b"down", "x": b"exit"}.get(status.want, b"once")
    age = duration(status.seconds(int(time()))).encode()
    usual = status.normally_up == (status.want == "u")
    notes = [] if usual else [b"normally " + (b"up" if status.normally_up else b"down")]
    notes += [b"got TERM"] * status.term
    notes += [plain(t) for t in (failing(status), status.why, status.text) if t]
    return [plain(name), state(status), pid, age, wanted, log, b", ".join(notes)]


def _words(name: bytes, trouble: Trouble) -> bytes:
    directory = find(name)
    if is_template(directory) and trouble.unsupervised:
        return b"a template, which is never run"
    if is_dir(directory) and not is_service(directory):
        return b"no service directory: it holds no run"
    if is_dir(directory):
        return trouble.plainly()
    return trouble.words() + (b": " + looked(places(name))).rstrip(b": ")


def state(status: Status) -> bytes:
    """The state in a word."""
    if status.state != RUN:
        return status.word
    if status.paused:
        return b"paused"
    return b"starting" if status.ready is False else b"run"


def log_of(directory: bytes) -> bytes:
    """The state of the logger of the service in DIRECTORY; "-" if it has none."""
    if not posix.access(directory + b"/log", posix.F_OK) or is_written(directory + b"/log"):
        return b"-"
    status, _ = find_status(directory + b"/log")
    return state(status) if status else b"unknown"


def _record(name: bytes, status: Status | None, trouble: Trouble | None) -> dict[str, object]:
    """The service for JSON, its logger inside."""
    directory = find(name)
    record = describe(name, status, trouble, directory + b"/")
    log = directory + b"/log"
    if posix.access(log, posix.F_OK) and not is_written(log):
        record["log"] = describe(name + b"/log", *find_status(log), log + b"/")
    if status and status.logger:
        word, _, pid = status.logger.partition(b" ")
        record["logger"] = {"state": text(word), "pid": int(pid) if pid.isdigit() else None}
    return record
