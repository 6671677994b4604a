"""Loggers of many services in one process: pymultilog's and pysissylog's pumps, a step each.

What asks for that is pysvscan, by a socket. A message is about one logger, which has a number:

| there | `a` number, name, words, each ended by a NUL; with the fds of its directory and its pipe |
|       | `e` number: it is to end                                                                 |
| here  | number, and its exit code: it has ended                                                  |

Only pumps that never wait for anybody are here (hostable); what a disk takes is done in threads
(pipe/background). When the socket is closed, those who are there go on until their pipes end.
"""

import posix
from _signal import SIG_DFL, SIG_IGN, SIGALRM, SIGHUP, SIGINT, SIGPIPE, SIGTERM, signal
from _socket import (
    AF_UNIX,
    CMSG_SPACE,
    MSG_CMSG_CLOEXEC,
    SCM_RIGHTS,
    SOCK_SEQPACKET,
    SOL_SOCKET,
    socket,
)
from _struct import calcsize, iter_unpack

from ..base import cli, process
from ..base.child import have_files
from ..base.heap import give_back
from . import multilog, multilog_script
from .pipe import background
from .pipe.ending import Ending
from .pipe.host_loop import HostLoop
from .pipe.pump_loop import Waker
from .pipe.shared_source import Shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .pipe.pump import Pump
    from .pipe.source import Source

MOST = 1 << 18  # bytes of a message
FDS = 2
ROOM = CMSG_SPACE(FDS * calcsize("i"))
WHO = b"pysvscan"


def open_pump(words: list[bytes], source: "Source", loop: HostLoop) -> "tuple[Pump, Waker]":
    """The pump that WORDS ask for, in the current directory. Raises Quit."""
    if words[0] == b"pymultilog":
        script, transform = multilog_script.read(words)
        ending = Ending(to_line_end=True)
        pump = multilog.open_pump(words[0], script, transform, source, ending)
        return pump, Waker(loop, source, ending)
    from . import sissylog

    ending = Ending()
    waker = Waker(loop, source, ending)
    return sissylog.open_pump(sissylog.Options(words), waker, ending)[0], waker


class Hosted:
    """A logger that is here: the service NAME's, in the directory HOME, an fd, its NUMBER."""

    __slots__ = ("about", "home", "number", "pipe", "pump")

    def __init__(self, number: bytes, name: bytes, home: int, pipe: int) -> None:
        self.number = number
        self.about = name + b": "
        self.home = home
        self.pipe = pipe
        self.pump: Pump | None = None

    def close(self) -> None:
        """It has ended."""
        posix.close(self.home)
        posix.close(self.pipe)


