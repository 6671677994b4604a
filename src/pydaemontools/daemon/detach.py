"""daemonize(): this program goes on as a daemon, and whoever called it learns the truth."""

import atexit
import os
import sys

from ..base import sd_notify
from ..base.process import standard_fds
from . import streams, supervisor
from .absolute import absolute, check_filled
from .conditions import Condition, condition
from .failures import AlreadyRunning, Error, StartupError
from .forks import Pipes, fork_twice
from .last_lines import LastLines
from .lock_file import PidFile
from .plan import UMASK, Plan
from .safe_fork import check
from .seconds import check_seconds
from .starting import Start
from .stdio import Stdio
from .truth import Truth, remake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from re import Pattern

    from .lock_file import LockFile
    from .plan import Path
    from .stdio import HasFileno, Stream

TIMEOUT = 30.0
# What the daemon that is starting tells by; None where none is.
_current: Truth | None = None


class Detached:
    """What daemonize() gives in the daemon: `pid`, and the pid file, held, if there is one.

    `detached` is False where a supervisor started the program, so that it had no need to.
    """

    in_daemon = True

    def __init__(self, lock: "LockFile | None", *, detached: bool) -> None:
        self.pid = os.getpid()
        self.pid_file = lock
        self.detached = detached

    def ready(self, status: str = "") -> None:
        """Say that it is ready, with a line STATUS for a person who asks a supervisor."""
        ready(status)


class Started:
    """What daemonize(exit=False) gives in the process that called it: the `pid` of the daemon."""

    in_daemon = False

    def __init__(self, pid: int) -> None:
        self.pid = pid


def ready(status: str = "") -> bool:
    """Say that this program is ready: to whoever started the daemon, and to a supervisor.

    STATUS is a line for a person. Whether anybody was told.
    """
    global _current
    told = sd_notify.ready(status)
    if _current is not None:
        _current.ready()
        _current, told = None, True
        os.environ.pop("NOTIFY_SOCKET", None)
    return told


def daemonize(
    pid_file: "Path | LockFile | None" = None,
    *,
    name: str = "",
    ready: str | None = "call",
    look_for: "str | bytes | Pattern[str] | Pattern[bytes] | None" = None,
    log_file: "Path | None" = None,
    timeout: float = TIMEOUT,
    exit: bool = True,  # noqa: A002 - what it does
    detach: bool | None = None,
    directory: "Path | None" = "/",
    umask: int | str | None = UMASK,
    stdin: "Stream" = None,
    stdout: "Stream" = None,
    stderr: "Stream" = None,
    log_command: "Sequence[str]" = (),
    user: str | int | None = None,
    group: str | int | None = None,
    environment: "Mapping[str, str | None] | Path | None" = None,
    limits: "Mapping[str, int | str] | None" = None,
    chroot: "Path | None" = None,
    keep: "Iterable[int | HasFileno]" = (),
    close_fds: bool = True,
) -> Detached | Started:
    """Go on as a daemon; return in the daemon, before it is ready.

    The process that called waits, TIMEOUT seconds at most, until the daemon is READY, and exits
    with 0 then; or with EXIT false returns a Started. If the daemon fails before, at whichever
    step, it raises StartupError, AlreadyRunning, or Timeout, and nothing is left running. READY
    is: call (the daemon calls ready() here, or adapters.notify.ready()), notify, fd:N (s6's), log
    (LOOK_FOR is written to LOG_FILE, or to the file of stdout or stderr), tcp:[ADDRESS:]PORT,
    unix:PATH; None is at once. NAME is for messages.

    A program that systemd or pysupervise started does not detach: then this does all but the
    forks, the streams and the closing of files. With DETACH true or false nobody is asked.

    PID_FILE is locked, and holds the pid. The streams are paths, open files, or None for
    /dev/null; LOG_COMMAND is the words of a program that stdout and stderr go to. DIRECTORY,
    UMASK (a text is octal), USER, GROUP, ENVIRONMENT, LIMITS and CHROOT are as the links of a
    chain set them. All other open files are closed, but for those to KEEP, those that logging
    writes to, and /dev/urandom. Relative paths count from where the caller is. Raises Error for
    what cannot be meant, before anything is done.
    """
    check_seconds(timeout=timeout)
    check_filled(log_file=log_file)
    stdio = Stdio(stdin, stdout, stderr, log_command=log_command)
    plan = Plan(
        pid_file=pid_file,
        directory=directory,
        umask=umask,
        stdio=stdio,
        user=user,
        group=group,
        environment=environment,
        limits=limits,
        chroot=chroot,
        keep=keep,
        close_fds=close_fds,
    )
    name = name or _own_name()
    if not must_detach(detach):
        do_here(name, plan)
        return Detached(plan.lock, detached=False)
    check(2)
    logs = [absolute(os.fsdecode(log_file))] if log_file else stdio.logs()
    when = condition(ready, log_file=next(iter(logs), None), look_for=look_for)
    begun = launch(name, plan, when, timeout=timeout, logs=logs, leaves=exit)
    if isinstance(begun, Truth):
        return _go_on(begun, plan, at_once=ready is None)
    pid = finish(begun, plan)
    if exit:
        # What is to be done at an exit is the daemon's.
        os._exit(0)
    return Started(pid)


