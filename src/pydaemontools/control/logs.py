"""pysv logs: the logs of services, merged by time."""

import posix
from time import sleep, time_ns

from ..base import cli
from ..base.printable import plain
from ..base.process import is_dir
from ..base.write import show
from ..log.lines.levels import DEBUG, NAMES, SEVERITIES, named
from ..supervise.new_directory import beside, kept_logs
from .fields import date, objects
from .logfiles import ServiceLog, find_log
from .screen import coloured, for_terminal, severity
from .service_names import directories
from .servicefiles import reason
from .services import find, looked, places, say_none, telling
from .typed_time import moment
from .when import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from re import Pattern

    from .loglines import Entry

    # When it counts as written, of which service, and what the log has of it.
    Line = tuple[int, bytes, Entry]

SYNOPSIS = (
    b"pysv logs [-fj] [-n lines] [-p level] [--since time] [--until time] [--grep pattern] "
    b"[service ...]"
)
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"fn:p:", (b"since:", b"until:", b"grep:")
COUNT = 10
SOON, LATE = 0.1, 1.0  # seconds between two looks: often while something comes
TOGETHER = 1000  # lines that are written at once


class Wanted:
    """What the options ask for; `count`, `since`, `until` and `grep` are None where they do not
    limit.
    """

    def __init__(self, who: bytes, given: dict[bytes, bytes]) -> None:
        self.follow = b"f" in given
        self.json = b"json" in given
        self.since = _time(who, b"since", given)
        self.until = _time(who, b"until", given)
        if self.follow and self.until is not None:
            hint = b"-f goes on for ever, and --until is an end: which of them?"
            raise cli.usage(who, USAGE, hint=hint)
        self.grep = _pattern(who, given[b"grep"]) if b"grep" in given else None
        self.count = None if self.since is not None else COUNT
        if b"n" in given:
            if not given[b"n"].isdigit() or len(given[b"n"]) > 9:
                hint = b"-n takes a number of lines, not " + given[b"n"]
                raise cli.usage(who, USAGE, hint=hint)
            self.count = int(given[b"n"])
        level = named(given[b"p"]) if b"p" in given else DEBUG
        if level is None:
            hint = b"-p takes a level (" + b" ".join(NAMES) + b"), not " + given[b"p"]
            raise cli.usage(who, USAGE, hint=hint)
        self.level = level

    def takes(self, entry: "Entry") -> bool:
        """Whether ENTRY is wanted, but for how many there are."""
        when, _, level, text = entry
        if level > self.level or (self.since is not None and when < self.since):
            return False
        if self.until is not None and when > self.until:
            return False
        return self.grep is None or bool(self.grep.search(text))


def _time(who: bytes, name: bytes, given: dict[bytes, bytes]) -> int | None:
    if name not in given:
        return None
    # Of an hour that was twice, --since and --until have both.
    time = moment(given[name].decode("latin-1"), time_ns(), late=name == b"until")
    if time is None:
        takes = b" takes 10m, '2 hours ago', yesterday, 09:00 or YYYY-MM-DD[ HH:MM[:SS]], not "
        raise cli.usage(who, USAGE, hint=b"--" + name + takes + given[name])
    return time


def _pattern(who: bytes, pattern: bytes) -> "Pattern[bytes]":
    from ..log.lines.linewise_regex import BadPattern, compiled

    try:
        return compiled(pattern)
    except BadPattern as error:
        hint = b"--grep takes a regular expression: " + error.text
        raise cli.usage(who, USAGE, hint=hint) from None


