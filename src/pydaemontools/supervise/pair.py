"""A service, and the logger at the other end of a pipe that is held here.

So what is in the pipe outlives either of them. The service goes first: then nobody can
write any more, and the logger ends by itself at the end of the file. One that dies before
that is started again, unless it cannot work: then what it did not read is lost, which is said.

Where output goes through us (tap.py) a logger whose supervisor was killed has come to the end of
its pipe. It has its time to end; only then is anything more written to that.
"""

import gc
import posix
from select import POLLHUP, POLLIN, poll

from ..base import cli, kept_pipe
from ..jobs.loop import END, Loop
from ..jobs.owed import say_later
from .service import Nobody, Service
from .state import DOWN, FINISHING, UP, WAIT
from .table import LAST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .state import State

MOST = 1 << 31  # bytes that no pipe holds
FUTILE = 3  # ends or starts of a logger that read nothing, in a row, after which it has no other


class Kept(Nobody):
    """SERVICE, kept alone, and what is told of what becomes of it. With a logger it is a Pair."""

    __slots__ = ("_on_gone", "home", "loop", "service")

    logger: Service | None = None

    def __init__(self, loop: Loop, service: Service) -> None:
        self.loop = loop
        self.home = loop.home  # the working directory of all that is here
        self.service = service
        self._on_gone = _nothing
        service.pair = self

    def run(self, keep: list[int], *, verbose: bool = False) -> None:
        """Keep all until told to stop; KEEP are the fds that they inherit."""
        self.loop.on_letter = self.send
        say_later(self.loop)
        self.begin(keep, verbose=verbose)
        # What is there by now stays: no collection has to look at it, here or in a child.
        gc.freeze()
        while self.loop.pending or not self.left:
            self.loop.turn()
        cli.owes()

    def begin(self, keep: list[int], *, verbose: bool = False) -> None:
        """Start all, which inherit KEEP. The logger is there before the service."""
        self.loop.visit(self.home)
        for one in self.members:
            one.keep = keep
            one.verbose = verbose
            one.begin()

    def when_gone(self, callback: "Callable[[], None]") -> None:
        """Call CALLBACK when the last of them has left."""
        self._on_gone = callback

    def gone(self, _one: Service) -> None:
        """There will never be anything again."""
        self._on_gone()

    def rename(self, name: bytes, found: bytes) -> None:
        """The directory is called NAME now, and is looked for where Upkeep's `found` says."""
        for one in self.members:
            one.rename(name, found)

    def close(self) -> None:
        """All have left, and the loop has dropped them: close what they had open."""
        for one in self.members:
            one.close()

    @property
    def left(self) -> bool:
        """Whether all are over for good."""
        return all(one.left for one in self.members)

    @property
    def members(self) -> list[Service]:
        """All that is kept: here the service alone."""
        return [self.service]

    def send(self, letter: str) -> None:
        """Send LETTER to the service."""
        self._send(self.service, letter)

    def _send(self, one: Service, letter: str) -> None:
        self.loop.visit(self.home)
        one.obey(one.ends if letter == END else letter.encode())

    def end(self) -> None:
        """Have all end for good. Who is down ended before that, however it did."""
        for one in self.members:
            if one.state.phase in (DOWN, WAIT):
                one.wait_status = 0
        self.send(END)

    def urge(self) -> bool:
        """Have a logger end that reads nothing; return whether to look again."""
        return False


