"""Starts what a service directory holds: run, finish, and the scripts beside them."""

import posix

from ..base import cli
from ..base.child import fork, spawn_program
from ..base.process import MARK, environ, limits
from ..base.service_dirs import instance_of
from ..chain import pathexec as chain
from ..jobs import tree
from ..jobs.helper_tree import ended_within
from .rules import Rules
from .service import Service
from .servicedir import ServiceDir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..base.patterns import Pattern

RUN = b"./run"
# Seconds in which a child goes through its chain. What we do meanwhile slows it: it shares our
# memory until it has become a program.
CHAIN = 0.005
NO_PATTERNS: "Mapping[bytes, Pattern]" = {}


class Launcher:
    """Starts the programs of SERVICE, which lives in FILES.

    `notify_address` is what NOTIFY_SOCKET has to be for run, if it is to have one.
    """

    __slots__ = ("files", "notify_address", "patterns", "service")

    def __init__(self, service: Service, files: ServiceDir) -> None:
        self.service = service
        self.files = files
        self.notify_address = b""
        # That are looked for in what run prints.
        self.patterns: Mapping[bytes, Pattern] = NO_PATTERNS

    @property
    def native(self) -> bool:
        """Whether there is all that the originals have not."""
        return self.files.dialect.native

    @property
    def instance(self) -> bytes:
        """Which one of a template it is, or its service is: by the name; nothing if of none."""
        name = self.service.name
        directory = name.removesuffix(b"/log") if self.files.sub else name
        return instance_of(directory)[1] if self.native else b""

    def run(self, rules: Rules, fd_map: dict[int, int]) -> int:
        """Start run as RULES ask for; return its pid. Raises OSError."""
        chained = not self.files.sub and bool(chain.recognise(RUN))
        special = self.files.sub or rules.cgroup or self.notify_address or limits or self.instance
        plain = not (special or chained or self.control_script("u"))
        self._show_later(chained=chained)
        return self._start(RUN, [RUN], fd_map, lambda: self._run(rules), plain=plain)

    def _show_later(self, *, chained: bool) -> None:
        """Show a run that is CHAINED, links in a copy of this process, when that is a program."""
        self.service.patience = CHAIN if chained and self.native else 0.0

    def _start(
        self,
        file: bytes,
        argv: list[bytes],
        fd_map: dict[int, int],
        body: "Callable[[], int]",
        *,
        plain: bool,
    ) -> int:
        """Start FILE with ARGV if it is PLAIN, nothing being to be done before it; else run BODY.

        Return its pid. Raises OSError.
        """
        if plain:
            try:
                session = self.files.dialect.session
                more = {"session": session, "unblock": self.native}
                return spawn_program(file, argv, fd_map, mark=self._mark(), **more)
            except OSError:
                # The other way says what is wrong.
                pass
        return self._fork(body, fd_map)

    def finish(self, status: int | None, fd_map: dict[int, int]) -> int:
        """Start finish with the exit code of run or -1, in a directory of s6's 256; and the signal.

        After them, as s6 does, the name of the service and the process group of run. Where
        nobody knows how run ended: -1 and 0. Return its pid. Raises OSError.
        """
        s6 = self.service.state.rules.s6
        code, signum = 256 if s6 else -1, 0
        if status is not None:
            code = posix.WEXITSTATUS(status) if posix.WIFEXITED(status) else code
            # runit adds 128 where there is a core.
            signum = status & (0o177 if self.native else 0o377)
        argv = [b"./finish", b"%d" % code, b"%d" % signum]
        if self.native:
            # s6 calls a logger by two words.
            parts = self.service.name.split(b"/")[-2 if s6 and self.files.sub else -1 :]
            argv += [b"/".join(parts), b"%d" % self.service.session]
        return self._fork(lambda: self._exec(argv), fd_map)

    def control_script(self, letter: str) -> bool:
        """Whether there is a script control/LETTER to be run."""
        # runit has no scripts for a logger, and daemontools none at all.
        scripted = self.files.dialect.full and not self.files.sub
        return scripted and self.files.runs(b"control/" + letter.encode())

    def helper(
        self,
        file: bytes,
        callback: "Callable[[int], None]",
        body: "Callable[[], int] | None" = None,
    ) -> int:
        """Run FILE, or a BODY for it, beside the service; then call CALLBACK with its wait status.

        Return its pid, 0 if it cannot be run.
        """
        try:
            pid = self._fork(body or (lambda: self._exec([file])), self.service.fd_map)
        except OSError as error:
            self.service.warn(
                b"unable to fork for " + self.files.shown + file.removeprefix(b"./"), error
            )
            return 0
        self.service.loop.child(pid, callback)
        return pid

    def body(self, argv: list[bytes], variables: "Mapping[bytes, bytes]") -> "Callable[[], int]":
        """What a child does that becomes ARGV, with VARIABLES in its environment."""

        def run() -> int:
            environ.update(variables)
            return self._exec(argv)

        return run

    def _mark(self) -> bytes:
        """What tells whose it is that the service leaves behind."""
        reaper = self.service.reaper
        return reaper.marks(self.service) if reaper else b""

    def _fork(self, body: "Callable[[], int]", fd_map: "Mapping[int, int]") -> int:
        one = self.service
        if self.native:
            body = self._knowing(body)
        session = self.files.dialect.session
        more = {"session": session, "unblock": self.native}
        return fork(one.who, one.name, body, fd_map, one.keep, **more)

    # In the child.

    def _knowing(self, body: "Callable[[], int]") -> "Callable[[], int]":
        """BODY, with the instance and the mark in its environment."""

        def run() -> int:
            if self.instance:
                environ[b"INSTANCE"] = self.instance
            environ[MARK] = self._mark()
            return body()

        return run

    def _run(self, rules: Rules) -> int:
        if rules.cgroup:
            path = tree.cgroup_path(rules.cgroup)
            try:
                tree.join(path)
            except OSError as error:
                what = b"unable to enter the cgroup " + path
                return cli.fatal(what, error).say(self.service.who)
        if self.notify_address:
            environ[b"NOTIFY_SOCKET"] = self.notify_address
            if rules.sign == b"notify":
                environ[b"WATCHDOG_USEC"] = b"%d" % (rules.watchdog * 1e6)
                environ[b"WATCHDOG_PID"] = b"%d" % posix.getpid()
        if self.control_script("u"):
            self._run_first([b"control/u"], rules.control_limit)
        return self._exec([RUN])

    def _run_first(self, argv: list[bytes], limit: float) -> None:
        """Run ARGV before run, for LIMIT seconds at most. Raises Quit."""
        try:
            pid = posix.fork()
        except OSError as error:
            what = b"unable to fork for " + self.files.shown + argv[0].removeprefix(b"./")
            raise cli.fatal(what, error) from None
        if not pid:
            if self.native:
                posix.setpgid(0, 0)
            posix._exit(self._exec(argv))  # noqa: SLF001
        if not ended_within(pid, limit):
            took = b" took longer than %g seconds, and is ended" % limit
            self.service.warn(self.files.shown + argv[0].removeprefix(b"./") + took)

    def _exec(self, argv: list[bytes]) -> int:
        file = argv[0]
        try:
            if self.files.sub:
                posix.chdir(self.files.place)
            return chain.start(file, argv)
        except OSError as error:
            from ..base.errors import not_run

            runit = self.files.dialect.runit
            shown = self.files.shown + (file if runit else file.removeprefix(b"./"))
            what = b"unable to start " + shown
            if runit and file.startswith(b"control/"):
                # The original names none of them.
                what = b"unable to run control/?"
            # As whoever reads it would type it: we are in the service directory.
            hint = not_run([file], [file], None, error).replace(file, shown)
            return cli.fatal(what, error, hint).say(self.service.who)
