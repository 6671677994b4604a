"""Whether one run of a service is ready, and whether it is alive.

It may say so itself (s6's notification fd, NOTIFY_SOCKET), it may be asked (./check), it may
listen at a port or a socket, or its log shows it.
"""

import posix
from time import monotonic

from ..base import kept_pipe
from .checker import Checker, LifeWatch
from .launcher import Launcher
from .rules import Rules
from .table import READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..base.patterns import Pattern
    from .tap import Tap

PLACES = b"tcp", b"unix"  # where somebody listens
ASKED = *PLACES, b"check", b"http"
FIRST, SLOWEST = 0.05, 1.0  # seconds between two times of asking


class Health:
    """Watches over the run that LAUNCHER is about to start with RULES; TAPS see what it prints.

    `fd_map` says which fd the run needs for it. Of one that runs already READY says whether it
    is, and SAYS where it says so, our end of a pipe.
    """

    def __init__(
        self,
        launcher: Launcher,
        taps: "Mapping[int, Tap]",
        rules: Rules,
        *,
        ready: bool | None = None,
        says: int = -1,
    ) -> None:
        self.launcher = launcher
        self.service = launcher.service
        self.loop = self.service.loop
        self.taps = taps
        self.rules = rules
        self.fd_map: dict[int, int] = {}
        self.over = False
        self._ready = not rules.waits_ready if ready is None else ready
        self._notification_fd = says  # our end of the pipe on which it says that it is ready
        self._pause = FIRST
        self._checker = Checker(launcher)
        self._life = LifeWatch(launcher, self._checker, rules)
        # Before the start: who listens then is somebody else.
        places = [(way, self._place(way, what)) for way, what in rules.ways if way in PLACES]
        if places:
            from .listeners import Listeners

            self._listeners = Listeners(self.service, places)
        self._urls = [self._url(what) for way, what in rules.ways if way == b"http"]
        patterns = [what for way, what in rules.ways if way == b"log"]
        if patterns:
            # What it prints may be read before begin().
            self._expect(patterns)
        if rules.notification_fd is not None and ready is None:
            self._notification_fd, theirs = kept_pipe.make()
            self.fd_map[rules.notification_fd] = theirs

    @property
    def listens(self) -> bool:
        """Whether the service can still say that it is ready by notification-fd."""
        return self._notification_fd >= 0

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
        if any(way in ASKED for way, _ in rules.ways):
            self._ask()
        if rules.sign == b"check" and (self._ready or rules.implied):
            self._life.begin()

    def close(self) -> None:
        """Let go of everything: the run has ended."""
        self.over = True
        self._close_notification_fd()
        self._life.close()
        for checker in (self._checker, *self._urls):
            checker.close()

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
            self.loop.at_turn_end(self.service.settle)

    def _close_notification_fd(self) -> None:
        if self._notification_fd >= 0:
            self.loop.forget(self._notification_fd)
            posix.close(self._notification_fd)
            self._notification_fd = -1

    def _expect(self, patterns: list[bytes]) -> None:
        """Look for PATTERNS in what it prints."""
        from ..base.patterns import Pattern

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
            if way in PLACES:
                self._listens(way, what)
            elif way == b"check":
                self._run(self._checker)
        for checker in self._urls:
            self._run(checker)
        self.loop.at(monotonic() + self._pause, self._ask)
        self._pause = min(SLOWEST, self._pause * 2)

    def _run(self, checker: Checker) -> None:
        checker.ask(self.rules.check_limit, lambda yes: self.ready() if yes else None)

    def _url(self, url: bytes) -> Checker:
        """What asks at URL."""
        from ..base.http import ask

        return Checker(self.launcher, lambda: ask(url))

    def _listens(self, way: bytes, what: bytes) -> None:
        if self._listeners.is_ours((way, self._place(way, what))):
            self.ready()

    def _place(self, way: bytes, what: bytes) -> bytes:
        """WHAT, as seen from the directory that we are in."""
        relative = way == b"unix" and what[:1] != b"/"
        return self.launcher.files.path(what) if relative else what
