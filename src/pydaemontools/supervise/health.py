"""Whether one run of a service is ready, and whether it is alive.

It may say so itself (s6's notification fd, NOTIFY_SOCKET), it may be asked (./check, a port
or a socket that accepts), or its log tells.
"""

import posix
from _socket import (
    AF_INET,
    AF_INET6,
    AF_UNIX,
    SO_ERROR,
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
)
from errno import EINPROGRESS
from time import monotonic

from .rules import Rules
from .state import ALIVE, HUNG, READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .directory_service import DirectoryService

FIRST, SLOWEST = 0.05, 1.0  # seconds between two times of asking


class Health:
    """Watches over the run of SERVICE that is about to start with RULES.

    `become` says which fd the service needs for it.
    """

    def __init__(self, service: "DirectoryService", rules: Rules) -> None:
        self.service = service
        self.loop = service.loop
        self.rules = rules
        self.become: dict[int, int] = {}
        self.over = False
        self._ready = not rules.waits_ready
        self._line = -1  # where it tells that it is ready
        self._pause = FIRST
        self._misses = 0
        self._check = 0  # the pid of ./check
        self._asked: dict[bytes, socket] = {}
        if rules.notification_fd is not None:
            self._line, self.become[rules.notification_fd] = posix.pipe2(posix.O_CLOEXEC)

    def begin(self) -> None:
        """It has been started, or could not be."""
        for fd in self.become.values():
            posix.close(fd)
        if not self.service.pid:
            self.close()
            return
        if self._line >= 0:
            self.loop.watch(self._line, self._told)
        for way, what in self.rules.ways:
            if way == b"log":
                self._expect(what)
        self._asks = {b"check": self._run_check, b"tcp": self._tcp, b"unix": self._unix}
        if any(way in self._asks for way, _ in self.rules.ways):
            self._ask()
        self._live()

    def close(self) -> None:
        """It has ended."""
        self.over = True
        self._hang_up()
        for asked in self._asked.values():
            asked.close()
        if self._check:
            self.service.end_helper(self._check)

    def ready(self) -> None:
        """One of the ways says that it is ready."""
        if self.over or self._ready:
            return
        self._ready = True
        self.service.feed(READY)
        self._live()

    # It tells by itself.

    def _told(self) -> None:
        data = posix.read(self._line, 512)
        if b"\n" in data:
            self.ready()
        if b"\n" in data or not data:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._line >= 0:
            self.loop.forget(self._line)
            posix.close(self._line)
            self._line = -1

    def _expect(self, pattern: bytes) -> None:
        import re

        search = re.compile(pattern).search
        for tap in self.service.taps.values():
            tap.seen = lambda line: self.ready() if search(line) else None

    # It is asked.

    def _ask(self) -> None:
        """Ask in each of the ways; if the answer is no, again in a while."""
        if self.over or self._ready:
            return
        for way, what in self.rules.ways:
            if way in self._asks:
                self._asks[way](what)
        self.loop.at(monotonic() + self._pause, self._ask)
        self._pause = min(SLOWEST, self._pause * 2)

    def _run_check(self, _what: bytes) -> None:
        if not self._check:
            self._check = self.service.helper(b"./check", self._checked)

    def _checked(self, status: int) -> None:
        self._check = 0
        if not status:
            self.ready()

    def _tcp(self, what: bytes) -> None:
        host, _, port = what.rpartition(b":")
        host = host.strip(b"[]") or b"127.0.0.1"
        family = AF_INET6 if b":" in host else AF_INET
        self._connect(what, family, (host.decode("ascii", "replace"), int(port)))

    def _unix(self, what: bytes) -> None:
        self._connect(what, AF_UNIX, self.service.files.path(what) if what[:1] != b"/" else what)

    def _connect(self, what: bytes, family: int, address: "tuple[str, int] | bytes") -> None:
        """See how the last try went, or make one."""
        asked = self._asked.pop(what, None)
        try:
            if asked is None:
                asked = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
                trouble = asked.connect_ex(address)
            else:
                trouble = asked.getsockopt(SOL_SOCKET, SO_ERROR)
                # No trouble yet is no answer yet, unless there is a peer.
                trouble = trouble or (0 if _has_peer(asked) else EINPROGRESS)
        except OSError:
            return
        if trouble == EINPROGRESS:
            self._asked[what] = asked
            return
        asked.close()
        if not trouble:
            self.ready()

    # It has to show that it is alive.

    def _live(self) -> None:
        if self._ready and self.rules.sign == b"check":
            self.loop.at(monotonic() + self.rules.watchdog, self._examine)

    def _examine(self) -> None:
        if self.over:
            return
        if self._check:
            # It takes longer than it may: that is an answer too.
            self.service.end_helper(self._check)
            self._missed()
        self._check = self.service.helper(b"./check", self._examined)
        self._live()

    def _examined(self, status: int) -> None:
        self._check = 0
        if status:
            self._missed()
        else:
            self._misses = 0
            self.service.feed(ALIVE)

    def _missed(self) -> None:
        self._check = 0
        self._misses += 1
        if self._misses == self.rules.misses and not self.over:
            many = f" {self._misses} times" if self._misses > 1 else ""
            self.service.feed(HUNG, "check failed" + many)


def _has_peer(asked: socket) -> bool:
    try:
        asked.getpeername()
    except OSError:
        return False
    return True