def _own_name() -> str:
    """What this program is called in messages."""
    name = os.path.basename(sys.argv[0]) if sys.argv else ""
    return name if name not in ("", "-c", "-") else "the daemon"


def must_detach(detach: bool | None) -> bool:  # noqa: FBT001 - the caller's own parameter
    """Whether to fork: as DETACH says, and if that is None unless a supervisor started us."""
    return not supervisor.supervised() if detach is None else detach


def do_here(name: str, plan: Plan, then: "Callable[[Truth], object] | None" = None) -> None:
    """Do the steps of PLAN, for NAME, in this process, and THEN what else is to be done.

    Raises StartupError, AlreadyRunning.
    """
    truth = Truth(-1)
    try:
        plan.run(truth, detached=False)
        if plan.lock:
            atexit.register(plan.lock.release)
        if then:
            then(truth)
    except (AlreadyRunning, Error):
        raise
    except Exception as error:
        said = truth.sentence(error)
        made = remake(type(error).__name__, said, getattr(error, "errno", None))
        text = f"unable to start {name}: {said}"
        hint = os.fsdecode(getattr(error, "hint", b""))
        raise StartupError(text, step=truth.at, exception=made, hint=hint) from error


def launch(
    name: str,
    plan: Plan,
    when: Condition,
    *,
    timeout: float,
    logs: list[str],
    after_fork: "Callable[[], object] | None" = None,
    leaves: bool = False,
) -> Start | Truth:
    """Fork: return the Start of the daemon NAME; in the daemon, when PLAN is done, what tells.

    It is ready WHEN; what it writes into LOGS is for errors. AFTER_FORK is called in it before
    all steps. A step that fails is told, and the daemon ends. This process LEAVES when it is
    ready, or goes on. Raises StartupError.
    """
    lines = LastLines(logs)
    given = plan.lock is not None and plan.lock.held
    try:
        pipes = Pipes(when.keep, logger=bool(plan.stdio.logger))
    except OSError as error:
        when.close()
        text = f"unable to start {name}: unable to make a pipe: {error.strerror}"
        raise StartupError(text, step="pipe", exception=error) from error
    if plan.lock and given:
        plan.lock.give()
    try:
        between, truth = fork_twice(pipes, when.fds if leaves else ())
    except StartupError as error:
        when.close()
        pipes.epoll.close()
        pipes.close(*pipes.all())
        if plan.lock and given:
            plan.lock.take_back(given=False)
        text = f"unable to start {name}: {error}"
        raise StartupError(text, step=error.step, exception=error.exception) from error
    if truth is None:
        start = Start(name, between, pipes, when, timeout=timeout, lines=lines, lock=plan.lock)
        start.leaves, start.logger = leaves, plan.stdio.logger
        return start
    try:
        supervisor.forget()
        when.in_daemon()
        plan.keep += when.keep
        # An object that is forgotten closes its fd, whosever that is by then.
        when.close()
        standard_fds()
        if after_fork:
            truth.step("after_fork")
            after_fork()
        plan.stdio.pipe = pipes.source, pipes.sink
        plan.run(truth)
        streams.renew()
    except BaseException as error:  # noqa: BLE001 - the top level of this process
        truth.failed(error)
        os._exit(111)
    return truth


def finish(start: Start, plan: Plan) -> int:
    """Wait until START is ready; return the pid of the daemon. Raises as Start.wait() does."""
    ready = False
    try:
        start.wait()
        ready = True
    finally:
        hand_over(plan, ready=ready)
    return start.pid


def hand_over(plan: Plan, *, ready: bool) -> None:
    """The lock of PLAN is the daemon's, if it is READY; what is left of one that is not goes."""
    lock = plan.lock
    if lock and lock.held:
        lock.take_back(given=ready)
    elif isinstance(lock, PidFile) and not ready:
        lock.remove_stale()


def expect(truth: Truth) -> None:
    """Let ready(), and an exception that nobody catches, be told by TRUTH."""
    global _current  # noqa: PLW0603
    truth.watch_uncaught()
    _current = truth


def _go_on(truth: Truth, plan: Plan, *, at_once: bool) -> Detached:
    """Be the daemon, from where daemonize() was called."""
    if plan.lock:
        atexit.register(plan.lock.release)
    truth.begun()
    if at_once:
        truth.ready()
    else:
        expect(truth)
    return Detached(plan.lock, detached=True)
