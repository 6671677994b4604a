"""A service that lives in a directory: what it is, what it may be told, what is told of it."""

import posix
from _signal import SIGKILL
from time import monotonic, time_ns

from ..base import cli
from ..base.proc import children
from ..base.process import environ, limits
from ..chain import pathexec as chain
from . import tree
from .child import launch, spawn
from .command_queue import CommandQueue
from .dialect import Dialect
from .loop import Loop
from .rules import Rules
from .service import Service
from .servicedir import ServiceDir
from .state import ALIVE, FOUND
from .status_writer import StatusWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .health import Health
    from .notify import Notices
    from .tap import Tap
    from .tree import Reaper


class DirectoryService(Service):
    """The service in the current directory, called NAME; SUB is log/ for its logger.

    Raises Quit where supervise/ cannot be had.
    """

    def __init__(
        self,
        loop: Loop,
        orphans: "Reaper | None",
        dialect: Dialect,
        name: bytes,
        sub: bytes = b"",
    ) -> None:
        shown = dialect.prefix(name, sub)
        super().__init__(loop, orphans, dialect.who(name), (name + b"/" + sub).rstrip(b"/"))
        self.dialect = dialect
        self.table = dialect.table
        # daemontools' x waits, and a logger knows none.
        self.ends = b"d" if sub else b"x" if dialect.full else b"dx"
        self.sub = sub
        self.files = ServiceDir(sub.rstrip(b"/") or b".", shown, dialect)
        self.taps: dict[int, Tap] = {}
        self.notices: Notices | None = None
        self.vigil: Health | None = None
        self.text = ""  # what the service says of itself
        self.heir = 0  # the pid of another main process, as the service names it
        self._problems: list[bytes] = []
        self._orders = CommandQueue(self)
        self._report = StatusWriter(self)
        self._watched = posix.isatty(2)  # by a person, who sees the last line of stderr
        control = self.files.take()
        # A logger that was left ends by itself, once nobody can write to it.
        self._orphan = self.files.pid() if dialect.own and not sub else 0
        if self._is_down():
            self.state.want = "d"
        self.show()
        self.files.answer()
        loop.watch(control, lambda: self.obey(_letters(control)))

    def _is_down(self) -> bool:
        try:
            return self.files.has(b"down")
        except OSError as error:
            raise cli.fatal(b"unable to stat " + self.files.shown + b"down", error) from None

    def begin(self) -> None:
        """Start it, unless it is to be down; end first what a supervisor left that was killed."""
        if self._orphan and self._is_left(self._orphan):
            self.warn(b"ending process %d, which was left by a supervisor that died" % self._orphan)
            self.session = self._orphan
            self.found = True
            self.state.rules = self.rules()
            self.feed(FOUND)
        elif self.state.want == "u":
            self.feed("u")

    def _is_left(self, pid: int) -> bool:
        """Whether PID, which the status names, is still a service of this directory."""
        try:
            here = posix.readlink(f"/proc/{pid}/cwd") == posix.getcwd()
            return here and posix.getsid(pid) == pid
        except OSError:
            return False

    # How it runs.

    def rules(self) -> Rules:
        """What the directory asks for now. What is wrong there is said once, and left out."""
        rules, problems = self.dialect.rules(self.files.place)
        if problems != self._problems:
            self._problems = problems
            for problem in problems:
                self.warn(self.files.shown + problem)
        return rules

    def spawn(self, rules: Rules) -> int:
        """Start ./run."""
        self._forget()
        if self.dialect.own:
            self._prepare(rules)
        become = self._fds()
        if self.vigil:
            become |= self.vigil.become
        try:
            return self._launch(rules, become) or self._fork(lambda: self._run(rules), become)
        finally:
            if self.vigil:
                # The state has to know of this run first.
                self.loop.at_last(self.vigil.begin)

    def _forget(self) -> None:
        """Let go of what the last run told us about itself."""
        self.text = ""
        self.heir = 0
        if self.vigil:
            self.vigil.close()
            self.vigil = None

    def _prepare(self, rules: Rules) -> None:
        """Have what this run needs to tell us how it is."""
        sign_or_way = {way for way, _ in rules.ways} | {rules.sign}
        if b"log" in sign_or_way:
            self._tap(1)
        if 1 not in self.become and (b"log" in sign_or_way or not self._watched):
            self._tap(2)
        for tap in self.taps.values():
            tap.last, tap.seen = b"", None
            tap.heard = monotonic()
        if b"notify" in sign_or_way and not self.notices:
            from .notify import Notices

            self.notices = Notices()
            self.loop.watch(self.notices.fileno(), self._notified)
        if rules.waits_ready or rules.sign:
            from .health import Health

            self.vigil = Health(self, rules)

    def _tap(self, fd: int) -> None:
        if fd not in self.taps:
            from .tap import Tap

            self.taps[fd] = Tap(self.loop, self.become.get(fd, fd))

    def _fds(self) -> dict[int, int]:
        """The fds that it gets, those that we listen to among them."""
        return self.become | {fd: tap.fd for fd, tap in self.taps.items()}

    def _fork(self, body: "Callable[[], int]", become: dict[int, int]) -> int:
        return spawn(body, become, self.keep, session=self.dialect.own)

    def _launch(self, rules: Rules, become: dict[int, int]) -> int:
        """Start ./run the quick way: 0 where there is something to be done before it."""
        special = self.sub or rules.cgroup or self.notices or limits or self._orders.begin()
        if special or chain.recognise(b"./run"):
            return 0
        try:
            return launch(b"./run", [b"./run"], become, session=self.dialect.own)
        except OSError:
            return 0

    def _run(self, rules: Rules) -> int:
        """Be ./run, in the child."""
        self._enter()
        if rules.cgroup:
            path = tree.cgroup_path(rules.cgroup)
            try:
                tree.join(path)
            except OSError as error:
                return cli.fatal(b"unable to enter the cgroup " + path, error).say(self.who)
        if self.notices:
            environ[b"NOTIFY_SOCKET"] = self.notices.address
            if rules.sign == b"notify":
                environ[b"WATCHDOG_USEC"] = b"%d" % (rules.watchdog * 1e6)
                environ[b"WATCHDOG_PID"] = b"%d" % posix.getpid()
        if self._orders.begin():
            pid = posix.fork()
            if not pid:
                posix._exit(self._be(b"./control/u", [b"./control/u"]))  # noqa: SLF001
            posix.waitpid(pid, 0)
        return self._be(b"./run", [b"./run"])

    def _enter(self) -> None:
        if self.sub:
            posix.chdir(self.files.place)

    def _be(self, file: bytes, argv: list[bytes]) -> int:
        try:
            return chain.start(file, argv)
        except OSError as error:
            from ..base.diagnose import not_run

            shown = self.files.shown + (file if self.dialect.runit else file[2:])
            hint = not_run([file], [file], None, error)
            return cli.fatal(b"unable to start " + shown, error, hint).say(self.who)

    def finish(self, status: int) -> int:
        """Start ./finish with what runit gives it: the exit code or -1, the signal or 0.

        After them, as s6 does, the name of the service and the process group of run.
        """
        if not self.files.has_any(b"finish") or (self.dialect.runit and self.sub):
            return 0
        code = posix.WEXITSTATUS(status) if posix.WIFEXITED(status) else -1
        argv = [b"./finish", b"%d" % code, b"%d" % (status & 0o377)]
        if self.dialect.own:
            argv += [self.name.rpartition(b"/")[2], b"%d" % self.session]
        return self._fork(lambda: self._helper(argv), self._fds())

    def _helper(self, argv: list[bytes]) -> int:
        self._enter()
        return self._be(argv[0], argv)

    def helper(self, file: bytes, then: "Callable[[int], None]") -> int:
        """Run FILE beside the service; call THEN with its wait status. 0 if it cannot be."""
        try:
            pid = self._fork(lambda: self._helper([file]), self.become)
        except OSError as error:
            self.warn(b"unable to fork for " + self.files.shown + file[2:], error)
            return 0
        self.loop.child(pid, then)
        return pid

    def end_helper(self, pid: int) -> None:
        """A helper is not needed any more, and nobody asks how it ends."""
        self.loop.children[pid] = lambda _status: None
        # It leads a session, if it has come to that, and may have children.
        tree.signal_all([pid, -pid] if self.dialect.own else [pid], SIGKILL)

    def end(self, status: int) -> None:
        """Run has ended with STATUS."""
        if self.notices:
            # What it said before it ended is not for the next.
            self._notified()
        if self._inherits():
            return
        if self.vigil:
            self.vigil.close()
            self.vigil = None
        for tap in self.taps.values():
            tap.carry()
        if self.dialect.own:
            self._remember(status)
        super().end(status)

    def _remember(self, status: int) -> None:
        last = self.taps[2].last if 2 in self.taps and 1 not in self.become else b""
        seconds = monotonic() - self.state.started
        self._report.deaths.append((time_ns(), self.pid, seconds, status, self.state.why, last))

    def _inherits(self) -> bool:
        """Whether another process, named by the service, is the main one now."""
        heir, self.heir = self.heir, 0
        # Only who is our own child now is one whose end we will see.
        mine = self.orphans.left_by(self, self.session) if heir and self.orphans else []
        if heir not in mine or heir not in children():
            return False
        self.pid = heir
        self.loop.child(heir, self.end)
        self.changed()
        return True

    def due(self) -> None:
        """A deadline may have passed; a log that was not silent puts one off."""
        if self.state.rules.sign == b"log" and self.state.watchdog_deadline <= monotonic():
            self.feed(ALIVE, max(tap.heard for tap in self.taps.values()))
        super().due()

    def drain(self, then: "Callable[[], None]") -> None:
        """Call THEN when all that the service wrote has gone through the taps."""
        tap = self.taps.get(1)
        if tap:
            tap.close(then)
        else:
            then()

    def mark(self, *, down: bool) -> None:
        """Make or remove the file `down`."""
        try:
            if down:
                self.files.mark()
            else:
                self.files.remove(b"down")
        except OSError as error:
            self.warn(b"unable to change " + self.files.shown + b"down", error)

    # What it is told.

    def obey(self, letters: bytes) -> None:
        """Do what LETTERS say, in order."""
        self._orders.take(letters)

    def _notified(self) -> None:
        from .notify import apply_notification

        assert self.notices  # noqa: S101 - for the type checker
        for said in self.notices.read(self.pid):
            apply_notification(self, said)

    def show(self) -> None:
        """Have the files in supervise/ say how it is."""
        self._report.write()


def _letters(control: int) -> bytes:
    try:
        return posix.read(control, 4096)
    except BlockingIOError:
        # Somebody else reads there too.
        return b""
