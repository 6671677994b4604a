"""Keeps .pysvscan/overview, which says how all services are: see base/overview.py.

It is made anew when other services are there, and one row of it is written when one changes. As
long as it cannot be right it is not there, and whoever asks looks into each directory.
"""

import posix
from errno import EINVAL
from time import monotonic, time_ns

from ..base import overview, shared_dir
from ..base.overview import (
    ANSWERS,
    COUNT,
    HEAD,
    NO_LOGGER,
    NORMALLY_DOWN,
    PID,
    ROW,
    SLOT,
    UNSURE,
    WORD,
    kind_of,
    pack,
)
from ..base.service_dirs import names_in
from ..base.status import SECOND
from ..supervise.directory_service import DirectoryService
from ..supervise.state import DOWN, FINISHING, SWEEPING, UP, WAIT
from ..supervise.successor import Successor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..jobs.loop import Loop
    from ..supervise.pair import Kept
    from ..supervise.status_writer import StatusWriter

SOON = 0.3  # seconds until it is made: others may come and go at the same time
AGAIN = 5.0  # and where it could not be
WHAT = {
    DOWN: overview.DOWN,
    WAIT: overview.WAIT,
    UP: overview.RUN,
    SWEEPING: overview.FINISH,
    FINISHING: overview.FINISH,
}
WANTED = {"u": 0, "d": overview.WANTED_DOWN, "o": overview.ONCE}


class OverviewWriter:
    """Writes of the services KNOWN, whose directory is the current one, and open as HOME.

    While it is `busy` others come; after that it is made. HEARS_OF says whether what a person puts
    beside the run of a service does not change unheard: show() tells of it.
    """

    def __init__(
        self,
        loop: "Loop",
        home: int,
        known: "dict[bytes, Kept]",
        hears_of: "Callable[[bytes], bool]",
    ) -> None:
        self._loop = loop
        self._home = home
        self._known = known
        self._hears_of = hears_of
        self.busy = False
        self._ending = False
        self._pairs: list[Kept | None] = []  # as they stand there
        self._stamp: tuple[int, ...] = ()  # of the directory, when it was made
        self._unsure: set[int] = set()  # numbers of those that are not heard of
        self._rows = 0  # that were written
        self._answers = 0
        self._fd = self._place = -1  # the file, and what it is in
        self._hears = self._note  # one object for all services
        try:
            # That of one which was killed is not true any more.
            self._place = shared_dir.open_directory(overview.PLACE)
            self._remove()
        except OSError:
            pass

    def listed(self, stamp: tuple[int, ...]) -> None:
        """The directory has been looked at when it had this STAMP."""
        if stamp != self._stamp:
            self.outdated()

    def outdated(self) -> None:
        """Other services are kept now, or will be."""
        self._remove()
        if not self._ending:
            self._at(SOON)

    def end(self) -> None:
        """All are about to end."""
        self._ending = True
        self._remove()

    def show(self, name: bytes) -> None:
        """What a person puts beside the run of the service NAME has changed, or may unheard."""
        pair = self._known.get(name)
        if pair is None or not isinstance(pair.service, DirectoryService):
            return
        writer = pair.service.status_writer
        number = writer.row // 2
        if self._pairs[number : number + 1] == [pair]:
            if not self._hears_of(name):
                self._unsure.add(number)
            self._note(writer)
            if isinstance(pair.logger, DirectoryService):
                self._note(pair.logger.status_writer)

    def answer(self, hear: "Callable[[], None]") -> None:
        """Have it say that all is written down there which HEAR hears of."""
        self._count()
        hear()
        self._count()

    def _count(self) -> None:
        self._answers += 1
        if self._fd >= 0:
            self._write(ANSWERS, pack(self._answers))

    def _at(self, seconds: float) -> None:
        """Make it in so many SECONDS."""
        self._loop.at(monotonic() + seconds, self._make, self._home)

    def _remove(self) -> None:
        self._pairs = []
        if self._fd >= 0:
            posix.close(self._fd)
            self._fd = -1
        if self._place >= 0:
            try:
                shared_dir.remove(overview.NAME, self._place)
            except OSError:
                pass
            posix.close(self._place)
            self._place = -1

    def _make(self) -> None:
        """Have it there, if nobody else comes."""
        if self._ending or self._fd >= 0:
            return
        if self.busy:
            self._at(SOON)
            return
        try:
            self._stamp = overview.stamp(b".")
            listed = time_ns()
            names = names_in(b"")
            self._pairs = [self._known.get(name) for name in names]
            self._unsure = {n for n, name in enumerate(names) if not self._hears_of(name)}
            rows = [self._slot(number, pair) for number, pair in enumerate(self._pairs)]
            text = b"\0".join(names)
            head = pack(overview.MAGIC, *self._stamp, listed, len(rows), len(text), self._answers)
            self._place = shared_dir.open_directory(overview.PLACE)
            data = b"".join([head, *rows, text])
            self._fd = shared_dir.replace(overview.NAME, data, self._place, mode=0o600)
        except OSError:
            # Whoever asks for all of them waits a little longer.
            self._remove()
            self._at(AGAIN)

    def _slot(self, number: int, pair: "Kept | None") -> bytes:
        """The two rows of PAIR, at this NUMBER; its services will say what changes there."""
        for at, one in enumerate((pair.service, pair.logger) if pair else ()):
            if isinstance(one, DirectoryService):
                one.status_writer.told = self._hears
                one.status_writer.row = 2 * number + at
        return self._row(number, 0) + self._row(number, 1)

    def _note(self, writer: "StatusWriter") -> None:
        """What WRITER is for has been written down where it lives: here too."""
        number, which = divmod(writer.row, 2)
        if self._fd < 0 or number >= len(self._pairs):
            return
        self._write(HEAD + SLOT * number + ROW * which, self._row(number, which))

    def _write(self, at: int, data: bytes) -> None:
        try:
            posix.pwrite(self._fd, data, at * WORD)
        except OSError:
            self.outdated()

    def _row(self, number: int, which: int) -> bytes:
        """A row for the service of this NUMBER, or its logger; for what has none, where to look."""
        pair = self._pairs[number]
        one = (pair.logger if which else pair.service) if pair else None
        self._rows += 1
        if pair is None or not isinstance(one, DirectoryService) or _is_special(one):
            return pack(self._rows << COUNT, 0, 0, self._rows)
        state = one.state
        flags = state.paused * overview.PAUSED | state.term * overview.TERM | WANTED[state.want]
        flags |= UNSURE if number in self._unsure else _beside(pair, which)
        logger, pid = _logger(one) if not which and pair.logger else (NO_LOGGER, 0)
        kind = kind_of(WHAT[state.phase], flags, logger)
        since = one.status_writer.since // SECOND
        return pack(self._rows << COUNT | kind, since, pid << PID | one.pid, self._rows)