class Host:
    """The loggers that are here, and the CONTROL socket by which they come."""

    def __init__(self, control: socket) -> None:
        self._control = control
        self._shared = Shared()
        self._loop = HostLoop(WHO, self._enter)
        self._hosted: dict[bytes, tuple[Waker, Hosted]] = {}
        self._by_waker: dict[Waker, Hosted] = {}
        self._here = -1
        self._unsaid: list[bytes] = []
        self._refused: dict[bytes, tuple[bytes, ...]] = {}  # what was said of those not here
        self._loop.watch(control.fileno(), self._hear)

    def run(self) -> None:
        """Go on until nobody asks for anything any more, and all loggers have ended."""
        while self._control.fileno() >= 0 or self._hosted:
            for waker, code in self._loop.turn():
                self._end(waker, code)

    def end_all(self) -> None:
        """Have each logger end at the end of a line."""
        for waker, _ in self._hosted.values():
            waker.signals.append(SIGTERM)

    def renew_all(self) -> None:
        """Have each begin new files."""
        for hosted in self._by_waker.values():
            if hosted.pump:
                hosted.pump.alarms.append(SIGALRM)

    def _enter(self, waker: Waker) -> None:
        """Be where WAKER's logger is at home, and speak of it."""
        hosted = self._by_waker[waker]
        cli.about = hosted.about
        if self._here != hosted.home:
            posix.fchdir(hosted.home)
            self._here = hosted.home

    def _hear(self) -> None:
        if self._unsaid:
            self._say()
        while True:
            try:
                data, more, _, _ = self._control.recvmsg(MOST, ROOM, MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._loop.unwatch(self._control.fileno())
                self._control.close()
                return
            self._obey(data, _fds(more))

    def _obey(self, data: bytes, fds: list[int]) -> None:
        number, *words = data[1:].split(b"\0")[:-1]
        if data[:1] == b"e":
            if number in self._hosted:
                waker, _ = self._hosted[number]
                waker.signals.append(SIGTERM)
                self._loop.rouse(waker)
        elif len(fds) == FDS:
            self._add(Hosted(number, words[0], *fds), words[1:])
        else:
            # There was no room for them: it is tried again.
            for fd in fds:
                posix.close(fd)
            self._tell(number, 111)

    def _add(self, hosted: Hosted, words: list[bytes]) -> None:
        cli.about = hosted.about
        try:
            posix.fchdir(hosted.home)
            self._here = hosted.home
            pump, waker = open_pump(words, self._shared.open(hosted.pipe), self._loop)
        except (cli.Quit, OSError) as end:
            self._refuse(hosted, words[0], end)
            return
        self._refused.pop(hosted.about, None)
        self._hosted[hosted.number] = waker, hosted
        self._by_waker[waker] = hosted
        hosted.pump = pump
        self._loop.add(waker, pump.step)

    def _refuse(self, hosted: Hosted, who: bytes, end: cli.Quit | OSError) -> None:
        """The logger cannot be had, as END says: once for as long as that is so."""
        if not isinstance(end, cli.Quit):
            end = cli.fatal(b"unable to begin", end)
        if self._refused.get(hosted.about) != end.lines:
            self._refused[hosted.about] = end.lines
            end.say(who)
        self._here = -1
        hosted.close()
        self._tell(hosted.number, end.code)

    def _end(self, waker: Waker, code: int) -> None:
        hosted = self._by_waker.pop(waker)
        del self._hosted[hosted.number]
        if self._here == hosted.home:
            self._here = -1
        hosted.close()
        self._tell(hosted.number, code)

    def _tell(self, number: bytes, code: int) -> None:
        self._unsaid.append(b"%b %d" % (number, code))
        self._say()

    def _say(self) -> None:
        """Say what has room. A pysvscan that is stopped reads nothing, and nobody waits for it."""
        if self._control.fileno() < 0:
            return
        try:
            while self._unsaid:
                self._control.send(self._unsaid[0])
                del self._unsaid[0]
        except BlockingIOError:
            pass
        except OSError:
            # It has gone, which is heard next.
            self._unsaid.clear()
        self._loop.watch(self._control.fileno(), self._hear, write=bool(self._unsaid))


def _fds(more: "list[tuple[int, int, bytes]]") -> list[int]:
    """The fds that came with a message, MORE."""
    data = b"".join(part for level, kind, part in more if (level, kind) == (SOL_SOCKET, SCM_RIGHTS))
    size = calcsize("i")
    return [fd for (fd,) in iter_unpack("i", data[: len(data) // size * size])]


def main(control: int) -> int:
    """Be the process that has loggers, which come by the socket CONTROL, an fd; 0."""
    process.title(WHO)
    cli.lasts(WHO)
    posix.umask(0o022)
    have_files()
    signal(SIGPIPE, SIG_IGN)
    for signum in SIGINT, SIGHUP:
        # It goes when its services have.
        signal(signum, SIG_IGN)
    background.host, background.many = background.Background(), True
    give_back()
    made = socket(AF_UNIX, SOCK_SEQPACKET, fileno=control)
    made.setblocking(False)
    host = Host(made)
    signal(SIGTERM, lambda _signum, _frame: host.end_all())
    signal(SIGALRM, lambda _signum, _frame: host.renew_all())
    host.run()
    signal(SIGTERM, SIG_DFL)
    return 0
