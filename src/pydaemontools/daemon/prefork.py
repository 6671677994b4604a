"""A pool of workers: processes that do the same work, watched, replaced and ended by one."""

import os
import signal
from select import POLLIN, poll
from threading import current_thread, main_thread
from time import monotonic, sleep

from .pool import Pool
from .server import Server
from .signal_inbox import SignalInbox
from .worker import AtWork, Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol, Self

    from .server import Lock
    from .threaded import Log

    class HasFileno(Protocol):
        """What can be waited for."""

        def fileno(self) -> int: ...  # noqa: D102


GRACE = 10.0  # seconds that a worker has for the work in progress when it is to end
NAP = 0.02  # seconds between two looks where there is no pidfd
UNTOLD = 0.2  # seconds between two looks in a thread, which is told of no child


class Prefork(Server):
    """Workers that are forked from this process, and run EXECUTE again and again, each by itself.

    There are MIN_WORKERS, and never more than MAX_WORKERS but for one that replaces another:
    add_workers() and prune_workers(), or TTIN and TTOU, change how many. One that ends, however,
    is replaced; one that was never ready only after a pause. EXECUTE is a function without
    arguments, or a method of a class that inherits; before_executing() and after_executing()
    are called once in each worker. With TIMEOUT, a worker whose execute() does not return for
    so many seconds is ended: ABRT, so that faulthandler says where it hangs, then KILL. What
    waits in an execute() does so by wait_for() or sleep(), or says beat() now and then.

    HUP replaces the workers one after the other, so that there are never fewer: a new one is
    ready before the oldest ends. Should it never be, the old ones go on. HUP to a worker does so
    with that one. TERM and INT end all:
    each has GRACE seconds for what it is at. The rest is a Server's: NAME, LOGGER, PID_FILE,
    SIGNALS, the hooks and startup(), which stays until the end. Instead of that, start(),
    look() as often as you like, and stop().
    """

    def __init__(
        self,
        name: str = "",
        *,
        execute: "Callable[[], object] | None" = None,
        min_workers: int = 1,
        max_workers: int | None = None,
        timeout: float | None = None,
        grace: float = GRACE,
        before_executing: "Callable[[], object] | None" = None,
        after_executing: "Callable[[], object] | None" = None,
        logger: "Log | None" = None,
        pid_file: "Lock" = None,
        signals: "Mapping[str | int, Callable[[], object]] | Iterable[str | int]" = (),
    ) -> None:
        super().__init__(name, logger=logger, pid_file=pid_file, signals=signals)
        most = max(min_workers, 1) if max_workers is None else max_workers
        if not 0 <= min_workers <= most or most < 1:
            raise ValueError(
                f"min_workers={min_workers!r}, max_workers={max_workers!r}: the least is 0 or more,"
                " and the most not less than that, or than 1"
            )
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout={timeout!r}: a number of seconds above 0, or None")
        self.min_workers, self.max_workers = min_workers, most
        self.timeout = timeout
        self.grace = grace
        given = {
            "execute": execute,
            "before_executing": before_executing,
            "after_executing": after_executing,
        }
        vars(self).update({name: one for name, one in given.items() if one is not None})
        self._pool = self._new_pool()
        self._at_work: AtWork | None = None

    # In a worker.

    def execute(self) -> object:
        """What each worker does again and again: a class that inherits has its own."""
        text = f"{self.name} has nothing to do: give execute=, or a class that has execute()"
        raise NotImplementedError(text)

    def before_executing(self) -> object:
        """Is called in each worker before its first execute(); it is ready afterwards."""

    def after_executing(self) -> object:
        """Is called in each worker at its end, also after an error."""

    @property
    def running(self) -> bool:
        """Whether it goes on: in a worker that worker, else the pool."""
        return super().running if self._at_work is None else self._at_work.running

    def wait_for(self, file: "HasFileno | int | None" = None, seconds: float | None = None) -> bool:
        """Wait in execute() until FILE can be read, SECONDS at most; whether it can.

        It returns at once when the worker is to end, and gives signs of life meanwhile.
        """
        fd = file if file is None or isinstance(file, int) else file.fileno()
        if self._at_work is None:
            raise RuntimeError("wait_for() is for execute(), in a worker")
        most = float("inf") if self.timeout is None else self.timeout / 4
        return self._at_work.wait(fd, seconds, most)

    def sleep(self, seconds: float) -> bool:
        """Sleep in execute(), as long as the worker is not to end; whether it may go on."""
        if self._at_work is None:
            return super().sleep(seconds)
        self.wait_for(None, seconds)
        return self.running

    def beat(self) -> None:
        """Give a sign of life in an execute() that takes long."""
        if self._at_work is not None:
            self._at_work.beat()

    # In the master.

    @property
    def workers(self) -> "list[Worker]":
        """Those that live, the oldest first."""
        return [post.worker for post in self._pool.posts]  # type: ignore[misc]

    @property
    def errors(self) -> "list[Worker]":
        """The last that ended badly, each with `pid`, `status`, `timed_out` and `error`, a text."""
        return list(self._pool.ended)  # type: ignore[arg-type]

    @property
    def worker_counts(self) -> dict[str, int]:
        """How many are `ready`, `starting` and `stopping`."""
        posts = self._pool.posts
        stopping = sum(post.leaving for post in posts)
        ready = sum(not post.leaving and post.worker.last_sign() > 0 for post in posts)
        return {"ready": ready, "starting": len(posts) - stopping - ready, "stopping": stopping}

    def start(self, workers: int | None = None) -> "Self":
        """Start so many WORKERS, without one MIN_WORKERS; look() keeps them."""
        if super().running:
            return self
        if getattr(self.execute, "__func__", None) is Prefork.execute:
            self.execute()
        self.before_starting()
        self._begin()
        self._pool = self._new_pool()
        self._set(self.min_workers if workers is None else workers)
        try:
            self.look()
            self.after_starting()
        except BaseException:
            self.stop()
            raise
        return self

    def look(self) -> float | None:
        """Replace those that ended, end those that hang, and so on.

        Return in how many seconds to look again: at the end of a worker, else at None.
        """
        rest = self._pool.look(monotonic())
        self._iterations += 1
        return rest

    def stop(self, limit: float | None = None) -> "Self":
        """End all workers, with LIMIT seconds for what they are at, and wait for them."""
        self._request_stop()
        if limit is not None:
            self.grace = limit
        self._pool.grace = self.grace
        self._pool.retire_all(monotonic())
        rest = self._pool.look(monotonic())
        while self._pool.posts:
            wait_for_any([post.worker.pid for post in self._pool.posts], rest)
            rest = self._pool.look(monotonic())
        self._call_hooks()
        self._end()
        return self

    def add_workers(self, count: int = 1) -> None:
        """Have COUNT more, as far as there may be."""
        self._set(self._pool.wanted + count)

    def prune_workers(self, count: int = 1) -> None:
        """Have COUNT fewer, as far as there may be: the oldest end."""
        self._set(self._pool.wanted - count)

    def replace_workers(self) -> None:
        """Replace each worker of now, one after the other."""
        self._pool.replace()

    def signal_workers(self, name: str | int = "TERM") -> None:
        """Send the signal NAME to each worker."""
        from .signal_numbers import number

        for worker in self.workers:
            worker.signal(number(name))

    def hup(self) -> None:
        """What HUP does: the workers are replaced."""
        self.replace_workers()

    def ttin(self) -> None:
        """What TTIN does: one more worker."""
        self.add_workers()

    def ttou(self) -> None:
        """What TTOU does: one fewer."""
        self.prune_workers()

    def _startup(self, *, wait: bool) -> None:  # noqa: ARG002 - it stays in any case
        in_main = current_thread() is main_thread()
        numbers = [*self._methods(), signal.SIGCHLD] if in_main else []
        with SignalInbox(numbers) as inbox:
            self._inbox = inbox
            try:
                self.start()
                self._live_on(inbox, UNTOLD if not in_main else float("inf"))
            finally:
                self.stop()
                self._inbox = None
        if self.error is not None:
            raise self.error

    def _live_on(self, inbox: SignalInbox, most: float) -> None:
        told = False
        while not self._stop:
            rest = self.look()
            if not told and self.worker_counts["starting"] == 0:
                told = True
                self._ready()
            rest = min(most, float("inf") if rest is None else rest)
            for signum in inbox.wait(None if rest == float("inf") else rest):
                if signum != signal.SIGCHLD:
                    self._call(signum)

    def _methods(self) -> "dict[int, Callable[[], object]]":
        return super()._methods() | {signal.SIGTTIN: self.ttin, signal.SIGTTOU: self.ttou}

    def _request_stop(self) -> None:
        if self._at_work is None:
            super()._request_stop()
        else:
            # In a worker it is that one that ends.
            self._at_work.ending = True

    def _new_pool(self) -> Pool:
        return Pool(self._fork, self._say, timeout=self.timeout, grace=self.grace)

    def _fork(self) -> Worker:
        return Worker(self._work, self._methods())

    def _work(self, at_work: AtWork) -> None:
        """Be a worker."""
        self._at_work = at_work
        if self._inbox is not None:
            at_work.on_ask = self._inbox.poke
        try:
            self.before_executing()
            at_work.beat()
            # It is ready, and whoever waits for that looks now.
            at_work.on_ask()
            while at_work.running:
                self.execute()
                at_work.beat()
        finally:
            self.after_executing()

    def _set(self, count: int) -> None:
        self._pool.wanted = max(self.min_workers, min(count, self.max_workers))


def wait_for_any(pids: "list[int]", seconds: float | None) -> None:
    """Wait until one of our children PIDS has ended, SECONDS at most."""
    waiter, fds = poll(), []
    try:
        for pid in pids:
            fds.append(os.pidfd_open(pid))
            waiter.register(fds[-1], POLLIN)
        waiter.poll(None if seconds is None else seconds * 1000)
    except (AttributeError, OSError):
        # An old kernel, or a sandbox; or too many files.
        sleep(NAP)
    finally:
        for fd in fds:
            os.close(fd)
