"""The thin loop around the table: wait for signals and deadlines, fork, reap.

Signals do nothing in their handlers: the interpreter writes their numbers into a pipe, and
the loop reads them there as the letters that svc would have sent. So there is one way for
a command to come in, and nothing happens between two lines of this file.
"""

import posix
from _signal import (
    SIG_IGN,
    SIG_UNBLOCK,
    SIGALRM,
    SIGCHLD,
    SIGCONT,
    SIGHUP,
    SIGINT,
    SIGPIPE,
    SIGQUIT,
    SIGTERM,
    SIGTSTP,
    SIGUSR1,
    SIGUSR2,
    SIGWINCH,
    getsignal,
    pthread_sigmask,
    set_wakeup_fd,
    signal,
)
from select import POLLIN, poll
from time import monotonic

from ..chain.cli import say
from .state import BORN, DUE, GONE, LEAVE, LEFT, START, UNBORN, State, step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# What a signal to the supervisor says, in letters.
LETTERS: dict[int, str] = {
    SIGTERM: "dx",
    SIGINT: "dx",
    SIGHUP: "h",
    SIGALRM: "a",
    SIGQUIT: "q",
    SIGUSR1: "1",
    SIGUSR2: "2",
    SIGWINCH: "w",
    SIGTSTP: "p",
    SIGCONT: "c",
}


class Inbox:
    """The pipe in which signals arrive as bytes."""

    def __init__(self) -> None:
        self.fds = posix.pipe2(posix.O_NONBLOCK | posix.O_CLOEXEC)
        set_wakeup_fd(self.fds[1], warn_on_full_buffer=False)
        # What was ignored for us (nohup) stays so. SIGPIPE is for a stderr that goes away.
        heard = [signum for signum in LETTERS if getsignal(signum) != SIG_IGN]
        heard += [SIGCHLD, SIGPIPE]
        for signum in heard:
            signal(signum, _nothing)
        # What was blocked for us would never come.
        pthread_sigmask(SIG_UNBLOCK, heard)

    def read(self) -> str:
        """The letters that came since the last time, in order."""
        try:
            numbers = posix.read(self.fds[0], 4096)
        except BlockingIOError:
            return ""
        return "".join(LETTERS.get(number, "") for number in numbers)


def _nothing(_signum: int, _frame: object) -> None:
    """The pipe has been written to already."""


class Service:
    """A process that is kept: its state, and how it is started.

    ENDED is called with the pid and the wait status when the process has ended, LEFT when
    there will be no other.
    """

    def __init__(
        self,
        name: bytes,
        spawn: "Callable[[], int]",
        ended: "Callable[[int, int], None]",
        left: "Callable[[], None]",
    ) -> None:
        self.name = name
        self.spawn = spawn
        self.on_end = ended
        self.on_leave = left
        self.state = State()
        self.pid = 0

    @property
    def left(self) -> bool:
        """Whether it is over for good."""
        return self.state.phase == LEFT

    def feed(self, event: str) -> None:
        """Let EVENT happen, now."""
        self.state, actions = step(self.state, event, monotonic())
        for action in actions:
            if action == START:
                self.feed(self._start())
            elif action == LEAVE:
                self.on_leave()
            else:
                self._signal(int(action))

    def end(self, pid: int, status: int) -> None:
        """The process PID has ended with STATUS."""
        self.pid = 0
        self.on_end(pid, status)
        self.feed(GONE)

    def _start(self) -> str:
        try:
            self.pid = self.spawn()
        except OSError as error:
            self._warn(b"unable to fork for ", error)
            return UNBORN
        return BORN

    def _signal(self, signum: int) -> None:
        try:
            # Nobody else reaps: until GONE has been fed, the pid is this process.
            posix.kill(self.pid, signum)
        except PermissionError as error:
            # It became another account than ours.
            self._warn(b"unable to signal ", error)

    def _warn(self, what: bytes, error: OSError) -> None:
        from ..chain.errors import words

        say(b"pysupervise: warning: " + what + self.name + b": " + words(error))


def run(services: list[Service], inbox: Inbox, tell: "Callable[[str], None]") -> None:
    """Keep SERVICES until all have left; TELL is given each letter that comes in."""
    waiter = poll()
    waiter.register(inbox.fds[0], POLLIN)
    for service in services:
        service.feed("u")
    while not all(service.left for service in services):
        wait = min(service.state.due for service in services) - monotonic()
        # A millisecond more than the rest, so that what is due is due when we look.
        waiter.poll(None if wait == float("inf") else max(0, wait * 1000 + 1))
        letters = inbox.read()
        running = {service.pid: service for service in services if service.pid}
        for pid, status in reap():
            if pid in running:
                running[pid].end(pid, status)
        for letter in letters:
            tell(letter)
        for service in services:
            service.feed(DUE)


def reap() -> list[tuple[int, int]]:
    """The pid and the status of every child that has ended, ours or left to us.

    All of them before any is dealt with: one that is started meanwhile, and ends at once,
    belongs to the next round.
    """
    gone: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = posix.waitpid(-1, posix.WNOHANG)
        except ChildProcessError:
            return gone
        if not pid:
            return gone
        gone.append((pid, status))
