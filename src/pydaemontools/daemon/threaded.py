"""A method that is called again and again, in a thread of its own."""

from threading import Condition, Thread, current_thread
from time import monotonic

from ..base import sd_notify
from ..base.backoff import Backoff
from .schedule import Schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, Self

    class Log(Protocol):
        """What a logger has to have: logging's, loguru's and structlog's all do."""

        def debug(self, text: str, /) -> object: ...  # noqa: D102
        def info(self, text: str, /) -> object: ...  # noqa: D102
        def warning(self, text: str, /) -> object: ...  # noqa: D102
        def error(self, text: str, /) -> object: ...  # noqa: D102
        def exception(self, text: str, /) -> object: ...  # noqa: D102


FAILING = 0.1, 5.0  # seconds between two runs that fail, where the interval is shorter


class Threaded:
    """Calls run() again and again in a thread, until stop() is called.

    NAME is what the logs call it; RUN a function without arguments, where no class that
    inherits has a method of that name. INTERVAL seconds lie between the end of a run and the
    next one, if it is STRICT between their beginnings: exceeded() is called when a run took
    longer than that. The first run is at once. After MAXIMUM_ITERATIONS it ends by itself. A
    run that raises ends it, and join() raises that again; if it is to CONTINUE_ON_ERROR, that
    is only logged. LOGGER is one of logging, loguru or structlog.

    Each of the hooks before_starting(), after_starting(), before_stopping() and
    after_stopping() is called once a life, the last when the thread has ended, however it did.
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
    ) -> None:
        self.name = name or type(self).__name__
        self.continue_on_error = continue_on_error
        self.error: BaseException | None = None  # what ended the last life
        self._logger = logger
        self._changed = Condition()
        self._schedule = Schedule(strict=strict)
        self._backoff = Backoff(*FAILING)
        self._thread: Thread | None = None
        self._status = "stopped"
        self._stop = False
        self._iterations = 0
        self._hooks: list[str] = []  # those that are to be called yet before the end
        self.interval = interval
        self.maximum_iterations = maximum_iterations
        if run is not None:
            self.run = run  # type: ignore[method-assign]

    def run(self) -> object:
        """What is done again and again: a class that inherits has its own."""
        text = f"{self.name} has nothing to do: give run=, or a class that has run()"
        raise NotImplementedError(text)

    def before_starting(self) -> object:
        """Is called before the first run; if it raises, there is no run and no other hook."""

    def after_starting(self) -> object:
        """Is called when the thread has started."""

    def before_stopping(self) -> object:
        """Is called when there is to be no further run; one may be in progress."""

    def after_stopping(self) -> object:
        """Is called when the thread has ended, whatever else went wrong."""

    def exceeded(self, took: float) -> object:
        """Is called when a run TOOK longer than a strict interval, in seconds."""
        most = self.interval
        return self._say(
            "warning", f"a run took {took:.3f} s, longer than its interval of {most:g} s"
        )

    @property
    def logger(self) -> "Log":
        """The logger; without one, logging's of the same name."""
        if self._logger is None:
            from logging import getLogger

            self._logger = getLogger(self.name)
        return self._logger

    @logger.setter
    def logger(self, logger: "Log | None") -> None:
        self._logger = logger

    @property
    def interval(self) -> float:
        """Seconds from one run to the next; it counts at once (coroutines: after a run)."""
        return self._schedule.interval

    @interval.setter
    def interval(self, seconds: float) -> None:
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"interval={seconds!r}: a number of seconds, 0 or more")
        with self._changed:
            self._schedule.interval = seconds
            self._changed.notify_all()

    @property
    def strict(self) -> bool:
        """Whether the interval is from beginning to beginning."""
        return self._schedule.strict

    @strict.setter
    def strict(self, strict: bool) -> None:
        self._schedule.strict = strict

    @property
    def maximum_iterations(self) -> int | None:
        """After how many runs it ends by itself; None if it does not."""
        return self._maximum

    @maximum_iterations.setter
    def maximum_iterations(self, most: int | None) -> None:
        if most is not None and most < 1:
            raise ValueError(f"maximum_iterations={most!r}: a number of runs, 1 or more, or None")
        self._maximum = most

    @property
    def iterations(self) -> int:
        """How many runs of this life have ended, well or not."""
        return self._iterations

    @property
    def finished_iterations(self) -> bool:
        """Whether there were as many runs as there are to be."""
        return self._maximum is not None and self._iterations >= self._maximum

    @property
    def running(self) -> bool:
        """Whether it was started, and neither ended nor was told to."""
        return self._status in ("running", "waiting") and not self._stop

    @property
    def status(self) -> str:
        """One of running, waiting (for the next run), stopping, stopped and failed."""
        return "stopping" if self._stop and self._status in ("running", "waiting") else self._status

    def start(self) -> "Self":
        """Start the thread; nothing happens if it runs. Returns when after_starting() has."""
        if self._status in ("running", "waiting"):
            return self
        self._need_run()
        self.before_starting()
        self._begin()
        self._thread = Thread(target=self._live, name=self.name)
        self._thread.start()
        try:
            self.after_starting()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, limit: float | None = None) -> "Self":
        """Have no further run, and wait for one that is in progress, LIMIT seconds at most.

        Called by the run itself it does not wait.
        """
        self._request_stop()
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join(limit)
            if not self._thread.is_alive():
                self._call_hooks()
        return self

    def join(self, limit: float | None = None) -> "Self | None":
        """Wait until it has ended, LIMIT seconds at most: None if it has not.

        Raises again what a run raised.
        """
        if self._thread is None:
            if not self.wait(limit=limit):
                return None
        else:
            self._thread.join(limit)
            if self._thread.is_alive():
                return None
            self._call_hooks()
        if self.error is not None:
            raise self.error
        return self

    def wait(self, iterations: int | None = None, limit: float | None = None) -> "Self | None":
        """Wait until it has ended, or for so many further ITERATIONS; LIMIT seconds at most.

        None if neither has come by then.
        """
        most = float("inf") if iterations is None else self._iterations + iterations
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._status in ("stopped", "failed") or self._iterations >= most, limit
            )
        return self if came else None

    def sleep(self, seconds: float) -> bool:
        """Sleep in a run, as long as it is not to stop; whether it may go on."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._stop, seconds)

    def _need_run(self) -> None:
        if getattr(self.run, "__func__", None) is Threaded.run:
            self.run()

    def _begin(self) -> None:
        """Begin a life."""
        self._schedule = Schedule(self.interval, strict=self.strict)
        self._backoff.reset()
        self._iterations, self._stop, self.error = 0, False, None
        self._hooks = ["before_stopping", "after_stopping"]
        self._status = "running"

    def _request_stop(self) -> None:
        with self._changed:
            begun = self._status in ("running", "waiting") and not self._stop
            self._stop = True
            self._changed.notify_all()
        if begun:
            self._call_hooks(1)

    def _call_hooks(self, leave: int = 0) -> None:
        """Call the hooks of the end that were not called yet, but for as many as to LEAVE."""
        while len(self._hooks) > leave:
            hook = self._hooks.pop(0)
            try:
                getattr(self, hook)()
            except Exception as error:  # noqa: BLE001 - theirs: the next one is called all the same
                self._note(error, f"{hook}() failed: {error!r}")

    def _note(self, error: BaseException, text: str) -> None:
        """Log an ERROR, which is the one that is raised in the end if it is the first."""
        self.error = self.error or error
        self._say("exception", text)

    def _say(self, level: str, text: str) -> object:
        """Log TEXT, which is whole: loguru and logging fill in what is missing differently."""
        return getattr(self.logger, level)(f"{self.name}: {text}")

    def _live(self) -> None:
        try:
            while self._may_run():
                self._run_once()
                self._rest()
        except BaseException as error:  # noqa: BLE001 - join() raises it again
            self._died(error)
        finally:
            self._end()

    def _run_once(self) -> None:
        began = self._begin_run()
        try:
            result = self.run()
            if hasattr(result, "__await__"):
                getattr(result, "close", lambda: None)()
                raise TypeError("run() gave a coroutine: startup() and serve() run `async def run`")
        except Exception as error:
            if not self._goes_on(error):
                raise
        self._end_run(began)

    def _may_run(self) -> bool:
        return not self._stop and not self.finished_iterations

    def _begin_run(self) -> float:
        self._status = "running"
        now = monotonic()
        self._schedule.begin(now)
        return now

    def _goes_on(self, error: Exception) -> bool:
        """Whether it does after a run that ended with ERROR; then not at once."""
        if not self.continue_on_error:
            return False
        self._say("exception", f"a run failed, and it goes on: {error!r}")
        self._schedule.pause(monotonic() + self._backoff.pause())
        return True

    def _end_run(self, began: float) -> None:
        now = monotonic()
        if self._schedule.end(began, now):
            self.exceeded(now - began)
        if self._schedule.due <= now:
            self._backoff.reset()
        with self._changed:
            self._iterations += 1
            self._changed.notify_all()

    def _rest(self) -> None:
        """Wait for the next run, or the end."""
        sd_notify.watchdog()
        if self.finished_iterations:
            return
        with self._changed:
            while not self._stop and (rest := self._schedule.due - monotonic()) > 0:
                self._status = "waiting"
                # A run that hangs gives no sign of life; one that is not due yet does.
                life = sd_notify.watchdog()
                self._changed.wait(rest if life is None else min(rest, life))

    def _died(self, error: BaseException) -> None:
        if isinstance(error, SystemExit):
            self.error = error
        else:
            self._note(error, f"a run failed, and ends it: {error!r}")

    def _end(self) -> None:
        with self._changed:
            self._status = "failed" if self.error is not None else "stopped"
            self._changed.notify_all()
