"""What can be said of a Daemon: its options, each with the value that it has without a word."""

import os

from .absolute import absolute, check_filled
from .command_kinds import callable_of, is_server
from .conditions import Condition, condition
from .failures import OptionError
from .lock_file import LockFile, PidFile
from .plan import UMASK, Plan
from .seconds import check_seconds
from .stdio import Stdio
from .stopping import number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from re import Pattern
    from typing import Protocol

    from .command_kinds import Command
    from .plan import Path
    from .stdio import HasFileno, Stream

    class Logger(Protocol):
        """What is like a Logger of logging."""

        def debug(self, text: str) -> object:
            """Say TEXT, which few want to know."""

        def info(self, text: str) -> object:
            """Say TEXT."""


TIMEOUT = 30.0
SETTLE = 0.2  # seconds that a program lives which does not say when it is ready
REQUIRED = "name", "startup_command"


class DaemonOptions:
    """The options of a Daemon.

    What it is: `name`; `startup_command`, or `server`: words, a string for a shell, a callable,
    or a Server; `shutdown_command`, one of these or a signal's number; `stop_signal`; `logger`,
    of logging. Its files: `pid_file`, in a run directory if none is named; `log_file`, which
    stdout and stderr are appended to, unless these, or `log_command`, say otherwise; `stdin`.

    When it is ready: `ready`, as for daemonize(); without it when `look_for` (a text, or a
    pattern of re) is written to `log_file`; when a Server says so; when anything is written to
        `log_file`; and else when it has lived for `settle` seconds. `timeout` seconds it has to
    start, and to stop: after `stop_timeout`, if that is another number, it is killed; with
    `escalate` false it is a Timeout. `stop_group` has the signal reach its whole process group.

    How it is: `directory`, `umask`, `user`, `group`, `environment`, `limits`, `chroot`, `keep`;
    `nochdir` and `noclose` leave the directory and the streams as they are. `after_fork` is
    called in the daemon before all else, `before_exec` before it becomes another program.
    `detach` true or false asks nobody whether a supervisor started this process.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        startup_command: "Command | None" = None,
        server: "Command | None" = None,
        shutdown_command: "Command | int | None" = None,
        stop_signal: int | str = "TERM",
        reload_signal: int | str = "HUP",
        logger: "Logger | None" = None,
        pid_file: "Path | LockFile | None" = None,
        log_file: "Path | None" = None,
        log_command: "Sequence[str]" = (),
        stdin: "Stream" = None,
        stdout: "Stream" = None,
        stderr: "Stream" = None,
        ready: str | None = None,
        look_for: "str | bytes | Pattern[str] | Pattern[bytes] | None" = None,
        settle: float = SETTLE,
        timeout: float = TIMEOUT,
        stop_timeout: float | None = None,
        escalate: bool = True,
        stop_group: bool | None = None,
        directory: "Path" = "/",
        umask: int | str | None = UMASK,
        user: str | int | None = None,
        group: str | int | None = None,
        environment: "Mapping[str, str | None] | Path | None" = None,
        limits: "Mapping[str, int | str] | None" = None,
        chroot: "Path | None" = None,
        keep: "Iterable[int | HasFileno]" = (),
        nochdir: bool = False,
        noclose: bool = False,
        after_fork: "Callable[[], object] | None" = None,
        before_exec: "Callable[[], object] | None" = None,
        detach: bool | None = None,
    ) -> None:
        self.name = name
        self.logger = logger
        self.pid_file = pid_file
        self.shutdown_command = shutdown_command
        self.startup_command = startup_command if server is None else server
        self.stop_signal = stop_signal
        self.reload_signal = reload_signal
        self.log_file = log_file
        self.log_command = log_command
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.ready = ready
        self.look_for = look_for
        self.settle = settle
        self.timeout = timeout
        self.stop_timeout = stop_timeout
        self.escalate = escalate
        self.stop_group = stop_group
        self.directory = directory
        self.umask = umask
        self.user, self.group = user, group
        self.environment = environment
        self.limits = limits
        self.chroot = chroot
        self.keep = keep
        self.nochdir, self.noclose = nochdir, noclose
        self.after_fork, self.before_exec = after_fork, before_exec
        self.detach = detach

    @property
    def startup_command(self) -> "Command | None":
        """What is started. A Server gives its name, logger and pid file too."""
        return self._startup_command

    @startup_command.setter
    def startup_command(self, command: "Command | None") -> None:
        self._startup_command = command
        if is_server(command):
            for name in ("name", "logger", "pid_file"):
                if (value := getattr(command, name, None)) is not None:
                    setattr(self, name, value)
            self.shutdown_command = None

    server = startup_command

    @property
    def pid_file(self) -> str | None:
        """The path of the pid file, made absolute when it is set; the default one if it is not."""
        if self._lock is None and not self.name:
            return None
        return (self._lock or default_pid_file(self.name or "")).path

    @pid_file.setter
    def pid_file(self, path: "Path | LockFile | None") -> None:
        check_filled(pid_file=path)
        self._lock = path if isinstance(path, LockFile) or path is None else PidFile(_text(path))

    @property
    def log_file(self) -> str | None:
        """The path of the log; made absolute when it is set."""
        return self._log_file

    @log_file.setter
    def log_file(self, path: "Path | None") -> None:
        check_filled(log_file=path)
        self._log_file = None if path is None else absolute(_text(path))

    @property
    def stop_limit(self) -> float:
        """The seconds that it has to stop."""
        return self.timeout if self.stop_timeout is None else self.stop_timeout

    @property
    def lock(self) -> LockFile:
        """The pid file, with its lock."""
        if self._lock is None:
            self._lock = default_pid_file(self.name or "")
        return self._lock

    def check(self) -> None:
        """Raise Error for options that lack, or mean nothing."""
        lacking = [name for name in REQUIRED if getattr(self, name) in (None, "", [], ())]
        if lacking:
            raise OptionError(f"These variables are required: {', '.join(lacking)}.")
        check_filled(shutdown_command=self.shutdown_command)
        callable_of(self.startup_command)
        if not isinstance(self.shutdown_command, (int, type(None))):
            callable_of(self.shutdown_command)
        for signum in (self.stop_signal, self.reload_signal):
            number_of(signum)
        check_seconds(settle=self.settle, timeout=self.timeout, stop_timeout=self.stop_limit)

    def plan(self) -> Plan:
        """How it is to be. Raises Error."""
        return Plan(
            pid_file=self.lock,
            directory=None if self.nochdir else self.directory,
            umask=self.umask,
            stdio=self._stdio(),
            user=self.user,
            group=self.group,
            environment=self.environment,
            limits=self.limits,
            chroot=self.chroot,
            keep=self.keep,
        )

    def condition(self) -> Condition:
        """When it is ready. Raises Error."""
        ready = self.ready
        if ready is None and self.look_for is None and is_server(self.startup_command):
            ready = "call"
        if ready is None and (self.look_for is not None or self.log_file):
            ready = "log"
        return condition(
            ready,
            settle=self.settle,
            log_file=next(iter(self.logs()), None),
            look_for=self.look_for,
        )

    def logs(self) -> list[str]:
        """The files that it writes to."""
        paths = [self.log_file] if self.log_file else []
        return [*dict.fromkeys([*paths, *self._stdio().logs()])]

    def _stdio(self) -> Stdio:
        out, err = self.stdout, self.stderr
        if self.log_file and not (self.noclose or self.log_command):
            out = self.log_file if out is None else out
            err = self.log_file if err is None else err
        return Stdio(self.stdin, out, err, log_command=self.log_command, keep=self.noclose)


def default_pid_file(name: str) -> PidFile:
    """The pid file of the daemon NAME: in /run for root, else where its user's are."""
    file = f"{name.replace('/', '_')}.pid"
    if not os.geteuid():
        return PidFile(f"/run/{file}")
    if place := os.environ.get("XDG_RUNTIME_DIR"):
        return PidFile(f"{place}/{file}")
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return PidFile(f"{state}/{file}", make_directory=True)


def _text(path: "Path") -> str:
    return os.fsdecode(path)
