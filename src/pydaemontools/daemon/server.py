"""A program that runs until it is told to end: a loop, and signals that are methods."""

import os
import signal
from threading import current_thread, get_ident, main_thread

from ..base import sd_notify
from ..base.errors import signal_name
from .coroutines import Coroutine, result_of
from .signal_inbox import SignalInbox
from .signal_numbers import handled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Coroutine as Coro
    from contextlib import AbstractContextManager
    from os import PathLike
    from typing import Self

    from .threaded import Log

    Lock = AbstractContextManager[object] | str | PathLike[str] | None
    Number = int  # where a class has a method int()

METHODS = "HUP", "INT", "TERM", "USR1", "USR2"  # whose methods are called if there are any


class Server(Coroutine):
    """A loop that runs until a signal ends it, in the foreground or as what a Daemon starts.

    startup() returns when it has ended. What is done again and again is run(): a function, or
    a method of a class that inherits, in a thread of its own while the main thread waits for
    signals; or a coroutine (`async def run`), in asyncio's loop. NAME, RUN, INTERVAL, STRICT,
    MAXIMUM_ITERATIONS, CONTINUE_ON_ERROR, LOGGER and the hooks are those of Threaded.

    HUP, INT, TERM, USR1 and USR2 call the methods hup(), int(), term(), usr1() and usr2(),
    where there is one; int() and term() are shutdown(). SIGNALS names others, "WINCH" for
    winch(), or says what to call: {"TTIN": more}. They are called in the main thread, between
    two waits and never in a signal handler, one after the other; what they raise is logged.
    A second INT kills, as ever.

    PID_FILE is a path, or a PidFile: it is locked until the end, so that two cannot run.
    A supervisor is told by sd_notify when it is ready, reads its configuration again (hup()),
    gives a sign of life, and stops.
    """

    def __init__(
        self,
        name: str = "",
        *,
        run: "Callable[[], object] | None" = None,
        interval: float = 0.0,
        strict: bool = False,
        maximum_iterations: int | None = None,
        continue_on_error: bool = False,
        logger: "Log | None" = None,
        pid_file: "Lock" = None,
        signals: "Mapping[str | int, Callable[[], object]] | Iterable[str | int]" = (),
    ) -> None:
        super().__init__(
            name,
            run=run,
            interval=interval,
            strict=strict,
            maximum_iterations=maximum_iterations,
            continue_on_error=continue_on_error,
            logger=logger,
        )
        self.pid_file = pid_file
        self._inbox: SignalInbox | None = None
        if isinstance(signals, str):
            signals = [signals]
        given = signals if isinstance(signals, dict) else dict.fromkeys(signals)
        self._given = {handled(name): method for name, method in given.items()}
        for signum in self._given:
            self._method(signum)

    def startup(self, wait: bool = False) -> "Self":  # noqa: FBT001, FBT002 - as the original has it
        """Run until the end; then return, or raise what a run raised.

        If it is to WAIT, it stays when there is no further run, until shutdown() is called.
        In another thread than the main one it runs without signals, which Python refuses there.
        """
        from inspect import iscoroutinefunction

        if self.running:
            return self
        with _locked(self.pid_file):
            self._main = get_ident()
            try:
                if iscoroutinefunction(self.run):
                    from asyncio import run

                    run(self.serve())
                else:
                    self._startup(wait=wait)
            finally:
                self._main = 0
        return self

    def shutdown(self) -> "Self":
        """Have no further run, and wait for one that is in progress.

        A run, and what a signal calls, do not wait: startup() does.
        """
        self._request_stop()
        if get_ident() != self._main:
            self.wait_for_shutdown()
        return self

    def wait_for_shutdown(self, limit: float | None = None) -> "Self | None":
        """Wait until it has ended, LIMIT seconds at most: None if it has not."""
        return self if current_thread() is self._thread else self.wait(limit=limit)

    def int(self) -> object:
        """What INT does: it ends, and the next one kills."""
        # The default does nothing to process 1.
        handler = _exit if os.getpid() == 1 else signal.SIG_DFL
        signal.signal(signal.SIGINT, handler)
        return self.shutdown()

    def term(self) -> object:
        """What TERM does: it ends."""
        return self.shutdown()

    def _startup(self, *, wait: bool) -> None:
        in_main = current_thread() is main_thread()
        with SignalInbox(self._methods() if in_main else {}) as inbox:
            self._inbox = inbox
            try:
                self.start()
                self._ready()
                while self._status in ("running", "waiting") or (wait and not self._stop):
                    for signum in inbox.wait():
                        self._call(signum)
            finally:
                # A method that raises SystemExit ends it as well.
                self.stop()
                self._inbox = None
        self.join()

    def _ready(self) -> None:
        from .detach import ready

        ready()

    def _request_stop(self) -> None:
        if self._hooks and not self._stop:
            sd_notify.stopping()
        super()._request_stop()
        self._wake()

    def _end(self) -> None:
        super()._end()
        self._wake()

    def _wake(self) -> None:
        inbox = self._inbox
        if inbox is not None:
            inbox.wake()

    def _methods(self) -> "dict[Number, Callable[[], object]]":
        """What to call for which signal."""
        usual = [handled(name) for name in METHODS if getattr(self, name.lower(), None)]
        return {signum: self._method(signum) for signum in [*usual, *self._given]}

    def _method(self, signum: "Number") -> "Callable[[], object]":
        """What to call for the signal SIGNUM. ValueError if there is nothing."""
        name = signal_name(signum).decode().removeprefix("SIG")
        method = self._given.get(signum) or getattr(self, name.lower(), None)
        if not callable(method):
            why = f'write one, or say what to call: signals={{"{name}": function}}'
            raise ValueError(f"signals: {self.name} has no {name.lower()}() for {name}: {why}")  # noqa: TRY004 - it is the argument
        return method  # type: ignore[no-any-return]

    def _call(self, signum: "Number") -> None:
        reloads = signum == signal.SIGHUP and sd_notify.reloading()
        name = signal_name(signum).decode()
        try:
            result = self._method(signum)()
            if hasattr(result, "__await__"):
                self._keep(self._task_of(self._await_call(name, result, reloads=reloads)))
                return
        except Exception as error:  # noqa: BLE001 - theirs: the loop goes on
            self._say("exception", f"what {name} calls failed: {error!r}")
        self._called_back(reloads=reloads)

    def _task_of(self, call: "Coro[object, object, None]") -> "Task[None]":
        if self._loop is None:
            call.close()
            raise TypeError("it is a coroutine, and run() is none")
        return self._loop.create_task(call)

    async def _await_call(self, name: str, result: object, *, reloads: bool) -> None:
        try:
            await result_of(result)
        except Exception as error:  # noqa: BLE001 - theirs: the loop goes on
            self._say("exception", f"what {name} calls failed: {error!r}")
        self._called_back(reloads=reloads)

    def _called_back(self, *, reloads: bool) -> None:
        if reloads and not self._stop:
            sd_notify.ready()


def _exit(signum: int, _frame: object) -> None:
    """End at once, as the signal SIGNUM would have it."""
    os._exit(128 + signum)


def _locked(pid_file: "Lock") -> "AbstractContextManager[object]":
    """What is to be entered while the server lives: the PID_FILE, or nothing."""
    from contextlib import AbstractContextManager, nullcontext

    if pid_file is None:
        return nullcontext()
    if isinstance(pid_file, AbstractContextManager):
        return pid_file
    from .lock_file import PidFile

    return PidFile(pid_file)
