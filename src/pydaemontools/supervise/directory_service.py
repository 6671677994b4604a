"""A service that lives in a directory: what it is, what it is told to do, what it shows."""

import posix
from time import monotonic, time_ns

from ..base import cli
from ..base.proc import is_shown
from ..jobs.loop import Loop
from .command_queue import CommandQueue
from .dialect import Dialect
from .launcher import Launcher
from .replaced import Upkeep
from .rules import Rules
from .service import Service
from .servicedir import ServiceDir
from .status_writer import StatusWriter
from .table import ALIVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..jobs.tree import Reaper
    from .fifodir import FifoDir
    from .health import Health
    from .memory_watch import MemoryWatch
    from .notify_hook import NotifyHook
    from .said import Said
    from .table import Row
    from .tap import Tap


NO_TAPS: "Mapping[int, Tap]" = {}
_watched: list[bool] = []  # what is the same for all services


def _is_watched() -> bool:
    """Whether a person sees the last line of stderr, or there is no /proc by which to have it."""
    if not _watched:
        _watched.append(posix.isatty(2) or not posix.access("/proc/self/fd", posix.F_OK))
    return _watched[0]


class DirectoryService(Service):
    """The service in the directory PLACE, or in the current one, called NAME.

    SUB is log/ for its logger. Raises Quit where supervise/ cannot be had. `launcher` is what
    starts its programs.
    """

    __slots__ = (
        "_commands",
        "_fifodir",
        "_hook",
        "_launcher",
        "_memory",
        "_problems",
        "dialect",
        "files",
        "health",
        "main",
        "run_pid",
        "run_start",
        "said",
        "status_writer",
        "taps",
        "upkeep",
    )

    launcher = Launcher

    def __init__(  # noqa: PLR0917 - as Service has them
        self,
        loop: Loop,
        reaper: "Reaper | None",
        dialect: Dialect,
        name: bytes,
        sub: bytes = b"",
        place: bytes = b"",
    ) -> None:
        called = (name + b"/" + sub).rstrip(b"/") if sub else name
        super().__init__(loop, reaper, dialect.who(name), called)
        self.dialect = dialect
        self.files = ServiceDir(dialect, name, sub, place, sparing=loop.home >= 0)
        self.taps: Mapping[int, Tap] = NO_TAPS
        self.said: Said | None = None
        self.health: Health | None = None
        # Another main process, as the service names it: its pid and its start time.
        self.main = (0, 0)
        # Which process began the last run, and when, in ticks since boot; 0 where nobody knows.
        self.run_pid = self.run_start = 0
        self._hook: NotifyHook | None = None
        self._memory: MemoryWatch | None = None
        self._fifodir: FifoDir | None = None
        self._problems: tuple[bytes, ...] = ()
        self._launcher = self.launcher(self, self.files)
        self._commands: CommandQueue | None = None  # what it was told
        self.status_writer = StatusWriter(self, self.files)
        try:
            self._take_over()
        except cli.Quit:
            self.files.close()
            raise
        if dialect.native:
            self._listen()
        self.upkeep = Upkeep(self, self.files)

    def rename(self, name: bytes, found: bytes) -> None:
        """Its directory, or that of the service whose logger it is, is called NAME now."""
        self.upkeep.found = b"" if self.files.sub else found
        self.name = (name + b"/" + self.files.sub).rstrip(b"/")
        self.files.name = name

    def _take_over(self) -> None:
        """Have the directory, and show that. Raises Quit."""
        self.files.acquire()
        self.succeed()
        if self._is_down():
            self.state.want = "d"
        if self.files.sparing:
            # It begins in this turn: then both are shown at once.
            return
        if not self.predecessor:
            # Or what it says is true until begin() has seen what lives.
            self.show()
        self.files.answer()

    def _is_down(self) -> bool:
        try:
            return self.files.has(b"down")
        except OSError as error:
            raise cli.fatal(b"unable to stat " + self.files.shown + b"down", error) from None

    def _listen(self) -> None:
        """Have those in event/ hear of it, where there is one."""
        asks = self.files.has_any(b"dialect") and self.rules().asks_event
        if not asks and not self.files.has_any(b"event"):
            return
        from .fifodir import FifoDir

        try:
            self._fifodir = FifoDir(self.files, self.warn, make=asks)
        except OSError as error:
            self.warn(b"unable to create " + self.files.shown + b"event", error)
            return
        self.status_writer.s6 = True
        self.watchers += (self._fifodir.note,)
        if not self.predecessor:
            self.show()

    def begin(self) -> None:
        """Start it, unless it is to be down."""
        self.loop.at_turn_end(self.settle)
        if self.state.want == "u":
            self.feed("u")

    def started(self, rules: Rules) -> None:
        """Run has been started with RULES."""
        self.attend(rules)

    def attend(self, rules: Rules) -> None:
        """Run is there with RULES: have what they ask for beside it."""
        if rules.rss_limit:
            from .memory_watch import MemoryWatch

            self._memory = self._memory or MemoryWatch(self)
            self._memory.begin()
        if rules.notify and not self._hook:
            from .notify_hook import NotifyHook

            self._hook = NotifyHook(self._launcher)
            self.watchers += (self._hook.note,)

    def succeed(self) -> None:
        """See what another supervisor left here."""

    # How it runs.

    @property
    def transitions(self) -> "dict[str, Row]":
        """What each event means."""
        return self.dialect.table

    @property
    def ends(self) -> bytes:
        """The letters that end it and its supervisor."""
        # daemontools' x waits, and a logger knows none.
        return b"d" if self.files.sub else b"x" if self.dialect.full else b"dx"

    def rules(self) -> Rules:
        """What the directory asks for now. What is wrong there is said once, and left out."""
        rules, problems = self.dialect.rules(self.files.place)
        if tuple(problems) != self._problems:
            self._problems = tuple(problems)
            for problem in problems:
                self.warn(self.files.shown + problem)
        return rules

    def spawn(self, rules: Rules) -> int:
        """Start ./run."""
        self._forget()
        if self.dialect.native:
            self._prepare(rules)
        fd_map = self._fds() | (self.health.fd_map if self.health else {})
        self.starting(fd_map)
        try:
            return self._launcher.run(rules, fd_map)
        finally:
            if self.health:
                # The state has to know of this run first.
                self.loop.at_turn_end(self.health.begin)

    def starting(self, fd_map: dict[int, int]) -> None:
        """Run is about to be started, and given FD_MAP."""

    def _forget(self) -> None:
        """Let go of what the last run said about itself."""
        self.status_writer.text = ""
        self.main = (0, 0)
        if self.health:
            self.health.close()
            self.health = None

    def _prepare(self, rules: Rules) -> None:
        """Have what this run needs to show us how it is."""
        sign_or_way = {way for way, _ in rules.ways} | {rules.sign}
        if b"log" in sign_or_way:
            self.tap(1)
        if 1 not in self.fd_map and (b"log" in sign_or_way or not _is_watched()):
            self.tap(2)
        for tap in self.taps.values():
            tap.last_line, tap.on_line = b"", None
        if b"notify" in sign_or_way and not self.said:
            self.listen()
        self.look_after(rules)

    def tap(self, fd: int, pipe: tuple[int, int] | None = None) -> None:
        """Have what it writes to FD go through us, by PIPE if there is one already."""
        if fd not in self.taps:
            from .tap import Tap

            reader = self.pair.reads if fd in self.fd_map else None
            self.taps = {**self.taps, fd: Tap(self.loop, self.fd_map.get(fd, fd), pipe, reader)}

    def listen(self, address: bytes = b"") -> None:
        """Have a NOTIFY_SOCKET, at ADDRESS if it knows that already. Raises OSError."""
        from .said import Said

        self.said = Said(self, address)
        self._launcher.notify_address = self.said.address

    def look_after(self, rules: Rules, *, ready: bool | None = None, says: int = -1) -> None:
        """See how it is, as RULES ask for; READY and SAYS are for one that runs already."""
        if rules.waits_ready or rules.sign:
            from .health import Health

            self.health = Health(self._launcher, self.taps, rules, ready=ready, says=says)

    def _fds(self) -> dict[int, int]:
        """The fds that it gets, those that we listen to among them."""
        return {**self.fd_map, **{fd: tap.fd for fd, tap in self.taps.items()}}

    def finish(self, status: int | None) -> int:
        """Start ./finish, if there is one."""
        if not self.files.has_any(b"finish") or (self.dialect.runit and self.files.sub):
            return 0
        return self._launcher.finish(status, self._fds())

    def end(self, status: int | None) -> None:
        """Run has ended with STATUS; None if nobody knows how."""
        if self.said:
            # What it said before it ended is not for the next.
            self.said.read()
        if self._goes_on():
            return
        if self.health:
            self.health.close()
        for tap in self.taps.values():
            tap.forward()
        if self.dialect.native:
            self._remember(status)
        super().end(status)

    def _remember(self, status: int | None) -> None:
        last = self.taps[2].last_line if 2 in self.taps and 1 not in self.fd_map else b""
        seconds = monotonic() - self.state.started
        ended = time_ns(), self.pid, seconds, status
        self.status_writer.deaths += ((ended, self.state.why, last),)
        if self._hook:
            self._hook.last_end = ended[1:]

    def _goes_on(self) -> bool:
        """Whether another process, named by the service, is the main one now."""
        (pid, start), self.main = self.main, (0, 0)
        # Whoever its parent is, it has to descend from the service.
        if not (start or (pid and not is_shown())) or pid not in self.strays():
            return False
        from ..jobs.known_process import KnownProcess

        try:
            self.followed = KnownProcess(self.loop, pid, start, self.end)
        except ProcessLookupError:
            return False
        self.pid = pid
        self.loop.at_turn_end(self.settle)
        return True

    def due(self) -> None:
        """A deadline may have passed; a log that was not silent puts one off."""
        if self.state.rules.sign == b"log" and self.state.watchdog_deadline <= monotonic():
            self.feed(ALIVE, max(tap.last_sign for tap in self.taps.values()))
        super().due()

    def drain(self, callback: "Callable[[], None]") -> None:
        """Call CALLBACK when all that the service wrote has gone through the taps."""
        tap = self.taps.get(1)
        if tap:
            tap.close(callback)
        else:
            callback()

    @property
    def passed_on(self) -> bool:
        """Whether what it prints goes through us."""
        return 1 in self.taps

    def undelivered(self) -> int:
        """How many bytes stand in the tap before the logger."""
        return self.taps[1].pending() if 1 in self.taps else 0

    def keep_up(self) -> None:
        """See that all is there which it has outside of this process."""
        self.upkeep.look()
        self.status_writer.tell()

    def close(self) -> None:
        """It has left: close what it had open."""
        if self.said:
            self.said.close()
        for tap in self.taps.values():
            tap.release()
        self.files.close()

    def mark(self, *, down: bool) -> None:
        """Make or remove the file `down`."""
        try:
            if down:
                self.files.mark()
            else:
                self.files.remove(b"down")
        except OSError as error:
            self.warn(b"unable to change " + self.files.shown + b"down", error)

    def _leave(self) -> None:
        if self._commands:
            self._commands.close()
        super()._leave()

    # What it is told to do, and what it says of itself.

    def obey(self, letters: bytes) -> None:
        """Do what LETTERS say, in order."""
        self._commands = self._commands or CommandQueue(self._launcher)
        self._commands.add(letters)

    def show(self) -> None:
        """Have the files in supervise/ say how it is."""
        self.status_writer.write()
        if self._fifodir:
            # What they are told of stands in the status.
            self._fifodir.tell()
        if self._hook:
            self._hook.tell()
        if self.files.sparing:
            if not self.files.answers:
                self._answer()
            self.files.rest()

    def _answer(self) -> None:
        try:
            self.files.answer()
        except cli.Quit as end:
            # The next look makes it.
            self.warn(b"; ".join(end.lines).removeprefix(b"fatal: "))
