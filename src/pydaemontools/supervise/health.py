"""Whether one run of a service is ready, and whether it is alive.

It may say so itself (s6's notification fd, NOTIFY_SOCKET), it may be asked (./check, a port
or a socket that accepts), or its log shows it.
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

from .checker import Checker, LifeWatch
from .launcher import Launcher
from .rules import Rules
from .table import READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .patterns import Pattern
    from .tap import Tap

FIRST, SLOWEST = 0.05, 1.0  # seconds between two times of asking


class Health:
    """Watches over the run that LAUNCHER is about to start with RULES; TAPS see what it prints.

    `fd_map` says which fd the run needs for it.
    """

    def __init__(self, launcher: Launcher, taps: "Mapping[int, Tap]", rules: Rules) -> None:
        self.launcher = launcher
        self.service = launcher.service
        self.loop = self.service.loop
        self.taps = taps
        self.rules = rules
        self.fd_map: dict[int, int] = {}
        self.over = False
        self._ready = not rules.waits_ready
        self._notification_fd = -1  # our end of the pipe on which it says that it is ready
        self._pause = FIRST
        self._checker = Checker(launcher)
        self._life = LifeWatch(launcher, self._checker, rules)
        self._connecting: dict[bytes, socket] = {}
        if rules.notification_fd is not None:
            self._notification_fd, theirs = posix.pipe2(posix.O_CLOEXEC)
            self.fd_map[rules.notification_fd] = theirs

    def begin(self) -> None:
        """Look after the run that has been started; let go of one that could not be."""
        rules = self.rules
        for fd in self.fd_map.values():
            posix.close(fd)
        if not self.service.pid:
            self.close()
            return
        if self._notification_fd >= 0:
            self.loop.watch(self._notification_fd, self._read_notification)
        patterns = [what for way, what in rules.ways if way == b"log"]
        if patterns:
            self._expect(patterns)
        self._asks = {b"check": self._run_check, b"tcp": self._tcp, b"unix": self._unix}
        if any(way in self._asks for way, _ in rules.ways):
            self._ask()
        if rules.sign == b"check" and (self._ready or rules.implied):
            self._life.begin()

    def close(self) -> None:
        """Let go of everything: the run has ended."""
        self.over = True
        self._close_notification_fd()
        for connecting in self._connecting.values():
            connecting.close()
        self._life.close()
        self._checker.close()

    def ready(self) -> None:
        """One of the ways says that it is ready."""
        if self.over or self._ready:
            return
        self._ready = True
        self.service.feed(READY)
        if self.rules.sign == b"check":
            self._life.begin()

    # It says so by itself.

    def _read_notification(self) -> None:
        data = posix.read(self._notification_fd, 512)
        if b"\n" in data:
            self.ready()
        if b"\n" in data or not data:
            self._close_notification_fd()

    def _close_notification_fd(self) -> None:
        if self._notification_fd >= 0:
            self.loop.forget(self._notification_fd)
            posix.close(self._notification_fd)
            self._notification_fd = -1

    def _expect(self, patterns: list[bytes]) -> None:
        """Look for PATTERNS in what it prints."""
        from .patterns import Pattern

        # One that is off stays so at the next start; another in its place begins anew.
        kept = self.launcher.patterns
        self.launcher.patterns = found = {p: kept.get(p) or Pattern(p) for p in patterns}
        for tap in self.taps.values():
            tap.on_line = lambda line: self._look(found.values(), line)

    def _look(self, patterns: "Iterable[Pattern]", line: bytes) -> None:
        for pattern in patterns:
            if self._ready or pattern.off:
                continue
            if pattern.found_in(line):
                self.ready()
            elif pattern.off:
                what = self.launcher.files.shown + b"ready: the pattern is looked for no more"
                self.service.warn(what + b", it took too long too often: log " + pattern.text)

    # It is asked.

    def _ask(self) -> None:
        """Ask in each of the ways, and again in a while unless the answer is yes."""
        if self.over or self._ready:
            return
        for way, what in self.rules.ways:
            if way in self._asks:
                self._asks[way](what)
        self.loop.at(monotonic() + self._pause, self._ask)
        self._pause = min(SLOWEST, self._pause * 2)

    def _run_check(self, _what: bytes) -> None:
        self._checker.ask(self.rules.check_limit, lambda yes: self.ready() if yes else None)

    def _tcp(self, what: bytes) -> None:
        host, _, port = what.rpartition(b":")
        host = host.strip(b"[]") or b"127.0.0.1"
        family = AF_INET6 if b":" in host else AF_INET
        self._connect(what, family, (host.decode("ascii", "replace"), int(port)))

    def _unix(self, what: bytes) -> None:
        self._connect(what, AF_UNIX, self.launcher.files.path(what) if what[:1] != b"/" else what)

    def _connect(self, what: bytes, family: int, address: "tuple[str, int] | bytes") -> None:
        """See how the last try went, or make one."""
        peer = self._connecting.pop(what, None)
        try:
            if peer is None:
                peer = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
                errno = peer.connect_ex(address)
            else:
                errno = peer.getsockopt(SOL_SOCKET, SO_ERROR)
                # No error yet is no answer yet, unless there is a peer.
                errno = errno or (0 if _is_connected(peer) else EINPROGRESS)
        except OSError:
            return
        if errno == EINPROGRESS:
            self._connecting[what] = peer
            return
        peer.close()
        if not errno:
            self.ready()


def _is_connected(peer: socket) -> bool:
    try:
        peer.getpeername()
    except OSError:
        return False
    return True
