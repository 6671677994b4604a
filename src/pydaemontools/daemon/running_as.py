"""What the daemon's own process runs, and what stops it: a program, or something that is called."""

import os
import sys
from _signal import SIGKILL, SIGPIPE, SIGXFSZ
from time import monotonic

from ..base.errors import error_str
from ..base.proc import start_time
from ..chain import pathexec
from . import detach, streams
from .command_kinds import callable_of, words_of
from .end_processes import wait_for_end
from .failures import Error
from .fresh_signals import fresh_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn, Protocol

    from .lock_file import LockFile
    from .truth import Truth

    class Runs(Protocol):
        """Of a Daemon what is asked here."""

        words: list[bytes] | None
        before_exec: Callable[[], object] | None

        @property
        def startup_command(self) -> object:
            """What is started."""


def be(daemon: "Runs", truth: "Truth", lock: "LockFile | None") -> "NoReturn":
    """Be DAEMON in this process, detached, with LOCK held."""
    code = 111
    try:
        code = execute(daemon, truth, lock) if daemon.words else _work(daemon, truth)
    except BaseException as error:  # noqa: BLE001 - the top level of this process
        truth.failed(error)
    finally:
        if lock:
            lock.release()
        streams.flush()
        os._exit(code)


def execute(daemon: "Runs", truth: "Truth", lock: "LockFile | None") -> int:
    """Become the program of DAEMON, which has LOCK then; a tool of ours gives its exit code.

    TRUTH is told. Raises Quit where it cannot be run.
    """
    if daemon.before_exec:
        truth.step("before_exec")
        daemon.before_exec()
    truth.executing()
    streams.flush()
    if lock:
        lock.keep_over_exec()
    fresh_signals()
    become = pathexec.become(daemon.words or [], os.environb.get(b"PATH"))
    truth.close()
    return pathexec.run(*become)


def _work(daemon: "Runs", truth: "Truth") -> int:
    """Call what is to be called; the exit code. What it raises before it is ready is told."""
    detach.expect(truth)
    truth.begun()
    try:
        call(daemon.startup_command)
        _join_threads()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else _said(end.code)
    except BaseException as error:  # noqa: BLE001 - the top level of this process
        truth.failed(error)
        sys.__excepthook__(type(error), error, error.__traceback__)
        return 1
    return 0


def call(command: object) -> object:
    """Call what COMMAND is, a callable or a Server."""
    body = callable_of(command)
    return body() if body else None


def run_shutdown(name: str, command: object, seconds: float) -> float:
    """Run COMMAND, which stops the daemon NAME, for SECONDS at most; give what is left of them.

    Raises Error where it cannot be run, or says that it failed.
    """
    begun = monotonic()
    words = words_of(command)
    if words is None:
        body = getattr(command, "shutdown", None) or callable_of(command)
        if body:
            body()
        return max(0.0, begun + seconds - monotonic())
    code = _run(name, words, seconds)
    if code:
        shown = os.fsdecode(words[0])
        raise Error(f"unable to stop {name}: {shown} ended with exit code {code}")
    return max(0.0, begun + seconds - monotonic())


def _run(name: str, words: list[bytes], seconds: float) -> int:
    """Run WORDS for SECONDS at most; give the exit code, 0 if the time was up."""
    try:
        pid = os.posix_spawnp(words[0], words, os.environ, setsigdef=[SIGPIPE, SIGXFSZ])
    except OSError as error:
        why = error_str(error).decode()
        text = f"unable to stop {name}: unable to run {os.fsdecode(words[0])}: {why}"
        raise Error(text) from error
    ended = wait_for_end(pid, start_time(pid), seconds)
    if not ended:
        os.kill(pid, SIGKILL)
    status = os.waitpid(pid, 0)[1]
    return os.waitstatus_to_exitcode(status) if ended else 0


def _said(code: object) -> int:
    """What sys.exit(CODE) does with what is no number."""
    if code is None:
        return 0
    print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1


def _join_threads() -> None:
    """Wait for threads, as the interpreter does at its end."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
