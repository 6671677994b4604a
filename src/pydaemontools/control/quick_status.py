"""The status of many services, from the one file in which pysvscan has it: base/overview.py.

What is printed is what steps.py would: the services of which there is more to say than stands in
that file are left to it, and so are all where nobody keeps the file.
"""

import posix
from time import time

from ..base import overview
from ..base.overview import (
    COUNT,
    DIRECTORY,
    HOSTED,
    LOGGERS,
    ONCE,
    PAUSED,
    PID,
    ROW,
    TERM,
    WANTED_DOWN,
    Overview,
    kind_of,
)
from ..base.service_dirs import is_service, is_written, names_in
from ..base.status import DOWN, FINISH, RUN, SECOND, Status
from .servicefiles import Home, attend, show
from .services import below, services_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .person_printer import PersonPrinter

FEW = 8  # services: to look into their directories takes no longer
LOW = (1 << PID) - 1
# What a row says of the state, and of it in a word.
WHAT = {
    overview.DOWN: (DOWN, b"down"),
    overview.RUN: (RUN, b"run"),
    overview.FINISH: (FINISH, b"finish"),
    overview.WAIT: (DOWN, b"wait"),
}
PLAIN = kind_of(overview.RUN)
NOT_UP = 3  # what LSB has the status of one exit with that does not run


def read(place: bytes) -> Overview | None:
    """The overview of the services in the directory PLACE, None where nobody keeps one."""
    from ..base.shared_dir import read_file

    at = place + b"/" + overview.PLACE + b"/"
    try:
        attend(at + b"control")
        return Overview(read_file(at + overview.NAME, overview.MOST))
    except (OSError, ValueError):
        return None


