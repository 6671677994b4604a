"""The status of many services in no time, where pysvscan has it in one file.

What is printed is what steps.py would: the services of which there is more to say than stands in
that file are left to it, and so are all where nobody keeps the file. To import less is a third of
the time: what is not needed where all run is imported where it is.
"""

from ..base.overview import COUNT, RUN, kind_of
from ..base.write import show
from .overview_reader import OverviewReader, Question
from .screen import coloured, paint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .overview_row import Statuses
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
        """What is to be said of each of NAMES, None where one has to look."""
        found, look = self._reader.found, self._reader.may_look
        numbers: Iterable[int] = range(len(names))
        columns = found.columns
        if names is not found.names:
            # The last row, of which nobody is, says nothing.
            numbers = self._reader.numbers(names)
            columns = [[column[n] for n in numbers] for column in ([*c, 0] for c in columns)]
        # Most just run, which is said at once.
        plain = PLAIN if found.answered else -1
        shown = _plainly(names)
        form = (paint(b"run", b"run") if coloured() else b"run") + b": %b: (pid %d) %ds\n"
        now, root = self._reader.now, self._reader.root
        return [
            form % (text, pid, now - since)
            if first ^ count << COUNT == plain and since <= now and (root or look(name))
            else self._line(name, self._reader.statuses(name, number))
            for text, name, number, first, since, pid, count in zip(
                shown, names, numbers, *columns, strict=True
            )
        ]

    def _line(self, name: bytes, statuses: "Statuses | None") -> bytes | None:
        """The line of the service NAME, of its STATUSES; None where one has to look."""
        if not statuses:
            return None
        from ..base.status import RUN as UP
        from .person_printer import PersonPrinter

        if statuses[0].state != UP:
            self.code = NOT_UP

        printer = self._printer = self._printer or PersonPrinter(json=False)
        for called, one in zip((name, b"log"), statuses, strict=True):
            if one:
                printer.add(b"; " if one is statuses[1] else b"")
                up = bool(one.normally_up)
                printer.add_status(called, one, self._reader.now, normally_up=up)
        text = b"".join(printer.text)
        printer.text.clear()
        return text + b"\n"


def _plainly(names: list[bytes]) -> list[bytes]:
    """NAMES as a terminal may have them."""
    # In UTF-8 too, all that may not be shown has a byte that is none of Latin-1's letters.
    if str(b"/".join(names), "latin-1").isprintable():
        return names
    from ..base.printable import plain

    return list(map(plain, names))


def status(who: bytes, question: Question, names: list[bytes]) -> int | None:
    """Print how the services NAMES are, or all of SVDIR, as the QUESTION is answered; the exit
    code, None where one has to look. Raises Quit.
    """
    place = question.place
    try:
        reader = OverviewReader(place, question.answer())
        asked = names
        names = _meant(place, names, reader.found.names) if names else reader.names()
        quick = QuickStatus(reader)
        lines = quick.lines(names)
    except (OSError, ValueError):
        return None
    if None not in lines:
        show(b"".join(filter(None, lines)))
        return quick.code if lines else None
    return _mixed(who, names, lines, quick.code, asked=bool(asked))


def _meant(place: bytes, names: list[bytes], known: list[bytes]) -> list[bytes]:
    """What NAMES mean, where the services KNOWN in PLACE are some without a look at each."""
    from ..base.service_dirs import is_service
    from .service_names import meant

    base = place.rstrip(b"/") + b"/"
    kept = {base + name for name in known}
    return meant(names, lambda path: path in kept or is_service(path))


def _mixed(
    who: bytes, names: list[bytes], lines: list[bytes | None], code: int, *, asked: bool
) -> int | None:
    """Print LINES in the order of NAMES, where there is none what is to be seen there.

    What holds no service is passed over unless it was ASKED for. The exit code is CODE, or worse.
    """
    from ..base.service_dirs import is_service
    from .commands import Command
    from .person_control import code_of, help_with
    from .person_steps import person_steps
    from .services import below

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
