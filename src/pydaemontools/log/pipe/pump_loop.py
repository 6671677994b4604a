"""The loop around pumps: it waits for what they wait for, and for signals."""

import posix
from _signal import set_wakeup_fd
from select import EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, POLLIN, epoll, poll
from time import monotonic

from . import background
from .ending import INFINITY
from .pump_wait import AGAIN
from .rest import Rest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .ending import Ending
    from .pump_wait import PumpWait
    from .source import Source

    Step = Callable[[], PumpWait | int]

PATIENCE = 0.01, 1.0  # seconds until a line without an end is looked at again: first, longest
# What of a pipe wakes us: that there is something, something new, nothing but its end.
THERE, NEW, END = EPOLLIN, EPOLLIN | EPOLLET, EPOLLET


class PumpLoop:
    """Has each of its pumps do a step whenever what that one waits for has come.

    There is one in a process: what wakes it at a signal is the process's.
    """

    def __init__(self) -> None:
        # Where a signal's number arrives, so that it ends a wait.
        self.wake = posix.pipe2(posix.O_NONBLOCK | posix.O_CLOEXEC)
        set_wakeup_fd(self.wake[1], warn_on_full_buffer=False)
        self.epoll = epoll()
        self.epoll.register(self.wake[0], EPOLLIN)
        self.wakers: dict[int, Waker] = {}  # by the fd that makes each due
        self._steps: dict[Waker, Step] = {}

    def add(self, waker: "Waker", step: "Step") -> None:
        """Have STEP, a pump's, done whenever WAKER says so."""
        self._steps[waker] = step

    def run(self) -> "dict[Waker, int]":
        """Go on until all pumps have ended; return the exit code of each."""
        codes: dict[Waker, int] = {}
        if background.host:
            self.epoll.register(background.host.source, EPOLLIN)
        while self._steps:
            self._wait()
            now = monotonic()
            for waker in [*self._steps]:
                if waker.due > now or (waker.rest.on and waker.rests(now)):
                    continue
                step = self._steps[waker]
                wait = step()
                while wait is AGAIN and len(self._steps) == 1:
                    # Nobody else wants a turn, and what ends the input is seen by the pump.
                    wait = step()
                if isinstance(wait, int):
                    codes[waker] = wait
                    waker.listen(on=False)
                    del self._steps[waker]
                elif wait is not AGAIN:
                    waker.wait(wait)
        return codes

    def _wait(self) -> None:
        """Wait until some pump is due, or what one waits for has come."""
        due = INFINITY
        for one in self._steps:
            due = min(due, one.due)
        seconds = -1 if due == INFINITY else max(0.0, due - monotonic())
        for fd, events in self.epoll.poll(seconds):
            if fd == self.wake[0]:
                self.signalled()
            elif background.host and fd == background.host.source:
                background.host.finished()
                self._rouse()
            elif waker := self.wakers.get(fd):
                waker.due = 0.0
                if fd == waker.source.fd and events & (EPOLLHUP | EPOLLERR):
                    waker.source.hung_up = True

    def signalled(self) -> None:
        """See to a signal: nobody knows whom it concerns."""
        posix.read(self.wake[0], 4096)
        self._rouse()

    def _rouse(self) -> None:
        """Have all pumps do a step soon."""
        for waker in self._steps:
            waker.due = 0.0


class Waker:
    """Says when the pump of SOURCE in LOOP is due: when something comes in, when what a sink
    watches is ready, after a time. Sinks ask it, too, how the input ends; ENDING knows.
    """

    __slots__ = (
        "_deadline",
        "_events",
        "_listens",
        "_patience",
        "_watched",
        "due",
        "loop",
        "rest",
        "signals",
        "source",
    )

    def __init__(self, loop: PumpLoop, source: "Source", ending: "Ending") -> None:
        self.loop = loop
        self.source = source
        self.signals = ending.signals
        self.due = 0.0  # when, on the clock, the pump has to do a step; 0 if at once
        self._listens = False  # whether the last wait was for input
        self._patience = PATIENCE[0]
        self.rest = Rest(source)
        self._deadline = 0.0  # until when there is nothing to be done but what comes in
        self._events = NEW  # what of the pipe wakes us, while we listen
        self._watched: dict[int, int] = {}

    @property
    def ended(self) -> bool:
        """Whether nothing can follow what is there."""
        return self.source.ended

    def watch(self, fd: int, *, write: bool) -> None:
        """Have FD end a wait or a sleep when it can be read from, or written to if WRITE."""
        self._watched[fd] = EPOLLIN | EPOLLOUT if write else EPOLLIN
        self.loop.epoll.register(fd, self._watched[fd])
        self.loop.wakers[fd] = self

    def unwatch(self, fd: int) -> None:
        """FD is nothing to wait for any more, if it was."""
        self._watched.pop(fd, None)
        if self.loop.wakers.pop(fd, None):
            try:
                self.loop.epoll.unregister(fd)
            except OSError:
                # It was closed, and so forgotten.
                pass

    def sleep(self, seconds: float) -> None:
        """Stop the process until a signal came, what is watched is ready, or SECONDS passed."""
        waiter = poll()
        waiter.register(self.loop.wake[0], POLLIN)
        for fd, events in self._watched.items():
            waiter.register(fd, events)
        # A negative time would be for ever.
        if any(fd == self.loop.wake[0] for fd, _ in waiter.poll(max(0.0, seconds) * 1000)):
            self.loop.signalled()

    def wait(self, wait: "PumpWait") -> None:
        """Be due when what WAIT says has come."""
        seconds = INFINITY if wait.seconds is None else wait.seconds
        if self._listens:
            self._patience = min(2 * self._patience, PATIENCE[1]) if self.due else PATIENCE[0]
        if wait.for_input != self._listens:
            self.listen(on=wait.for_input)
        if wait.for_input and not self._listens:
            # A file always has something, or its end.
            seconds = 0.0
        elif wait.for_input and self.source.lasts and self.source.available:
            # A write larger than the pipe tells nobody that it goes on behind what is there.
            seconds = min(seconds, self._patience)
        now = monotonic()
        self.due = self._deadline = now + seconds
        if not self._listens or not self.source.lasts:
            return
        # What stays in a pipe must not wake us again.
        events = NEW if self.source.available else THERE
        if self.rest.begin(now):
            self.due, events = min(self._deadline, self.rest.next), END
        if events != self._events:
            self._hear(events)

    def rests(self, now: float) -> bool:
        """Return whether the pump goes on resting, though it is due: NOW nothing is to be done."""
        rest = self.rest
        if not rest.on:
            return False
        if not self.due or now >= self._deadline:
            # There was a signal, or the end of the input, or it is time for something else.
            rest.on = False
            return False
        there = rest.look()
        if there and not rest.on:
            return False
        self.due = min(self._deadline, rest.next) if rest.on else self._deadline
        if not rest.on:
            self._hear(THERE)
        return True

    def _hear(self, events: int) -> None:
        """Have EVENTS of the pipe wake us."""
        self.loop.epoll.modify(self.source.fd, events)
        self._events = events

    def listen(self, *, on: bool) -> None:
        """Have new input make the pump due if ON; else it wakes nobody."""
        fd, self._listens = self.source.fd, on
        if not on:
            self.unwatch(fd)
            return
        try:
            self._events = NEW if self.source.lasts else THERE
            self.loop.epoll.register(fd, self._events)
            self.loop.wakers[fd] = self
        except PermissionError:
            # It is a file.
            self._listens = False
