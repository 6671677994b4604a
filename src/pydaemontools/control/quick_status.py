"""The status of many services in no time, where pysvscan has it in one file.

What is printed is what steps.py would: the services of which there is more to say than stands in
that file are left to it, and so are all where nobody keeps the file.
"""

import posix

from ..base.overview import COUNT, ROW, RUN, kind_of
from ..base.service_dirs import is_service
from ..base.status import RUN as UP
from .overview_reader import FEW, OverviewReader, read
from .servicefiles import Home, show
from .services import below, services_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .overview_reader import Statuses
    from .person_printer import PersonPrinter

PLAIN = kind_of(RUN)
NOT_UP = 3  # what LSB has the status of one exit with that does not run


class QuickStatus:
    """Says how services are, as READER has it.

    `code` is what LSB has the status of those exit with that were asked for.
    """

    def __init__(self, reader: OverviewReader) -> None:
        self.code = 0
        self._reader = reader
        self._printer: PersonPrinter | None = None

    def lines(self, names: list[bytes]) -> list[bytes | None]:
        """What is to be said of each of NAMES, None where one has to look. Raises OSError."""
        found = self._reader.found
        numbers: Iterable[int] = range(len(names))
        columns = found.columns[:ROW]
        if names is not found.names:
            # The last row, of which nobody is, says nothing.
            numbers = self._reader.numbers(names)
            columns = [[column[n] for n in numbers] for column in ([*c, 0] for c in columns)]
        posix.chdir(self._reader.place)
        try:
            return self._lines(names, numbers, columns)
        finally:
            self._reader.home.back()

    def _lines(
        self, names: list[bytes], numbers: "Iterable[int]", columns: list[list[int]]
    ) -> list[bytes | None]:
        """The lines of NAMES, at these NUMBERS; most just run, which is said at once."""
        from .screen import coloured, paint

        run = paint(b"run", b"run") if coloured() else b"run"
        form = run + b": %b: (pid %d) %ds\n"
        now, root, access = self._reader.now, self._reader.root, posix.access
        return [
            form % (name, pid, now - since)
            if first ^ count << COUNT == PLAIN
            and since <= now
            and not (access(name + b"/down", 0) or access(name + b"/log", 0))
            and (root or access(name, posix.X_OK))
            else self._line(name, self._reader.statuses(name, number))
            for name, number, first, since, pid, count in zip(names, numbers, *columns, strict=True)
        ]

    def _line(self, name: bytes, statuses: "Statuses | None") -> bytes | None:
        """The line of the service NAME, of its STATUSES; None where one has to look."""
        if not statuses:
            return None
        if statuses[0].state != UP:
            self.code = NOT_UP
        from .person_printer import PersonPrinter

        printer = self._printer = self._printer or PersonPrinter(json=False)
        for called, one in zip((name, b"log"), statuses, strict=True):
            if one:
                printer.add(b"; " if one is statuses[1] else b"")
                up = bool(one.normally_up)
                printer.add_status(called, one, self._reader.now, normally_up=up)
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
        from .service_names import meant

        base = place.rstrip(b"/") + b"/"
        kept = {base + name for name in found.names}
        # What is kept is a service: that is seen without a look at each.
        names = meant(names, lambda path: path in kept or is_service(path))
    try:
        reader = OverviewReader(place, found, Home(own=True))
        quick = QuickStatus(reader)
        names = names or reader.names()
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