class Pair(Kept):
    """SERVICE and LOGGER, and the pipe to it that FDS of the service are.

    PIPE, its two ends, is the one between them, if there is one already; one that nobody can write
    to, if the logger that is there has come to its end.
    """

    __slots__ = (
        "_at_end",
        "_futile",
        "_passers",
        "_seen",
        "_sink",
        "_source",
        "_unread",
        "logger",
    )

    logger: Service

    def __init__(
        self,
        loop: Loop,
        service: Service,
        logger: Service,
        fds: tuple[int, ...],
        pipe: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(loop, service)
        self.logger = logger
        logger.pair = self
        self._source, self._sink = pipe or posix.pipe2(posix.O_CLOEXEC)
        # Whether the logger has come to the end of it, and who waits for one that has not.
        self._at_end = bool(pipe) and not kept_pipe.writable(self._sink)
        self._passers: tuple[Callable[[], None], ...] = ()
        service.fd_map = {**service.fd_map, **dict.fromkeys(fds, self._sink)}
        logger.fd_map = {**logger.fd_map, 0: self._source}
        self._seen = -1  # bytes that the logger had not read when it was looked at, once both end
        # Once the service has left: bytes in the pipe when the last run of the logger
        # ended, and how many runs in a row read nothing. One that was there before counts
        # for nothing: who knows what it had read.
        self._unread, self._futile = MOST, 0

    @property
    def members(self) -> list[Service]:
        """The logger and the service."""
        return [self.logger, self.service]

    def begin(self, keep: list[int], *, verbose: bool = False) -> None:
        """Start both, which inherit KEEP. The logger is there before the service."""
        super().begin(keep, verbose=verbose)
        if self._at_end:
            adopted = self.logger.followed and self.service.followed
            if not (adopted and self.service.passed_on):
                # No logger is at its end, or there is no other pipe than this one.
                self._write_again()

    def close(self) -> None:
        """Both have left, and the loop has dropped them: close what they had open."""
        posix.close(self._source)
        super().close()

    def send(self, letter: str) -> None:
        """Send LETTER to the service, or when that has left, to the logger."""
        if not self.service.left:
            super().send(letter)
            return
        self._send(self.logger, letter)
        if letter == END and self.logger.state.phase == FINISHING:
            # Nobody waits for a finish that hangs.
            self.logger.feed(LAST)

    def end(self) -> None:
        """Have both end for good. Who is down ended before that, however it did."""
        self._seen = MOST
        super().end()

    def urge(self) -> bool:
        """Have the logger end that has read nothing of what there is since the last time, once both
        are to end; return whether it has to be looked at again.
        """
        if self._seen < 0 or self.logger.left:
            return False
        if self.service.left:
            unread = self._in_pipe()
            if unread and unread >= self._seen:
                self._seen = -1
                self.send(END)
                return False
            self._seen = unread
        return True

    # What becomes of them.

    def gone(self, one: Service) -> None:
        """ONE has left."""
        if one is self.service:
            self._service_gone()
        else:
            self._say_lost()
            super().gone(one)

    def ended(self, one: Service) -> None:
        """The run of ONE has ended."""
        if one is self.logger:
            self._logger_ended()

    def refused(self, one: Service) -> None:
        """There could be no process for ONE."""
        if one is self.logger and self.service.left:
            self._futile += 1
            if self._futile >= FUTILE:
                one.feed(LAST)

    def down(self, one: Service) -> None:
        """ONE is down. A logger that stays so is let go: what is in the pipe goes with us."""
        if one is self.logger:
            self._give_up()

    def _service_gone(self) -> None:
        """What the service wrote goes to the logger, if there is one to come."""
        self._give_up()
        reaper = self.service.reaper
        if reaper and reaper.main_service is self.service:
            # What is left from now on cannot be the service's.
            reaper.main_service = self.logger
        if self.logger.state.phase == WAIT:
            self._unread = self._in_pipe()
            self._hasten()
        self.service.drain(self._end)

    def _end(self) -> None:
        """The service has left, and what it wrote is in the pipe: the logger may see the end."""
        posix.close(self._sink)

    def _give_up(self) -> None:
        """Let go of a logger that is down, and for which nothing more will come."""
        if self.service.left and self.logger.state.phase == DOWN:
            self.logger.feed(LAST)

    def reads(self, callback: "Callable[[], None]") -> bool:
        """Whether the logger has the pipe too, or is not to have it; if not CALLBACK is called once
        that may be.
        """
        logger = self.logger
        if logger.left or logger.state.want != "u":
            return True
        if logger.state.phase == UP and not self._at_end:
            return True
        if not self._passers:
            logger.watchers += (self._note,)
        if callback not in self._passers:
            self._passers += (callback,)
        return False

    def _note(self, _before: "State", _after: "State") -> None:
        """Something happens to the logger: whoever waits for it looks again."""
        self.logger.watchers = tuple(one for one in self.logger.watchers if one != self._note)
        passers, self._passers = self._passers, ()
        for callback in passers:
            self.loop.at_turn_end(callback)

    def _write_again(self) -> None:
        """Have the pipe open for writing: it has no end any more."""
        self._at_end = False
        kept_pipe.open_again(self._source, self._sink)

    def _logger_ended(self) -> None:
        """The logger has ended: let it leave if it has read everything, or can read nothing."""
        if self._at_end:
            self._write_again()
        if not self.service.left:
            return
        if self._drained() or self._cannot_read():
            self.logger.feed(LAST)
        else:
            self.loop.at_turn_end(self._hasten)

    def _hasten(self) -> None:
        """Let the logger have its next chance soon: no backoff counts."""
        if self.logger.state.want == "u":
            self.logger.feed("u")

    def _drained(self) -> bool:
        """Whether the pipe is empty, and nobody has it open who could write to it."""
        waiter = poll()
        waiter.register(self._source, POLLIN)
        return [events for _, events in waiter.poll(0)] == [POLLHUP]

    def _cannot_read(self) -> bool:
        """Whether the logger has ended without reading anything, so that another would too.

        One that a signal ended is given other chances, and so is one that had nothing to read.
        """
        unread, before = self._in_pipe(), self._unread
        self._unread = unread
        self._futile = self._futile + 1 if unread >= before else 0
        status = self.logger.wait_status or 0
        failed = posix.WIFEXITED(status) and (unread or status)
        return bool(self._futile and failed) or self._futile >= FUTILE

    def _in_pipe(self) -> int:
        """How many bytes the logger has not read."""
        from .tap import unread

        return unread(self._source)

    def _say_lost(self) -> None:
        """The logger has left: say what nobody will read."""
        lost = self._in_pipe() + self.service.undelivered()
        if lost:
            much = b"1 byte" if lost == 1 else b"%d bytes" % lost
            self.service.warn(self.logger.name + b" has not read " + much + b": lost")


def _nothing() -> None:
    """Nobody wants to know."""
