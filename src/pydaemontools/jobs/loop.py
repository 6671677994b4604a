"""The loop: wait for signals, children, fds and deadlines, and call whoever asked for them.

Signals do nothing in their handlers: the interpreter writes their numbers into a pipe, and
the loop reads them there as the letters that svc would have sent. So there is one way for
a command to come in, and nothing happens between two lines of this file.

One loop may hold many services. Each has its own working directory, and this process has one:
so whoever asked is called in the directory where it asked.
"""

import _signal as signal
import posix
from _heapq import heapify, heappop, heappush
from select import POLLIN
from time import monotonic

from ..base.orphans import reap

try:
    # It looks at what is ready alone: of many files that are watched few are.
    from select import epoll as poller

    SECOND = 1  # as its poll() counts
except ImportError:
    from select import poll as poller  # type: ignore[assignment]

    SECOND = 1000

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container

    Callback = Callable[[], None]
    Asked = tuple[Callable[..., None], int]

LONGEST = 86_400.0  # seconds of one wait: of milliseconds it takes no more than an int
MOST = 4096  # signals that are read at once
SLACK = 64  # alarms that may stand in the heap for nothing
NOWHERE = b"/proc/self/fdinfo"
END = "."  # no letter of svc: what ends a service and its supervisor
# What a signal to the supervisor says, in letters.
LETTERS: dict[int, str] = {
    signal.SIGTERM: END,
    signal.SIGINT: END,
    signal.SIGHUP: "h",
    signal.SIGALRM: "a",
    signal.SIGQUIT: "q",
    signal.SIGUSR1: "1",
    signal.SIGUSR2: "2",
    signal.SIGWINCH: "w",
    signal.SIGTSTP: "p",
    signal.SIGCONT: "c",
}


class Inbox:
    """The pipe in which signals arrive as bytes."""

    def __init__(self) -> None:
        self.fds = posix.pipe2(posix.O_NONBLOCK | posix.O_CLOEXEC)
        signal.set_wakeup_fd(self.fds[1], warn_on_full_buffer=False)
        # What was ignored for us (nohup) stays so. SIGPIPE is for a stderr that goes away.
        handled = [signum for signum in LETTERS if signal.getsignal(signum) != signal.SIG_IGN]
        handled += [signal.SIGCHLD, signal.SIGPIPE]
        for signum in handled:
            signal.signal(signum, _nothing)
        # What was blocked for us would never come.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)

    def read(self) -> bytes:
        """The numbers of the signals that came since the last time, in order."""
        try:
            return posix.read(self.fds[0], MOST)
        except BlockingIOError:
            return b""

    def letters(self, numbers: bytes) -> str:
        """What the signals of these NUMBERS say."""
        return "".join(LETTERS.get(number, "") for number in numbers)


def _nothing(_signum: int, _frame: object) -> None:
    """The pipe has been written to already."""


