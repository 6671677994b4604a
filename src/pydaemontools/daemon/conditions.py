"""When a daemon is ready: it says so, by one of several ways, or it is seen to be.

What a condition has is made in the process that starts the daemon, before the fork: its `fds`
are waited for there, and look() then says whether it is so. Where the kernel has no event for
it, `pause` is how long one waits until the next look. in_daemon() is called in the daemon.
"""

import os
from fcntl import F_DUPFD_CLOEXEC, fcntl
from time import monotonic

from ..base.notify_socket import NotifySocket
from .absolute import absolute
from .failures import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from re import Pattern

LOOK = 0.02  # seconds between two looks where the kernel offers no event
WAYS = "call, notify, fd:N, log, tcp:[ADDRESS:]PORT, unix:PATH, or None"


class Progress:
    """How far a daemon is with its start: its pid, its step, when its own work began, if it did."""

    def __init__(self) -> None:
        self.pid = 0
        self.step = ""
        self.begun: float | None = None
        self.said_ready = False


class Condition:
    """One way to be ready; this one is that nobody says so: the daemon has begun its own work.

    It has to live for `settle` seconds from then on.
    """

    fds: "Sequence[int]" = ()
    keep: "Sequence[int]" = ()  # fds that the daemon needs for it
    pause: float | None = None
    says = False  # whether it is the daemon that says it, once and for all
    words = "it ran for long enough"

    def __init__(self, settle: float = 0.0) -> None:
        self.settle = settle

    def look(self, start: Progress) -> bool:
        """Whether it is so, of START."""
        if start.begun is None or start.said_ready:
            return start.said_ready
        self.pause = max(0.0, start.begun + self.settle - monotonic())
        return not self.pause

    def in_daemon(self) -> None:
        """Have the daemon have what it needs for it."""

    def close(self, *, later: bool = False) -> None:
        """It is of no interest any more; LATER does not wait until all is closed."""


class Called(Condition):
    """The daemon calls ready(), here or that of adapters.notify, which sends to NOTIFY_SOCKET."""

    says = True
    words = "it called ready()"

    def __init__(self) -> None:
        super().__init__()
        # The kernel would give a short name, and later perhaps the same to somebody else's.
        name = f"@pydaemontools/{os.getpid()}/{os.urandom(8).hex()}"
        self._socket = NotifySocket(name.encode())
        self.fds = [self._socket.fileno()]

    def look(self, start: Progress) -> bool:
        """Whether it did."""
        said = self._socket.read(start.pid) if start.pid else []
        return start.said_ready or any(one.get("READY") == "1" for one in said)

    def in_daemon(self) -> None:
        """Have the address in the environment."""
        os.environ["NOTIFY_SOCKET"] = os.fsdecode(self._socket.address)

    def close(self, *, later: bool = False) -> None:  # noqa: ARG002 - it takes no time
        """Hear nothing more."""
        self._socket.close()


class Notified(Called):
    """The daemon, or the program that it becomes, sends READY=1 to NOTIFY_SOCKET (sd_notify)."""

    words = "it sent READY=1 to NOTIFY_SOCKET"


class NotifyFd(Condition):
    """The daemon writes a newline to the fd NUMBER, as to s6's notification fd."""

    says = True

    def __init__(self, number: int) -> None:
        super().__init__()
        self.words = f"it wrote a newline to fd {number}"
        self._number = number
        pair = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        # Beyond the place that one of them is to have.
        self._source, self._sink = (fcntl(fd, F_DUPFD_CLOEXEC, number + 1) for fd in pair)
        for fd in pair:
            os.close(fd)
        self.fds, self.keep = [self._source], [number]

    def look(self, start: Progress) -> bool:  # noqa: ARG002
        """Whether it did."""
        if self._sink >= 0:
            os.close(self._sink)
            self._sink = -1
        try:
            data = os.read(self._source, 4096)
        except BlockingIOError:
            return False
        if not data:
            # Nobody can write to it any more: how the daemon does is seen elsewhere.
            self.fds = []
        return b"\n" in data

    def in_daemon(self) -> None:
        """Have the fd where it is to be, and say so to Python's programs."""
        os.dup2(self._sink, self._number)
        os.environ["NOTIFICATION_FD"] = str(self._number)

    def close(self, *, later: bool = False) -> None:  # noqa: ARG002 - it takes no time
        """Hear nothing more."""
        for fd in (self._source, self._sink):
            if fd >= 0:
                os.close(fd)


