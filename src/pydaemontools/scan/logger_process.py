"""The process that has the loggers of many services, as the process that keeps them sees it.

It is forked, and loads what loggers need, which this one has no use for. It is told by a socket
(log/hosting) which loggers there are to be: their words, their directories and their pipes. Both
processes have the pipes open, so either may be killed. When it ends all of its loggers have, and
are started again as any service is: in a new one.

What was loaded before a fork is in the memory of both, and of each page that one of them writes to
there are two from then on. So where loggers are to be expected a spare one is forked first of all,
with nothing loaded but what both need.
"""

import gc
import posix
from _signal import SIGKILL
from _socket import (
    AF_UNIX,
    SCM_RIGHTS,
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    SOCK_SEQPACKET,
    SOL_SOCKET,
    socket,
    socketpair,
)
from _struct import pack
from time import monotonic

from ..base import cli
from ..base.child import fork
from ..base.proc import start_time
from ..base.shared_dir import open_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from ..chain.account import Account
    from ..jobs.loop import Loop

    Spare = tuple[int, socket]  # its pid, and where it is told

    class Logger(Protocol):
        """What a logger is to the process that has it."""

        name: bytes
        home: int

        def end(self, status: int | None) -> None:
            """It has ended, with STATUS."""


WHO = b"pysvscan"
NAME = b"the loggers"
AGAIN = 0.02  # seconds until what had no room is sent again
LONGEST = 256  # bytes of a message from there


def spare() -> "Spare | None":
    """A process that can have loggers, as this account, and its socket; None if there can be none.

    That is said when there has to be one.
    """
    from ..base import errors, libc, shared_dir, tai64  # noqa: F401
    from ..log import hostable  # noqa: F401

    try:
        return _start(None)
    except OSError:
        return None


def _start(account: "Account | None") -> "Spare":
    ours, theirs = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC)
    # What is there by now stays, and both share its pages: a search for circles writes to each.
    gc.collect()
    gc.freeze()
    try:
        fd = theirs.fileno()
        return fork(WHO, NAME, lambda: _be(account, fd), {}, [fd]), ours
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()


def _be(account: "Account | None", control: int) -> int:
    """Be that process."""
    from ..log import hosting

    if account:
        from ..chain.setuidgid import become

        become(account, [account.gid], [b"pymultilog", b"pysissylog"])
    return hosting.main(control)


class LoggerProcess:
    """The process that has loggers, as ACCOUNT if it is another than ours.

    ON_START is called when it has been started.
    """

    def __init__(
        self, loop: "Loop", account: "Account | None", on_start: "Callable[[], None]"
    ) -> None:
        self.pid = 0
        self.start = 0  # when it began, by which it is known
        self._loop = loop
        self._account = account
        self._on_start = on_start
        self._control: socket | None = None
        self._loggers: dict[int, Logger] = {}  # those that are there, by their numbers
        self._count = 0
        self._queue: list[tuple[bytes, tuple[int, ...]]] = []

    def add(self, logger: "Logger", words: list[bytes], pipe: int) -> int:
        """Have LOGGER there, with WORDS, which reads PIPE; return its number. Raises OSError."""
        if not self.pid:
            self.take(_start(self._account))
        self._count += 1
        number = self._count
        self._loggers[number] = logger
        text = b"".join(word + b"\0" for word in (b"%d" % number, logger.name, *words))
        self._queue.append((b"a" + text, (logger.home, pipe)))
        self._send()
        return number

    def end(self, number: int) -> None:
        """Have the logger NUMBER end, at the end of a line."""
        if number in self._loggers:
            self._queue.append((b"e%d\0" % number, ()))
            self._send()

    def kill(self) -> None:
        """End all of them: one does not end, and the others lose nothing by that."""
        if self.pid:
            posix.kill(self.pid, SIGKILL)

    def close(self) -> None:
        """Nobody needs it any more: it ends when all of its loggers have."""
        if self._control:
            self._loop.forget(self._control.fileno())
            self._control.close()
            self._control = None

    @property
    def used(self) -> bool:
        """Whether it ever had a logger."""
        return self._count > 0

    def take(self, spare: "Spare") -> None:
        """Be the process SPARE, which has no loggers yet."""
        self.pid, ours = spare
        self.start = start_time(self.pid)
        self._control = ours
        # Of no service: it is there for all.
        home, self._loop.home = self._loop.home, -1
        self._loop.child(self.pid, self._ended)
        self._loop.watch(ours.fileno(), self._hear)
        self._loop.home = home
        self._on_start()

    def _send(self) -> None:
        """Send what is to be sent, as far as there is room."""
        while self._queue and self._control:
            data, fds = self._queue[0]
            try:
                _send(self._control, data, fds)
            except (BrokenPipeError, ConnectionResetError):
                # It has ended, which is heard next.
                return
            except OSError:
                home, self._loop.home = self._loop.home, -1
                self._loop.at(monotonic() + AGAIN, self._send)
                self._loop.home = home
                return
            del self._queue[0]

    def _hear(self) -> None:
        while self._control:
            try:
                said = self._control.recv(LONGEST)
            except BlockingIOError:
                return
            except OSError:
                said = b""
            if not said:
                self.close()
                return
            number, code = map(int, said.split())
            logger = self._loggers.pop(number, None)
            if logger:
                self._loop.visit(logger.home)
                logger.end(code << 8)

    def _ended(self, status: int) -> None:
        """It has ended: what was still there is started again in another one."""
        if status and self._loggers:
            from ..supervise.statefile import end_in_words

            what = b"the process of %d loggers, pid %d, " % (len(self._loggers), self.pid)
            cli.say(WHO + b": warning: " + what + end_in_words(status))
        # What it said before that counts.
        self._hear()
        self.close()
        self.pid = self.start = 0
        self._queue.clear()
        loggers, self._loggers = self._loggers, {}
        for logger in loggers.values():
            self._loop.visit(logger.home)
            logger.end(status)


def _send(control: socket, data: bytes, fds: tuple[int, ...]) -> None:
    """Send DATA by CONTROL, and FDS, a directory and a pipe, if there are some. Raises OSError.

    The directory is opened once more: our fd of it has the lock of the service, which another
    process would have from then on, too, and as long as it lives.
    """
    if not fds:
        control.send(data)
        return
    home, pipe = fds
    try:
        place = open_directory(b".", home)
    except PermissionError:
        # It is said there: no other logger waits for somebody to change that.
        place = posix.dup(home)
    try:
        control.sendmsg([data], [(SOL_SOCKET, SCM_RIGHTS, pack("2i", place, pipe))])
    finally:
        posix.close(place)