def _is_special(one: DirectoryService) -> bool:
    """Whether there is more to say of ONE than a row has room for, or nobody knows enough."""
    state, writer = one.state, one.status_writer
    return bool(
        not writer.says_so()
        or one.files.theirs
        or writer.s6
        or writer.text
        or state.why
        or state.failures
        or state.leaving
        or state.failed
        or state.phase not in WHAT
        or (state.phase == UP and state.rules.waits_ready and not state.ready)
    )


def _beside(pair: "Kept", which: int) -> int:
    """The flags of what a person has put beside the run of the service of PAIR, or its logger."""
    # A log that nobody keeps, or one of a logger that has gone.
    has_log = posix.access(b"log", posix.F_OK, dir_fd=pair.home)
    if has_log != isinstance(pair.logger, DirectoryService):
        return UNSURE
    try:
        posix.readlink(b"log/down" if which else b"down", dir_fd=pair.home)
    except FileNotFoundError:
        return 0
    except OSError as error:
        return NORMALLY_DOWN if error.errno == EINVAL else UNSURE
    # Nobody hears of what it leads to.
    return UNSURE


def _logger(one: DirectoryService) -> tuple[int, int]:
    """What a row says of the logger of ONE, which has one: how it is, and its pid."""
    if not isinstance(one, Successor) or one.logger is None:
        return overview.DIRECTORY, 0
    word, _, pid = one.logger.shown.partition(b" ")
    return overview.HOSTED + overview.LOGGERS.index(word), int(pid or 0)
