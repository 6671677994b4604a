"""The services below a directory, all of them kept by this process.

Each is kept as pysupervise keeps one, with a working directory of its own (see Loop); they share
the loop, and the orphans. A directory that holds no run is none, nor is one whose name begins
with a dot, or ends with @: that is a template.
"""

import posix
from _signal import SIGKILL
from errno import EMFILE
from time import monotonic, time_ns

from ..base import cli
from ..base.overview import stamp
from ..base.printable import plain
from ..base.service_dirs import names_in
from ..base.shared_dir import open_directory
from ..jobs.loop import Loop
from ..jobs.tree import Reaper
from ..supervise.dialect import Dialect
from ..supervise.logger_file import by_file
from ..supervise.supervise import here
from .caretaker import KEEP, Caretaker
from .hosted import Loggers
from .moved import found_at, gone, identity, is_held
from .overview_writer import OverviewWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


LOOK = 5.0  # seconds from one look at the directory to the next
YOUNG = 10 * 10**9  # nanoseconds: what was changed since may have been again, at the same time
AGAIN = 0.1  # seconds until one is tried again that could not be kept
BEGINNING = 1.0  # seconds in which some are started before these are shown
ENDING = 0.2  # seconds in which most services end: only those that do not are shown to be told
SPARE = 64  # open files for what is opened for a moment, and for what a service asks for
FILES = 16  # that a service and its logger may have open until both have been shown

WHO = b"pysvscan"