class Loop:
    """What there is to wait for, and what to call when it comes.

    `home` is an fd of the directory where this process is; -1 as long as it stays where it began.

    `on_letter` is called with each letter that a signal stands for; those in `on_orphan` when
    a process has ended that nobody asked for: an orphan that was left to us.
    """

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.on_letter: Callable[[str], None] = lambda _letter: None
        self.home = -1
        self._astray = False  # whether we could not go there
        self.on_orphan: dict[Callback, int] = {}
        self.children: dict[int, Asked] = {}
        self.childless = False  # whether there was no process at all below us
        self.turns = 0
        self.pending: dict[object, int] = {}  # what is to be done before the end, and its home
        self._readers: dict[int, Asked] = {inbox.fds[0]: (lambda: None, -1)}
        self._waiting: dict[int, dict[Callback, int]] = {}
        self._due: dict[Callback, float] = {}
        self._alarms: list[tuple[float, int, Callback, int]] = []
        self._count = 0  # so that two alarms at the same time are not compared further
        self._turn_end: dict[Callback, int] = {}
        self._poller = poller()
        self._poller.register(inbox.fds[0], POLLIN)
        self._files: set[int] = set()  # what is watched, and always ready

    def watch(self, fd: int, callback: "Callback", events: int = POLLIN) -> None:
        """Call CALLBACK each time that FD can be read, or whatever EVENTS say, until it is
        forgotten: that has to be before it is closed, as another process may have it too.
        """
        self._readers[fd] = callback, self.home
        try:
            self._poller.register(fd, events)
        except FileExistsError:
            self._poller.modify(fd, events)
        except PermissionError:
            self._files.add(fd)

    def forget(self, fd: int) -> None:
        """FD is of no interest any more."""
        if not self._readers.pop(fd, None):
            return
        if fd in self._files:
            self._files.remove(fd)
            return
        try:
            self._poller.unregister(fd)
        except OSError:
            # It was closed, and no other process has it.
            pass

    def once(self, fd: int, callback: "Callback", events: int) -> None:
        """Call CALLBACK when FD is as EVENTS say; many may wait for one."""
        waiting = self._waiting.setdefault(fd, {})
        if not waiting:
            self.watch(fd, lambda: self._wake(fd), events)
        waiting[callback] = self.home

    def _wake(self, fd: int) -> None:
        self.forget(fd)
        for callback, home in self._waiting.pop(fd).items():
            self.visit(home)
            callback()

    def child(self, pid: int, callback: "Callable[[int], None]") -> None:
        """Call CALLBACK with the wait status of the process PID when it has ended."""
        self.childless = False
        self.children[pid] = callback, self.home

    def forget_child(self, pid: int, callback: "Callable[[int], None]") -> None:
        """Do not call CALLBACK when the process PID has ended."""
        if self.children.get(pid, (None, -1))[0] == callback:
            del self.children[pid]

    def at(self, when: float, callback: "Callback", home: int | None = None) -> None:
        """Call CALLBACK when the clock says WHEN, or before that if it is due before that already:
        where we are, or in the directory HOME.

        There is no taking it back: whoever is called looks again.
        """
        if self._due.get(callback, when + 1) <= when:
            return
        self._due[callback] = when
        self._count += 1
        alarm = when, self._count, callback, self.home if home is None else home
        heappush(self._alarms, alarm)
        if len(self._alarms) > SLACK + 2 * len(self._due):
            # Most of it has been overtaken by earlier ones.
            self._alarms = [alarm for alarm in self._alarms if self._holds(alarm)]
            heapify(self._alarms)

    def at_turn_end(self, callback: "Callback") -> None:
        """Call CALLBACK, once, when everything else of this turn has been done."""
        self._turn_end[callback] = self.home

    def drop(self, homes: "Container[int]") -> None:
        """Nobody who asked from one of HOMES is to be called any more; each call looks at all."""
        for fd in [fd for fd, asked in self._readers.items() if asked[1] in homes]:
            self.forget(fd)
        for pid in [pid for pid, asked in self.children.items() if asked[1] in homes]:
            del self.children[pid]
        for callbacks in (self._turn_end, self.on_orphan, *self._waiting.values()):
            for callback in [one for one, where in callbacks.items() if where in homes]:
                del callbacks[callback]
        for alarm in [alarm for alarm in self._alarms if alarm[3] in homes]:
            self._due.pop(alarm[2], None)
        if self.home in homes:
            self.home = -1

    def drop_here(self) -> None:
        """As drop(), where each service has a home."""
        if self.home >= 0:
            self.drop((self.home,))

    def enter(self, home: int) -> None:
        """Have HOME as the working directory, if it is one. Raises OSError."""
        if home != -1 and (home != self.home or self._astray):
            posix.fchdir(home)
            self.home = home
            self._astray = False

    def visit(self, home: int) -> None:
        """As enter(). Where we may not go, be where no file of a service is, and none can be made:
        so whoever asked finds nothing, and says so, and the others go on.
        """
        try:
            self.enter(home)
        except OSError:
            posix.chdir(NOWHERE)
            self.home = home
            self._astray = True

    def turn(self) -> None:
        """Wait for something, and deal with all that there is."""
        # Whom to call for what, as it is now: a number may soon be another file's.
        fds = [fd for fd, _ in self._poller.poll(self._rest())]
        ready = [(fd, self._readers[fd]) for fd in (*fds, *self._files) if fd in self._readers]
        numbers = self.inbox.read()
        self.turns += 1
        # All of them before any is dealt with: one that is started meanwhile, and ends at
        # once, belongs to the next turn.
        for pid, status in self._reap(numbers):
            ended, home = self.children.pop(pid, (self._orphan, -1))
            self.visit(home)
            ended(status)
        for letter in self.inbox.letters(numbers):
            self.on_letter(letter)
        for fd, asked in ready:
            # Whoever is called may forget another that is ready too.
            if self._readers.get(fd) == asked:
                self.visit(asked[1])
                asked[0]()
        # Who asks to be called again at once is, after the others have had their turn.
        now = monotonic()
        while self._alarms and self._alarms[0][0] <= now:
            alarm = heappop(self._alarms)
            if self._holds(alarm):
                del self._due[alarm[2]]
                self.visit(alarm[3])
                alarm[2]()
        callbacks, self._turn_end = self._turn_end, {}
        for callback, home in callbacks.items():
            self.visit(home)
            callback()

    def _reap(self, numbers: bytes) -> list[tuple[int, int]]:
        """The children that have ended, and their statuses, if the signals of NUMBERS say that some
        may have: to find out, the system looks at all that there are.
        """
        if signal.SIGCHLD not in numbers and len(numbers) < MOST and self.turns > 1:
            return []
        gone, others = reap()
        self.childless = not others
        return gone

    def _rest(self) -> float | None:
        if self._turn_end or self._files:
            return 0
        if not self._alarms:
            return None
        # A millisecond more than the rest, so that what is due is due when we look.
        return SECOND * min(LONGEST, max(0.0, self._alarms[0][0] - monotonic() + 0.001))

    def _holds(self, alarm: "tuple[float, int, Callback, int]") -> bool:
        return self._due.get(alarm[2]) == alarm[0]

    def _orphan(self, _status: int) -> None:
        for callback, home in list(self.on_orphan.items()):
            self.visit(home)
            callback()
