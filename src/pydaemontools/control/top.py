"""pysv top: the services and what they use, in a table that stays fresh."""

import posix
from time import monotonic, time

from ..base import cli
from ..base.printable import plain
from ..base.proc import is_shown
from ..base.write import show
from ..supervise.statefile import HISTORY, only_deaths
from .failing import failing
from .fields import objects
from .listing import state
from .logfiles import ServiceLog, find_log
from .loglines import every
from .lograte import LogRate
from .processes import Processes
from .reader import find_status
from .screen import coloured, duration, table, terminal
from .service_names import services
from .servicefiles import Trouble, read_file
from .services import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..base.status import Status
    from .live import Screen

SYNOPSIS = b"pysv top [-j] [-i seconds] [-n count] [service ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"i:n:", ()
HEAD = [b"SERVICE", b"STATE", b"PID", b"UPTIME", b"RESTARTS", b"MEMORY", b"CPU"]
HEAD += [b"LINES/S", b"BYTES/S", b"LOG"]
INTERVAL = 2.0


def main(who: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """Show the table until a key or a signal says that it is enough, or so many times; 0."""
    json = b"json" in given
    interval = cli.seconds(who, USAGE, b"i", given[b"i"]) if b"i" in given else INTERVAL
    # In a pipe, where nobody can tell it to stop, one table is an answer.
    live = terminal() and not json
    count = given.get(b"n", b"0" if live else b"1")
    tables = cli.whole(count)
    if tables is None:
        raise cli.usage(who, USAGE, hint=b"-n takes a number of tables, not " + count)
    turns = tables or float("inf")
    top = Top(names)
    if not is_shown():
        cli.say(who + b": warning: no /proc: memory and CPU are not known")
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
        if turns > 0 and shown.key_within(interval):
            return


def _plain(top: "Top", interval: float, turns: float, *, json: bool) -> None:
    from time import sleep

    first = True
    while turns > 0:
        if not first:
            sleep(interval)
        top.look()
        if json:
            show(objects(use.record() for use in top.uses))
        else:
            show((b"" if first else b"\n") + _table(top.rows, colour=coloured()))
        first = False
        turns -= 1


def _table(rows: list[list[bytes]], *, colour: bool) -> bytes:
    return table([HEAD, *rows], colour=colour)


class Use:
    """A service at a moment: how it is, what it uses, the last line of its log."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.status: Status | None = None
        self.error = b""
        self.restarts: int | None = None
        self.memory: int | None = None
        self.cpu: float | None = None
        self.lines: float | None = None
        self.bytes: float | None = None
        self.last_line = b""

    def row(self) -> list[bytes]:
        """As a line of the table."""
        status = self.status
        name = plain(self.name)
        restarts = b"-" if self.restarts is None else b"%d" % self.restarts
        if status is None:
            return [name, b"unknown", b"-", b"-", restarts, *[b"-"] * 4, self.error]
        return [
            name,
            state(status),
            b"%d" % status.pid if status.pid else b"-",
            duration(status.seconds(int(time()))).encode(),
            restarts,
            b"-" if self.memory is None else cli.shown_size(self.memory),
            b"-" if self.cpu is None else b"%.1f%%" % self.cpu,
            b"-" if self.lines is None else b"%.1f" % self.lines,
            b"-" if self.bytes is None else cli.shown_size(int(self.bytes)),
            plain(b": ".join(filter(None, (failing(status), self.last_line)))),
        ]

    def record(self) -> dict[str, object]:
        """As what json makes an object of."""
        status = self.status
        return {
            "service": self.name,
            "state": state(status) if status else "unknown",
            "error": self.error or None,
            "pid": (status.pid or None) if status else None,
            "updownfor": status.seconds(int(time())) if status else None,
            "restarts": self.restarts,
            "memory": self.memory,
            "cpu": None if self.cpu is None else round(self.cpu, 1),
            "lines": None if self.lines is None else round(self.lines, 1),
            "bytes": None if self.bytes is None else round(self.bytes, 1),
            "failing": (failing(status) or None) if status else None,
            "log": self.last_line,
        }


class Top:
    """The services NAMES, or all; `uses` is what the last look at them found."""

    def __init__(self, names: list[bytes]) -> None:
        self.names = names
        self.uses: list[Use] = []
        self.processes: Processes | None = None
        self.at = 0.0
        # The last line of a log, and the file and its length that it is of.
        self.last_lines: dict[bytes, tuple[tuple[int, int], bytes]] = {}
        self.rates: dict[bytes, LogRate] = {}

    @property
    def rows(self) -> list[list[bytes]]:
        """The lines of the table."""
        return [use.row() for use in self.uses]

    def look(self) -> None:
        """Look at all of them; what came to SVDIR since the last time is seen too."""
        processes, at = Processes(), monotonic()
        self.uses = [self._look(name, processes, at) for name in self._known()]
        self.processes, self.at = processes, at

    def _known(self) -> list[bytes]:
        """The services that are there now; of a pattern there may be none for a while."""
        try:
            return services(self.names)
        except cli.Quit:
            if self.processes is None:
                raise
            return []

    def _look(self, name: bytes, processes: Processes, at: float) -> Use:
        use = Use(name)
        directory = find(name)
        use.status, trouble = find_status(directory)
        if trouble:
            use.error = trouble.plainly()
        try:
            if posix.access(directory + b"/" + HISTORY, posix.F_OK):
                use.restarts = len(only_deaths(read_file(HISTORY, directory + b"/")))
        except Trouble:
            # The table has no room to say why.
            pass
        if use.status and use.status.pid and processes.all:
            pids = list(processes.tree(use.status.pid))
            use.memory = processes.memory(pids)
            use.cpu = self._cpu(processes, pids, at, use.status.since)
        use.last_line = self._last_line(directory)
        if found := self._rate(directory, at):
            use.lines, use.bytes = found
        return use

    def _rate(self, directory: bytes, at: float) -> tuple[float, float] | None:
        """Lines and bytes a second of the log, since the last look; None if none is known."""
        try:
            path = find_log(directory)
            rate = self.rates.setdefault(path, LogRate(path)) if path else None
            return rate.look(at) if rate else None
        except OSError:
            return None

    def _cpu(self, processes: Processes, pids: list[int], at: float, since: int) -> float:
        """The part of a processor since the last look, or since the service began."""
        if self.processes is None:
            lasted = time() - since / 10**9
            used = processes.cpu(pids, lambda _pid, _since: 0.0)
        else:
            lasted = at - self.at
            used = processes.cpu(pids, self.processes.cpu_of)
        return max(0.0, 100 * used / lasted) if lasted > 0 else 0.0

    def _last_line(self, directory: bytes) -> bytes:
        try:
            path = find_log(directory)
            if path is None:
                return b""
            found = posix.stat(path + b"/current")
            mark = (found.st_ino, found.st_size)
            if self.last_lines.get(path, ((0, -1), b""))[0] != mark:
                log = ServiceLog(path)
                entries = log.tail(1, every)
                log.close()
                self.last_lines[path] = mark, entries[-1][3] if entries else b""
        except OSError:
            return b""
        return self.last_lines[path][1]