class QuickStatus:
    """The services in the directory PLACE as the overview FOUND has them; HOME is where we are.

    `code` is what LSB has the status of those exit with that were asked for.
    """

    def __init__(self, place: bytes, found: Overview, home: Home) -> None:
        self.place = place
        self.code = 0
        self._found = found
        self._home = home
        self._now = int(time())
        self._printer: PersonPrinter | None = None
        # Root may look into every directory.
        self._root = not posix.geteuid()

    def names(self) -> list[bytes]:
        """What there is in the directory, in order. Raises OSError."""
        found = self._found
        return found.names if found.listed_as(overview.stamp(self.place)) else names_in(self.place)

    def lines(self, names: list[bytes]) -> list[bytes | None]:
        """What is to be said of each of NAMES, None where one has to look. Raises OSError."""
        found = self._found
        numbers: Iterable[int] = range(len(names))
        columns = found.columns[:ROW]
        if names is not found.names:
            at = {name: number for number, name in enumerate(found.names)}
            # The last row, of which nobody is, says nothing.
            numbers = [at.get(name, -1) for name in names]
            columns = [[column[n] for n in numbers] for column in ([*c, 0] for c in columns)]
        posix.chdir(self.place)
        try:
            return self._lines(names, numbers, columns)
        finally:
            self._home.back()

    def _lines(
        self, names: list[bytes], numbers: "Iterable[int]", columns: list[list[int]]
    ) -> list[bytes | None]:
        """The lines of NAMES, at these NUMBERS; most just run, which is said at once."""
        from .screen import coloured, paint

        run = paint(b"run", b"run") if coloured() else b"run"
        form = run + b": %b: (pid %d) %ds\n"
        now, root, access = self._now, self._root, posix.access
        return [
            form % (name, pid, now - since)
            if first ^ count << COUNT == PLAIN
            and since <= now
            and not (access(name + b"/down", 0) or access(name + b"/log", 0))
            and (root or access(name, posix.X_OK))
            else self._line(name, number)
            for name, number, first, since, pid, count in zip(names, numbers, *columns, strict=True)
        ]

    def _line(self, name: bytes, number: int) -> bytes | None:
        """What is to be said of the service NAME, at this NUMBER; None where one has to look."""
        if number < 0 or not (self._root or posix.access(name, posix.X_OK)):
            return None
        status, logger = self._found_status(name, number, 0), None
        if not status:
            return None
        log = name + b"/log"
        if self._found.columns[0][number] >> 16 & 0xFF == DIRECTORY:
            logger = self._found_status(log, number, ROW)
            if not logger:
                return None
        elif posix.access(log, posix.F_OK) and not is_written(log):
            # Nobody keeps it.
            return None
        if status.state != RUN:
            self.code = NOT_UP
        return self._text(name, status, logger)

    def _found_status(self, name: bytes, number: int, at: int) -> "Status | None":
        """The status of what is at NAME, whose row is AT so many numbers in slot NUMBER."""
        first, since, pids, count = (one[number] for one in self._found.columns[at : at + ROW])
        what, flags, logger = first & 0xFF, first >> 8 & 0xFF, first >> 16 & 0xFF
        known = what in WHAT and first >> COUNT == count and posix.access(name, posix.F_OK)
        if not known or since > self._now or not HOSTED + len(LOGGERS) > logger:
            return None
        state, word = WHAT[what]
        want = "d" if flags & WANTED_DOWN else "" if flags & ONCE else "u"
        found = Status(
            since * SECOND,
            pids & LOW,
            want,
            paused=bool(flags & PAUSED),
            term=bool(flags & TERM),
            state=state,
        )
        found.word = word
        found.normally_up = not posix.access(name + b"/down", posix.F_OK)
        if logger >= HOSTED:
            pid = pids >> PID
            found.logger = LOGGERS[logger - HOSTED] + (b" %d" % pid if pid else b"")
        return found

    def _text(self, name: bytes, status: "Status", logger: "Status | None") -> bytes:
        """The line of the service NAME in its STATUS, and of its LOGGER if it has one."""
        from .person_printer import PersonPrinter

        printer = self._printer = self._printer or PersonPrinter(json=False)
        for called, one in ((name, status), (b"log", logger)):
            if one:
                printer.add(b"; " if one is logger else b"")
                printer.add_status(called, one, self._now, normally_up=bool(one.normally_up))
        text = b"".join(printer.text)
        printer.text.clear()
        return text + b"\n"


def status(who: bytes, names: list[bytes]) -> int | None:
    """Print how the services NAMES are, or all of SVDIR; the exit code, None where one has to look.

    Raises Quit.
    """
    if names and len(names) <= FEW and not any(sign in b"".join(names) for sign in b"*?[@"):
        return None
    place = services_directory()
    found = read(place)
    if not found:
        return None
    asked = names
    if names:
        from .service_names import services

        names = services(names)
    try:
        quick = QuickStatus(place, found, Home(own=True))
        names = names or quick.names()
        lines = quick.lines(names)
    except OSError:
        return None
    if None not in lines:
        show(b"".join(filter(None, lines)))
        return quick.code if lines else None
    return _mixed(who, names, lines, quick.code, asked=bool(asked))


def _mixed(
    who: bytes, names: list[bytes], lines: list[bytes | None], code: int, *, asked: bool
) -> int | None:
    """Print LINES in the order of NAMES, where there is none what is to be seen there.

    What holds no service is passed over unless it was ASKED for. The exit code is CODE, or worse.
    """
    from .commands import Command
    from .person_control import code_of, help_with
    from .person_steps import person_steps

    steps, _ = person_steps(Command("s", waits=False, force=False), json=False, limit=0)
    ready: list[bytes] = []
    for name, line in zip(names, lines, strict=True):
        if line is not None:
            ready.append(line)
        elif asked or is_service(below(name)):
            show(b"".join(ready))
            ready.clear()
            steps.run([name])
            code = max(code, code_of(name, steps))
    show(b"".join(ready))
    if asked:
        help_with(who, steps.troubles)
    return code
