"""pysv top: the services and what they use, in a table that stays fresh."""

import posix
from time import monotonic, time

from ..base import cli
from ..log.lines.severity import DEBUG
from ..supervise.statefile import HISTORY
from .fields import text
from .listing import see, state
from .logfiles import ServiceLog
from .logfiles import find as find_log
from .lookup import find, services
from .processes import Processes
from .screen import coloured, duration, plain, table, terminal
from .servicefiles import Trouble, read_file, show
from .view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .live import Screen

SYNOPSIS = b"pysv top [-j] [-i seconds] [-n count] [service ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
HEAD = [b"SERVICE", b"STATE", b"PID", b"UPTIME", b"RESTARTS", b"MEMORY", b"CPU", b"LOG"]
INTERVAL = 2.0
SIZES = ((2**30, b"G"), (2**20, b"M"), (2**10, b"k"))


def main(who: bytes, argv: list[bytes], *, json: bool) -> int:
    """Show the table until told to stop, or so many times; 0."""
    found, names = cli.options([who, *argv], USAGE, more=b"ji:n:", words=(b"json",))
    given = dict(found)
    json = json or b"j" in given or b"json" in given
    interval = cli.seconds(who, USAGE, b"i", given[b"i"]) if b"i" in given else INTERVAL
    # In a pipe, where nobody can tell it to stop, one table is a whole answer.
    live = terminal() and not json
    count = given.get(b"n", b"0" if live else b"1")
    if not count.isdigit():
        raise cli.usage(who, USAGE, hint=b"-n takes a number of tables, not " + count)
    turns = int(count) or float("inf")
    top = Top(names)
    if live:
        from .live import screen

        with screen() as shown:
            _live(top, shown, interval, turns)
        # What was seen last stays to be read.
        show(_table(top.rows, colour=coloured()))
    else:
        _plain(top, interval, turns, json=json)
    return 0


def _live(top: "Top", shown: "Screen", interval: float, turns: float) -> None:
    while turns > 0:
        top.look()
        shown.show(HEAD, top.rows)
        turns -= 1
        if turns > 0 and shown.told_to_stop(interval):
            return


def _plain(top: "Top", interval: float, turns: float, *, json: bool) -> None:
    from time import sleep

    first = True
    while turns > 0:
        if not first:
            sleep(interval)
        top.look()
        if json:
            show(b"".join(_objects(top.seen)))
        else:
            show((b"" if first else b"\n") + _table(top.rows, colour=coloured()))
        first = False
        turns -= 1


def _table(rows: list[list[bytes]], *, colour: bool) -> bytes:
    return table([HEAD, *rows], colour=colour)


def _objects(seen: "list[Seen]") -> list[bytes]:
    from json import dumps

    return [dumps(one.record()).encode() + b"\n" for one in seen]


class Seen:
    """A service at a moment: how it is, what it uses, what it said last."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.view: View | None = None
        self.error = b""
        self.restarts: int | None = None
        self.memory: int | None = None
        self.cpu: float | None = None
        self.said = b""

    def row(self) -> list[bytes]:
        """As a line of the table."""
        view = self.view
        name, said = plain(self.name), plain(self.said)
        restarts = b"-" if self.restarts is None else b"%d" % self.restarts
        if view is None:
            return [name, b"unknown", b"-", b"-", restarts, b"-", b"-", self.error]
        return [
            name,
            state(view),
            b"%d" % view.status.pid if view.status.pid else b"-",
            duration(view.seconds()).encode(),
            restarts,
            b"-" if self.memory is None else size(self.memory),
            b"-" if self.cpu is None else b"%.1f%%" % self.cpu,
            said,
        ]

    def record(self) -> dict[str, object]:
        """As what json makes an object of."""
        view = self.view
        return {
            "service": text(self.name),
            "state": state(view).decode() if view else "unknown",
            "error": text(self.error) or None,
            "pid": (view.status.pid or None) if view else None,
            "updownfor": view.seconds() if view else None,
            "restarts": self.restarts,
            "memory": self.memory,
            "cpu": None if self.cpu is None else round(self.cpu, 1),
            "log": text(self.said),
        }


class Top:
    """The services NAMES, or all; SEEN is what the last look at them found."""

    def __init__(self, names: list[bytes]) -> None:
        self.names = names
        self.seen: list[Seen] = []
        self.processes: Processes | None = None
        self.at = 0.0
        # The last line of a log, and the file and its length that it is of.
        self.said: dict[bytes, tuple[tuple[int, int], bytes]] = {}

    @property
    def rows(self) -> list[list[bytes]]:
        """The lines of the table."""
        return [seen.row() for seen in self.seen]

    def look(self) -> None:
        """Look at all of them; what came to SVDIR since the last time is seen too."""
        processes, at = Processes(), monotonic()
        self.seen = [self._see(name, processes, at) for name in services(self.names)]
        self.processes, self.at = processes, at

    def _see(self, name: bytes, processes: Processes, at: float) -> Seen:
        seen = Seen(name)
        place = find(name)
        seen.view, trouble = see(place)
        if trouble:
            seen.error = b"supervise not running" if trouble.nobody else trouble.words()
        try:
            if posix.access(place + b"/" + HISTORY, posix.F_OK):
                seen.restarts = len(read_file(HISTORY, place + b"/").splitlines())
        except Trouble:
            # The table has no place to say why.
            pass
        if seen.view and seen.view.status.pid:
            pids = list(processes.tree(seen.view.status.pid))
            seen.memory = processes.memory(pids)
            seen.cpu = self._cpu(processes, pids, at, seen.view)
        seen.said = self._last_line(place)
        return seen

    def _cpu(self, processes: Processes, pids: list[int], at: float, view: View) -> float:
        """The part of a processor since the last look, or since the service began."""
        if self.processes is None:
            lasted = time() - view.status.since / 10**9
            used = processes.cpu(pids, lambda _pid, _since: 0.0)
        else:
            lasted = at - self.at
            used = processes.cpu(pids, self.processes.cpu_of)
        return max(0.0, 100 * used / lasted) if lasted > 0 else 0.0

    def _last_line(self, place: bytes) -> bytes:
        try:
            path = find_log(place)
            if path is None:
                return b""
            found = posix.stat(path + b"/current")
            mark = (found.st_ino, found.st_size)
            if self.said.get(path, ((0, -1), b""))[0] != mark:
                log = ServiceLog(path)
                entries = log.tail(1, DEBUG)
                log.close()
                self.said[path] = mark, entries[-1][3] if entries else b""
        except OSError:
            return b""
        return self.said[path][1]


def size(count: int) -> bytes:
    """COUNT bytes, in the unit that leaves one to four digits."""
    for unit, letter in SIZES:
        if count >= unit:
            return b"%.1f%s" % (count / unit, letter)
    return b"%d" % count
