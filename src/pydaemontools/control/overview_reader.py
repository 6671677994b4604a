"""What pysvscan's one file tells of many services: see base/overview.py.

Who asks how two thousand are does not look into two thousand directories. What the file does not
tell, or not for certain, has to be looked for there.
"""

import posix
from sys import byteorder
from time import monotonic, sleep, time

from ..base import overview, shared_dir
from ..base.overview import ANSWERS, MOST, WORD, Overview
from ..base.service_dirs import services_directory
from ..base.write import tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .overview_row import Statuses

FEW = 8  # services: to look into their directories takes no longer
PATTERNS = b"*", b"?", b"[", b"@"  # names with one of these may mean many
MOMENT = 0.0001  # seconds from one look for the answer to the next


class Question:
    """Asks whoever keeps the services in the directory PLACE how they are; raises OSError."""

    def __init__(self, place: bytes) -> None:
        self.place = place
        at = place + b"/" + overview.PLACE + b"/"
        control = shared_dir.open_fifo(at + overview.CONTROL)
        try:
            self._fd = shared_dir.open_file(at + overview.NAME, posix.O_RDONLY)
            self._until = monotonic() + overview.PATIENCE
            self._wanted = _answers(self._fd)
            # One that has begun may not have seen what was done before we asked.
            self._wanted += 2 + self._wanted % 2
            try:
                tell(control, overview.QUESTION.encode())
            except BlockingIOError:
                # It does not read at present.
                self._until = 0.0
        finally:
            posix.close(control)

    def answer(self) -> Overview:
        """How they are; raises OSError, and ValueError where nobody can say."""
        try:
            while not (answered := _answers(self._fd) >= self._wanted):
                if monotonic() > self._until:
                    break
                sleep(MOMENT)
            size = posix.fstat(self._fd).st_size
            return Overview(posix.pread(self._fd, min(size, MOST), 0), answered=answered)
        finally:
            posix.close(self._fd)


def _answers(fd: int) -> int:
    """What stands at ANSWERS in the overview FD."""
    return int.from_bytes(posix.pread(fd, WORD, ANSWERS * WORD), byteorder)


def ask(names: list[bytes]) -> Question | None:
    """Ask how the services NAMES are, or all of SVDIR, whoever keeps those.

    None where nobody does, or may be asked, and where they are so few that one looks as fast.
    """
    if names and len(names) <= FEW and not any(sign in b"".join(names) for sign in PATTERNS):
        return None
    try:
        return Question(services_directory())
    except OSError:
        return None


class OverviewReader:
    """The services in the directory PLACE as the overview FOUND has them."""

    def __init__(self, place: bytes, found: Overview) -> None:
        self.place = place
        self.found = found
        self.now = int(time())
        # Root may look into every directory.
        self.root = not posix.geteuid()
        self._at = place.rstrip(b"/") + b"/"

    def names(self) -> list[bytes]:
        """What there is in the directory, in order. Raises OSError."""
        found = self.found
        if found.listed_as(overview.stamp(self.place)):
            return found.names
        from ..base.service_dirs import names_in

        return names_in(self.place)

    def numbers(self, names: list[bytes]) -> list[int]:
        """At which numbers NAMES stand there, -1 where they do not."""
        at = {name: number for number, name in enumerate(self.found.names)}
        return [at.get(name, -1) for name in names]

    def may_look(self, name: bytes) -> bool:
        """Whether we may look into the directory of the service NAME."""
        return self.root or posix.access(self._at + name, posix.X_OK)

    def statuses(self, name: bytes, number: int) -> "Statuses | None":
        """How the service NAME is, at this NUMBER; None where one has to look."""
        if number < 0 or not self.may_look(name):
            return None
        from .overview_row import statuses

        return statuses(self.found, self._at + name, number, self.now)


def known(names: list[bytes]) -> "list[Statuses | None]":
    """How each of NAMES is that is a service of SVDIR, None where one has to look."""
    question = ask(names)
    try:
        if question:
            reader = OverviewReader(question.place, question.answer())
            return list(map(reader.statuses, names, reader.numbers(names)))
    except (OSError, ValueError):
        pass
    return [None] * len(names)