class Scanner:
    """The services below PLACE, an absolute path, which is where this process is.

    It may have so many FILES open. `loggers`, if they are there, give one to who has no log/.
    """

    hears = True  # whether it is told of changes
    loggers: Loggers | None = None

    def __init__(
        self, loop: Loop, reaper: Reaper | None, dialect: Dialect, place: bytes, *, files: int
    ) -> None:
        self.loop = loop
        self._most = files - SPARE
        self.reaper = reaper
        self.dialect = dialect
        self.place = place
        self.keep: list[int] = []  # the fds that all inherit
        self.ending = False
        self._fresh: list[bytes] = []  # directories that are to be kept, the first one last
        self._some_left = False  # since the last turn
        self._leaves = self._one_left  # one object for all services
        self.killed = 0  # services and loggers that did not end by themselves
        self.home = loop.home = self._open_home()
        self._seen: tuple[int, ...] = ()  # the directory as it was at the last look
        self._told: dict[bytes, bytes] = {}  # what was said of a directory that cannot be kept
        self._runless = False  # whether something here holds no run
        self._again: set[bytes] = set()  # directories that are tried again in a moment
        self._caretaker = Caretaker(loop, self.home, place, self.look, hears=self.hears)
        self.known = self._caretaker.known

    @property
    def overview(self) -> OverviewWriter | None:
        """What is told of all of them."""
        return self._caretaker.overview

    def show_all(self) -> None:
        """Have somebody write down for all to see how the services are."""
        changes = self._caretaker.changes
        overview = OverviewWriter(self.loop, self.home, self.known, changes.hears_of)
        self._caretaker.overview = overview

    def answer(self) -> None:
        """Somebody asks for what has happened until now to be written down there."""
        if self.overview:
            self.overview.answer(self._caretaker.changes.hear)

    @staticmethod
    def _open_home() -> int:
        return open_directory(b".")

    def begin(self) -> None:
        """Start what there is, and go on with what comes."""
        self.look()
        self._look_again()

    # Which there are.

    def _look_again(self) -> None:
        """Look where something has changed, and once more later."""
        try:
            changed = (at := stamp(self.place)) != self._seen or time_ns() < at[2] + YOUNG
            if changed or self._told or self._runless:
                self.look()
        except OSError as error:
            self._warn(b".", cli.fatal(b"unable to stat " + self.place, error))
        self._at(monotonic() + LOOK, self._look_again)
        self._at(monotonic() + KEEP, self._caretaker.keep_up)

    def look(self) -> None:
        """See which services there are, and start those that are new."""
        try:
            self._follow()
            names = self._names()
        except OSError as error:
            self._warn(b".", cli.fatal(b"unable to read " + self.place, error))
            return
        self._told = {n: said for n, said in self._told.items() if n in names or n == b"."}
        self._again.intersection_update(names)
        if self.ending:
            return
        self._fresh = [name for name in reversed(names) if name not in self.known]
        self._runless = False
        if self.overview:
            self.overview.listed(self._seen)
        self._begin_some()

    def _begin_some(self) -> None:
        """Start those that are new, or some of them; the others when these have been shown."""
        room = self._room() if self._fresh else 0
        until, begun = monotonic() + BEGINNING, list[bytes]()
        for _ in range(min(room, len(self._fresh))):
            name = self._fresh.pop()
            if name not in self.known and self._add(name):
                self.known[name].begin(self.keep)
                begun.append(name)
            if monotonic() > until:
                break
        for name in filter(self.known.__contains__, begun if self.hears else ()):
            self._caretaker.watch(name)
        self._tell_busy()
        if not self._fresh:
            self._told.pop(b".", None)
        elif not room:
            self._say_full()
        else:
            # When these have been shown, and have closed what they need no more.
            self.loop.visit(self.home)
            self.loop.at_turn_end(self._begin_some)

    def _room(self) -> int:
        """How many more may have their files in this turn."""
        try:
            taken = len(posix.listdir("/proc/self/fd"))
        except OSError:
            # No /proc: at least so many, as there may be gaps.
            taken = posix.dup(self.home)
            posix.close(taken)
        return max(0, self._most - taken) // FILES

    def _say_full(self) -> None:
        known = b"%d services are kept, and no more" % len(self.known)
        trouble = cli.fatal(known, OSError(EMFILE, ""), b"%d may be open" % (self._most + SPARE))
        self._fresh = []
        self._tell_busy()
        self._warn(b".", trouble)

    def _tell_busy(self) -> None:
        """Say whether some are still to be started."""
        self._caretaker.busy = bool(self._fresh)
        if self.overview:
            self.overview.busy = bool(self._fresh)

    def _names(self) -> list[bytes]:
        self.loop.enter(self.home)
        self._seen = stamp(b".")
        self._caretaker.changes.watch(b".", b"")
        return names_in(b"")

    def _follow(self) -> None:
        """Go to the directory that stands at our place, if it is another."""
        if not self._seen or stamp(self.place)[:2] == self._seen[:2]:
            return
        fd = open_directory(self.place)
        posix.dup2(fd, self.home, inheritable=False)
        posix.close(fd)
        self.loop.home = -1

    def _add(self, name: bytes) -> bool:
        """Have the service in the directory NAME; whether there is one."""
        self.loop.visit(self.home)
        try:
            if not posix.access(name + b"/run", posix.F_OK):
                # It may come, also where no change is heard: a link's target, a mount.
                self._runless = True
                self._caretaker.changes.watch(name, b"")
                return False
            home = open_directory(name)
        except OSError as error:
            self._warn(name, cli.fatal(b"unable to open " + name, error))
            return False
        which = identity(home)
        # Who has one that was refused need not be looked for each time.
        if self._is_kept(name, which) or (name in self._told and is_held(home)):
            posix.close(home)
            return False
        try:
            # What it is called is somebody's whim, and stands in messages.
            self._have(name, home, plain(name))
        except cli.Quit as end:
            self._refuse(name, end)
            return False
        self._caretaker.note(name, which)
        self._again.discard(name)
        self._told.pop(name, None)
        return True

    def _refuse(self, name: bytes, end: cli.Quit) -> None:
        """The directory NAME cannot be kept, as END says; it may be that who has it just ends."""
        if name in self._told or name in self._again:
            self._again.discard(name)
            self._warn(name, end)
        else:
            self._again.add(name)
            self._at(monotonic() + AGAIN, self.look)

    def _is_kept(self, name: bytes, which: int) -> bool:
        """Whether the directory WHICH, called NAME, is that of a service that is kept."""
        owner = self._caretaker.keeper_of(name, which)
        if owner and owner != name:
            said = name + b" is the directory of " + owner + b", which is kept"
            self._warn(name, cli.fatal(said))
        return bool(owner)

    def _have(self, name: bytes, home: int, shown: bytes) -> None:
        """Have the service NAME, whose directory is HOME, SHOWN in messages. Raises Quit."""
        self.loop.enter(home)
        try:
            found, loggers = found_at(self._caretaker.within, name, shown), self.loggers or by_file
            pair = here(self.loop, self.reaper, self.dialect, shown, found, loggers)
        except cli.Quit:
            self.loop.drop((home,))
            posix.close(home)
            raise
        self.known[name] = pair
        pair.when_gone(self._leaves)
        if self.overview:
            self.overview.outdated()

    def end_removed(self) -> None:
        """End those whose directory is not there any more."""
        try:
            self._caretaker.sort_out()
            names = set(self._names())
        except OSError as error:
            self._warn(b".", cli.fatal(b"unable to read " + self.place, error))
            return
        for pair in gone(names, self.known):
            pair.end()

    def _one_left(self) -> None:
        self._some_left = True

    def _at(self, when: float, callback: "Callable[[], None]") -> None:
        """As the loop's at(), wherever we are just now."""
        self.loop.at(when, callback, self.home)

    def after_turn(self) -> None:
        """Let go of those that left, and have shown it; if the directory stays, they come again."""
        if not self._some_left:
            return
        left = [name for name, pair in self.known.items() if pair.left]
        # What helped one of them may still be there to be ended.
        busy = set(self.loop.pending.values()) if self.loop.pending else ()
        gone = [name for name in left if self.known[name].home not in busy]
        self._some_left = len(gone) < len(left)
        self.loop.drop({self.known[name].home for name in gone})
        self._caretaker.changes.forget(set(gone))
        for name in gone:
            pair = self._caretaker.drop(name)
            for one in filter(None, (pair.service, pair.logger)):
                killed = posix.WTERMSIG(one.wait_status or 0) == SIGKILL
                self.killed += self.ending and killed
            pair.close()
            self._seen = ()
        if self.overview:
            self.overview.outdated()

    def end(self) -> None:
        """End all, services before their loggers."""
        self.ending = True
        self._fresh = []
        if self.overview:
            self.overview.end()
        self._caretaker.changes.end()
        for pair in self.known.values():
            pair.service.patience = ENDING
            pair.end()

    @property
    def left(self) -> bool:
        """Whether all have been told to end, and have."""
        if not self.ending or self.known:
            return False
        if self.loggers:
            self.loggers.end()
        return not (self.loggers and self.loggers.living)

    @property
    def begun(self) -> bool:
        """Whether each has been started, or is to be down."""
        if self._fresh or self._again:
            return False
        return all(p.service.starts or p.service.state.want == "d" for p in self.known.values())

    def _warn(self, name: bytes, end: cli.Quit) -> None:
        """Say what END is about, once for as long as it is so."""
        text = plain(b"; ".join([*end.lines, end.hint] if end.hint else end.lines))
        if self._told.get(name) != text:
            self._told[name] = text
            cli.say(WHO + b": warning: " + text.removeprefix(b"fatal: "))