def main(who: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """Show the logs of the services; 111 if one could not be read."""
    wanted = Wanted(who, given)
    named = bool(names)
    names = directories(names)
    if not names:
        say_none(who)
    _open_many()
    reader = Logs(who, wanted)
    for name in names:
        reader.add(name, needed=named)
    shape = shaped(several=len(reader.logs) > 1, json=wanted.json)
    write(reader.begin(), shape)
    if wanted.follow and reader.logs:
        reader.follow(lambda lines: write(lines, shape))
    return reader.code


def _open_many() -> None:
    """Each service takes an open file or two, and there may be thousands."""
    from resource import RLIMIT_NOFILE, getrlimit, setrlimit

    hard = getrlimit(RLIMIT_NOFILE)[1]
    try:
        setrlimit(RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        # Then what cannot be opened is said.
        pass


class Logs:
    """The logs of services, by their names; what cannot be read is said and left out."""

    def __init__(self, who: bytes, wanted: Wanted) -> None:
        self.who = who
        self.wanted = wanted
        self.logs: dict[bytes, ServiceLog] = {}
        self.code = 0
        self._warned: set[tuple[bytes, bytes]] = set()

    def add(self, name: bytes, *, needed: bool) -> None:
        """Add the service NAME. Where it has no log, that is said if it is NEEDED."""
        directory = find(name)
        if not is_dir(directory):
            # What `pysv remove` has kept of it.
            left = beside(directory.rstrip(b"/"), b"")
            directory = left if kept_logs(left) else directory
        try:
            path = find_log(directory)
            if path is not None:
                self.logs[name] = ServiceLog(path, lambda what: self._warn(name, what))
            elif needed and not is_dir(directory):
                where = looked(places(name))
                self._warn(name, b"there is no such service" + (b": " + where if where else b""))
            elif needed:
                directory = telling(directory.rstrip(b"/"))
                file = directory + b"/logger"
                if not posix.access(file, posix.F_OK):
                    file = directory + b"/log/run"
                what = b"there is no log directory below log, or ./main; the logger is "
                self._warn(name, what + file)
        except OSError as error:
            self._trouble(name, error)

    def _trouble(self, name: bytes, error: OSError) -> None:
        from ..base.errors import owned

        self._warn(name, b"unable to read its log: " + reason(error))
        file = error.filename
        if isinstance(error, PermissionError) and isinstance(file, bytes):
            why = b""
            while file and not why:
                # Of what stands in a directory that is closed nothing is known.
                why, file = owned(file), file.rpartition(b"/")[0]
            cli.say(self.who + b": " + why)

    def _warn(self, name: bytes, what: bytes) -> None:
        self.code = 111
        if (name, what) not in self._warned:
            self._warned.add((name, what))
            cli.say(self.who + b": warning: " + plain(name + b": " + what))

    def _lines(self, name: bytes, entries: "Iterable[Entry]") -> "Iterator[Line]":
        """ENTRIES of the service NAME as lines, until they end or there is trouble."""
        try:
            for entry in entries:
                if self.wanted.takes(entry):
                    yield entry[0], name, entry
        except OSError as error:
            self._trouble(name, error)
            self.logs.pop(name).close()

    def begin(self) -> "Iterable[Line]":
        """What is there already, the oldest first."""
        from heapq import merge

        count = self.wanted.count
        parts = [self._lines(name, self._part(log)) for name, log in list(self.logs.items())]
        if count is None:
            return merge(*parts, key=_when)
        lines = in_order(map(list, parts))
        return lines[max(0, len(lines) - count) :]

    def _part(self, log: ServiceLog) -> "Iterator[Entry]":
        wanted = self.wanted
        if wanted.count is None and wanted.since is not None:
            yield from log.since(wanted.since)
            if not wanted.follow:
                yield from log.unfinished()
            return
        since, count = wanted.since or 0, wanted.count or 0
        yield from log.tail(count, wanted.takes, since=since, ended=wanted.follow)

    def follow(self, write: "Callable[[list[Line]], None]", turns: float = float("inf")) -> None:
        """Pass to WRITE what comes, for ever (or so many TURNS)."""
        pause = SOON
        while self.logs and turns > 0:
            turns -= 1
            parts = [list(self._lines(name, log.follow())) for name, log in [*self.logs.items()]]
            lines = in_order(parts)
            write(lines)
            pause = SOON if lines else min(LATE, pause * 1.5)
            sleep(pause)


def _when(line: "Line") -> int:
    return line[0]


def in_order(parts: "Iterable[list[Line]]") -> "list[Line]":
    """The lines of PARTS, each of one service, by time, and those of each in the order they have.

    A clock was wrong where that is not the order of their times: before it was set, or behind. It
    is what fewer lines tell that counts as written with their neighbours.
    """
    from heapq import merge
    from itertools import accumulate
    from operator import ne

    found: list[Iterable[Line]] = []
    for part in parts:
        times = [line[0] for line in part]
        late = list(accumulate(times, max))
        if late != times:
            early = list(accumulate(reversed(times), min))[::-1]
            late = min(late, early, key=lambda kept: sum(map(ne, kept, times)))
        found.append([(when, *line[1:]) for when, line in zip(late, part, strict=True)])
    return list(merge(*found, key=_when))


def write(lines: "Iterable[Line]", shape: "Callable[[Line], bytes]") -> None:
    """Write LINES, many at a time."""
    texts: list[bytes] = []
    for line in lines:
        texts.append(shape(line))
        if len(texts) >= TOGETHER:
            show(b"".join(texts))
            texts.clear()
    show(b"".join(texts))


def shaped(*, several: bool, json: bool) -> "Callable[[Line], bytes]":
    """How a line is written: for a terminal, for a pipe, or as JSON."""
    if json:
        return lambda line: objects([_record(line)])
    colour, clean = coloured(), for_terminal()

    def shape(line: "Line") -> bytes:
        _, name, (_, time, level, words) = line
        head = clean(name) + b": " if several else b""
        head += local(time) + b" " if time is not None else b""
        words = clean(words)
        return head + (severity(words, level) if colour else words) + b"\n"

    return shape


def _record(line: "Line") -> dict[str, object]:
    _, name, (_, time, level, words) = line
    return {
        "service": name,
        "time": None if time is None else date(time),
        "level": SEVERITIES[level],
        "text": words,
    }
