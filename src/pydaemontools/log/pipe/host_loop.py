"""The loop around many pumps: what each costs while nothing comes for it is nothing.

Only those are looked at that have something to do, each for a block, then the next. A wake-up costs
as much as a line: so after one for a few lines comes a rest, in which those of others gather; but
not while somebody prints much, whose pipe would fill.
"""

import posix
from _heapq import heappop, heappush
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT
from time import monotonic, sleep

from ...base import cli
from . import background
from .ending import INFINITY
from .pump_loop import PumpLoop, Waker
from .pump_wait import AGAIN
from .source import LITTLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .pump_loop import Step
    from .pump_wait import PumpWait


REST = 0.04  # seconds from a wake-up to the next, where all that came was little
CALM = 0.1  # seconds since the last time that much came, until there is a rest again


class HostLoop(PumpLoop):
    """Has its pumps do steps by turns, for WHO; ENTER is called with whose it is before each."""

    def __init__(self, who: bytes, enter: "Callable[[Waker], None]") -> None:
        super().__init__()
        self._who = who
        self._enter = enter
        self._ready: dict[Waker, None] = {}
        self._alarms: list[tuple[float, int, Waker]] = []
        self._set: dict[Waker, float] = {}  # the first alarm of each
        self._count = 0
        self._watched: dict[int, Callable[[], None]] = {}
        self._came = 0  # bytes, in the largest step since the last wait
        self._woke = 0.0  # when, on the clock, the last wait ended
        self._flooded = 0.0  # and the last one after which much came
        if background.host:
            self.watch(background.host.source, self._done)

    def watch(self, fd: int, callback: "Callable[[], None]", *, write: bool = False) -> None:
        """Call CALLBACK when FD can be read, or written to if WRITE."""
        known = fd in self._watched
        self._watched[fd] = callback
        events = EPOLLIN | EPOLLOUT if write else EPOLLIN
        (self.epoll.modify if known else self.epoll.register)(fd, events)

    def unwatch(self, fd: int) -> None:
        """FD is of no interest any more."""
        del self._watched[fd]
        self.epoll.unregister(fd)

    def add(self, waker: Waker, step: "Step") -> None:
        """Have STEP, a pump's, done whenever WAKER says so."""
        super().add(waker, step)
        self.rouse(waker)

    def rouse(self, waker: Waker) -> None:
        """Have the pump of WAKER do a step soon."""
        waker.due = 0.0
        self._ready[waker] = None

    def turn(self) -> list[tuple[Waker, int]]:
        """Wait for something to do, and have each who has do a step.

        Return those that have ended, and the exit code of each.
        """
        self._hear()
        now = monotonic()
        while self._alarms and self._alarms[0][0] <= now:
            when, _, waker = heappop(self._alarms)
            if self._set.get(waker) == when:
                del self._set[waker]
                if waker.due <= now:
                    self._ready[waker] = None
                else:
                    self._schedule(waker)
        ready, self._ready = self._ready, {}
        ended = []
        for waker in ready:
            code = self._step(waker, now)
            if code is not None:
                ended.append((waker, code))
        return ended

    def _step(self, waker: Waker, now: float) -> int | None:
        """Do a step of WAKER's pump; return its exit code if that was the last."""
        if waker.rest.on and waker.rests(now):
            self._schedule(waker)
            return None
        self._enter(waker)
        if background.host:
            background.host.owner = waker
        wait: PumpWait | int
        before = waker.source.consumed
        try:
            wait = self._steps[waker]()
        except cli.Quit as end:
            wait = end.say(self._who)
        self._came = max(self._came, waker.source.consumed - before)
        if isinstance(wait, int):
            waker.listen(on=False)
            del self._steps[waker]
            self._set.pop(waker, None)
            return wait
        if wait is AGAIN:
            self._ready[waker] = None
        else:
            waker.wait(wait)
            self._schedule(waker)
        return None

    def _schedule(self, waker: Waker) -> None:
        """Have WAKER looked at when it is due, or before."""
        if waker.due < self._set.get(waker, INFINITY):
            self._set[waker] = waker.due
            self._count += 1
            heappush(self._alarms, (waker.due, self._count, waker))

    def _hear(self) -> None:
        """Wait until some pump has something to do."""
        if self._came >= LITTLE:
            self._flooded = self._woke
        calm = self._woke >= self._flooded + CALM
        if self._ready:
            seconds = 0.0
        elif calm and 0 < self._came < LITTLE and (left := self._woke + REST - monotonic()) > 0:
            sleep(left)
            seconds = 0.0
        elif self._alarms:
            seconds = max(0.0, self._alarms[0][0] - monotonic())
        else:
            seconds = -1
        self._came = 0
        found = self.epoll.poll(seconds)
        self._woke = monotonic()
        for fd, events in found:
            if fd == self.wake[0]:
                self.signalled()
            elif callback := self._watched.get(fd):
                callback()
            elif waker := self.wakers.get(fd):
                if fd == waker.source.fd and events & (EPOLLHUP | EPOLLERR):
                    waker.source.hung_up = True
                self.rouse(waker)

    def signalled(self) -> None:
        """See to a signal: it is for all."""
        posix.read(self.wake[0], 4096)
        for waker in self._steps:
            self.rouse(waker)

    def _done(self) -> None:
        """Jobs are done in threads: whose they are has a turn."""
        if background.host:
            for owner in background.host.finished():
                if isinstance(owner, Waker) and owner in self._steps:
                    self.rouse(owner)