class Logged(Condition):
    """A line with LOOK_FOR is written into the file PATH.

    Without it anything is, and the daemon, which may have said why it fails, lives for `settle`
    seconds.
    """

    def __init__(
        self,
        path: str,
        look_for: "str | bytes | Pattern[str] | Pattern[bytes] | None",
        settle: float,
    ) -> None:
        super().__init__(0.0 if look_for else settle)
        self._written = False
        self.says = look_for is not None
        from .log_watch import LogWatch

        what = "anything" if look_for is None else repr(getattr(look_for, "pattern", look_for))
        self.words = f"it wrote {what} to {path}"
        self._watch = LogWatch(path, look_for)
        self.fds, self.pause = self._watch.fds, self._watch.pause

    def look(self, start: Progress) -> bool:
        """Whether it was."""
        self._written = self._written or self._watch.look()
        if not self._written or not self.settle:
            return self._written
        return super().look(start)

    def close(self, *, later: bool = False) -> None:
        """Watch it no more."""
        self._watch.close(later=later)


class Listens(Condition):
    """The daemon listens at a place: WAY is tcp or unix, WHERE an address."""

    pause = LOOK

    def __init__(self, way: str, where: str) -> None:
        super().__init__()
        from ..base.listening import inodes, is_port

        if way == "unix":
            where = absolute(where)
        elif ":" not in where:
            where = "127.0.0.1:" + where
        self.words = f"it listened at {way}:{where}"
        self._place = way.encode(), os.fsencode(where)
        if way == "tcp" and not is_port(self._place[1]):
            lacks = "tcp:[ADDRESS:]PORT, the address in numbers"
            raise OptionError(f"tcp:{where} is no place to listen at: {lacks}")
        self._before = set(inodes(self._place) or ())

    def look(self, start: Progress) -> bool:
        """Whether it does: at a socket that was not there before, or that is its own."""
        from ..base.listening import has_open, inodes
        from ..base.proc import descendants

        found = inodes(self._place)
        if found is None:
            return self._answers()
        if not self._before.issuperset(found):
            return True
        mine = descendants(start.pid) if start.pid and found else []
        return any(has_open(pid, inode) for pid in mine for inode in found)

    def _answers(self) -> bool:
        """Whether somebody accepts there: for where the kernel does not list who listens."""
        from _socket import SOCK_CLOEXEC, SOCK_STREAM, socket

        from ..base.listening import address

        family, where = address(self._place)
        peer = socket(family, SOCK_STREAM | SOCK_CLOEXEC)
        try:
            peer.settimeout(LOOK)
            peer.connect(where)
        except OSError:
            return False
        finally:
            peer.close()
        return True


def condition(
    ready: str | None,
    *,
    settle: float = 0.0,
    log_file: str | None = None,
    look_for: "str | bytes | Pattern[str] | Pattern[bytes] | None" = None,
) -> Condition:
    """The condition READY, with what else it needs. Raises Error for one that there is not."""
    if ready is None:
        return Condition(settle)
    way, _, where = ready.partition(":")
    if way == "call" and not where:
        return Called()
    if way == "notify" and not where:
        return Notified()
    if way == "fd" and where.isdecimal() and 2 < int(where) < 1024:
        return NotifyFd(int(where))
    if way in ("tcp", "unix") and where:
        return Listens(way, where)
    if way == "log" and not where:
        if log_file is None:
            raise OptionError("ready is to be seen in the log, and there is no log_file")
        return Logged(log_file, look_for, settle)
    raise OptionError(f"there is no way {ready!r} to be ready: {WAYS}")
