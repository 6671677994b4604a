"""What pysvscan's one file tells of many services: see base/overview.py.

Who asks how two thousand are does not look into two thousand directories. What the file does not
tell, or not for certain, has to be looked for there.
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
)
from ..base.service_dirs import is_written, names_in
from ..base.status import DOWN, FINISH, RUN, SECOND, Status
from .servicefiles import Home, attend
from .services import services_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    # A service, and its logger if that has a directory.
    Statuses = tuple[Status, Status | None]

FEW = 8  # services: to look into their directories takes no longer
LOW = (1 << PID) - 1
# What a row says of the state, and of it in a word.
WHAT = {
    overview.DOWN: (DOWN, b"down"),
    overview.RUN: (RUN, b"run"),
    overview.FINISH: (FINISH, b"finish"),
    overview.WAIT: (DOWN, b"wait"),
}


def read(place: bytes) -> Overview | None:
    """The overview of the services in the directory PLACE, None where nobody keeps one."""
    from ..base.shared_dir import read_file

    at = place + b"/" + overview.PLACE + b"/"
    try:
        attend(at + b"control")
        return Overview(read_file(at + overview.NAME, overview.MOST))
    except (OSError, ValueError):
        return None


class OverviewReader:
    """The services in the directory PLACE as the overview FOUND has them; HOME is where we are."""

    def __init__(self, place: bytes, found: Overview, home: Home) -> None:
        self.place = place
        self.found = found
        self.home = home
        self.now = int(time())
        # Root may look into every directory.
        self.root = not posix.geteuid()

    def names(self) -> list[bytes]:
        """What there is in the directory, in order. Raises OSError."""
        found = self.found
        return found.names if found.listed_as(overview.stamp(self.place)) else names_in(self.place)

    def numbers(self, names: list[bytes]) -> list[int]:
        """At which numbers NAMES stand there, -1 where they do not."""
        at = {name: number for number, name in enumerate(self.found.names)}
        return [at.get(name, -1) for name in names]

    def statuses(self, name: bytes, number: int) -> "Statuses | None":
        """How the service NAME is, at this NUMBER; None where one has to look. We are in PLACE."""
        if number < 0 or not (self.root or posix.access(name, posix.X_OK)):
            return None
        status, logger = self._status(name, number, 0), None
        log = name + b"/log"
        if self.found.columns[0][number] >> 16 & 0xFF == DIRECTORY:
            logger = self._status(log, number, ROW)
            if not logger:
                return None
        elif posix.access(log, posix.F_OK) and not is_written(log):
            # Nobody keeps it.
            return None
        return (status, logger) if status else None

    def _status(self, name: bytes, number: int, at: int) -> "Status | None":
        """The status of what is at NAME, whose row is AT so many numbers in slot NUMBER."""
        first, since, pids, count = (one[number] for one in self.found.columns[at : at + ROW])
        what, flags, logger = first & 0xFF, first >> 8 & 0xFF, first >> 16 & 0xFF
        known = what in WHAT and first >> COUNT == count and posix.access(name, posix.F_OK)
        if not known or since > self.now or not HOSTED + len(LOGGERS) > logger:
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


def known(names: list[bytes]) -> "list[Statuses | None]":
    """How each of NAMES is that is a service of SVDIR, None where one has to look."""
    place = services_directory()
    found = read(place) if len(names) > FEW else None
    if found:
        reader = OverviewReader(place, found, Home(own=True))
        try:
            posix.chdir(place)
            try:
                numbers = reader.numbers(names)
                return [reader.statuses(*one) for one in zip(names, numbers, strict=True)]
            finally:
                reader.home.back()
        except OSError:
            pass
    return [None] * len(names)
