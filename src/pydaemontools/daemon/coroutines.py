"""The same as a coroutine: run() may be `async def`, in the loop of whoever calls serve()."""

import signal
from threading import current_thread, get_ident, main_thread
from time import monotonic

from ..base import sd_notify
from .signal_inbox import ChildGuard
from .threaded import Threaded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from collections.abc import Callable, Mapping


class Coroutine(Threaded):
    """A Threaded whose run(), hooks and methods for signals may be coroutines."""

    _loop: "AbstractEventLoop | None" = None
    _task: "Task[None] | None" = None
    _stopper: "Task[None] | None" = None
    _called: "set[Task[object] | Task[None]]"
    _main = 0  # the thread that serves

    async def serve(self) -> None:
        """Call run() again and again in this loop, until stop() is called, then cancel it.

        Signals of the program's main thread call their methods meanwhile. Raises what a run
        raised.
        """
        import asyncio

        self._need_run()
        self._loop = loop = asyncio.get_running_loop()
        self._called, self._stopper = set(), None
        self._main = get_ident()
        in_main = current_thread() is main_thread()
        try:
            await result_of(self.before_starting())
            self._begin()
            with LoopSignals(loop, self._methods() if in_main else {}, self._call):
                await self._serve(loop.create_task(self._live_here()))
        finally:
            self._loop, self._main = None, 0
        if self.error is not None:
            raise self.error

    async def _serve(self, task: "Task[None]") -> None:
        """See TASK through to its end."""
        import asyncio

        self._task = task
        try:
            await result_of(self.after_starting())
            self._ready()
            await asyncio.shield(task)
        except asyncio.CancelledError:
            # Ours is no error; one of whoever called us is theirs.
            if not task.cancelled():
                raise
        except Exception as error:  # noqa: BLE001 - it is raised at the end
            self._note(error, f"cannot go on: {error!r}")
        finally:
            self._request_stop()
            self._cancel()
            await asyncio.wait([task, *self._called])
            await self._await_hooks(0)
            self._end()

    async def _live_here(self) -> None:
        try:
            while self._may_run():
                await self._await_run()
                await self._await_rest()
        except Exception as error:  # noqa: BLE001 - serve() raises it again
            self._died(error)

    async def _await_run(self) -> None:
        began = self._begin_run()
        try:
            await result_of(self.run())
        except Exception as error:
            if not self._goes_on(error):
                raise
        self._end_run(began)

    async def _await_rest(self) -> None:
        import asyncio

        # Others of this loop have their turn, also where there is no interval.
        await asyncio.sleep(0)
        sd_notify.watchdog()
        while self._may_run() and (rest := self._schedule.due - monotonic()) > 0:
            self._status = "waiting"
            life = sd_notify.watchdog()
            await asyncio.sleep(rest if life is None else min(rest, life))

    async def _await_hooks(self, leave: int) -> None:
        """Call the hooks of the end that were not called yet, but for as many as to LEAVE."""
        while len(self._hooks) > leave:
            hook = self._hooks.pop(0)
            try:
                await result_of(getattr(self, hook)())
            except Exception as error:  # noqa: BLE001 - theirs: the next one is called all the same
                self._note(error, f"{hook}() failed: {error!r}")

    def _request_stop(self) -> None:
        if self._loop is None:
            super()._request_stop()
            return
        self._stop = True
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        """Have before_stopping() called, and then the run cancelled; once."""
        if self._loop is not None and self._stopper is None:
            self._stopper = self._loop.create_task(self._stop_softly())
            self._keep(self._stopper)

    async def _stop_softly(self) -> None:
        await self._await_hooks(1)
        if self._task is not None:
            self._task.cancel()

    def _keep(self, task: "Task[object] | Task[None]") -> None:
        # A loop alone keeps no task.
        self._called.add(task)
        task.add_done_callback(self._called.discard)

    def _methods(self) -> "dict[int, Callable[[], object]]":
        """What to call for which signal: a Server has some."""
        return {}

    def _call(self, signum: int) -> None:
        """Call the method for the signal SIGNUM."""

    def _ready(self) -> None:
        """It has started."""


class LoopSignals:
    """While this is entered, LOOP calls CALL with each signal that METHODS has one for."""

    def __init__(
        self,
        loop: "AbstractEventLoop",
        methods: "Mapping[int, object]",
        call: "Callable[[int], None]",
    ) -> None:
        self._loop = loop
        self._methods = methods
        self._call = call
        self._forks = ChildGuard(methods)

    def __enter__(self) -> None:
        self._forks.__enter__()
        for signum in self._methods:
            self._loop.add_signal_handler(signum, self._call, signum)
        self._mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, self._methods)

    def __exit__(self, *_: object) -> None:
        for signum in self._methods:
            self._loop.remove_signal_handler(signum)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        self._forks.put_back()
        self._forks.__exit__()


async def result_of(value: object) -> object:
    """VALUE, or what it gives if it is to be awaited."""
    return await value if hasattr(value, "__await__") else value
