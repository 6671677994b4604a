"""Hears what changes in the directories of many services.

What we write there ourselves is among it: so nobody is told what has changed, only that it may
be worth a look. Where the kernel has no inotify, or no room for so many, it is `deaf`.
"""

import posix

from ..base.inotify import (
    IN_CREATE,
    IN_DELETE,
    IN_DELETE_SELF,
    IN_IGNORED,
    IN_MOVE_SELF,
    IN_MOVED_FROM,
    IN_MOVED_TO,
    IN_Q_OVERFLOW,
    Inotify,
)
from ..jobs.loop import Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container

ITSELF = IN_DELETE_SELF | IN_MOVE_SELF
FILES = ITSELF | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO


class Changes:
    """Calls TELL with the name of what a directory was watched for, when that changes."""

    def __init__(self, loop: Loop, tell: "Callable[[bytes], None]", *, hears: bool = True) -> None:
        self.deaf = not hears
        self._loop = loop
        self._tell = tell
        self._watches: dict[int, bytes] = {}
        self._inotify: Inotify | None = None
        if self.deaf:
            return
        try:
            self._inotify = Inotify()
        except (ImportError, OSError):
            self.deaf = True
            return
        home, loop.home = loop.home, -1
        loop.watch(self._inotify.fd, self._hear)
        loop.home = home

    def watch(self, directory: bytes, name: bytes) -> None:
        """Watch DIRECTORY for NAME. Once more is no more; nothing for new names in it."""
        if not self._inotify:
            return
        # A service may write as much as it likes beside its supervise/.
        events = ITSELF if directory in (b".", b"log") else FILES
        number = self._inotify.watch(directory, events if name else FILES | IN_CREATE)
        if number < 0:
            self.deaf = True
        else:
            self._watches[number] = name

    def forget(self, names: "Container[bytes]") -> None:
        """Watch nothing any more for any of NAMES."""
        for number in [number for number, one in self._watches.items() if one in names]:
            del self._watches[number]
            if self._inotify:
                self._inotify.forget(number)

    def end(self) -> None:
        """Be `deaf`: all services end, and each of them changes much in its directory."""
        self.deaf = True
        self._watches.clear()
        if self._inotify:
            self._loop.forget(self._inotify.fd)
            posix.close(self._inotify.fd)
            self._inotify = None

    def _hear(self) -> None:
        assert self._inotify  # noqa: S101 - for the type checker
        told: set[bytes] = set()
        for number, events, _ in self._inotify.read():
            if events & IN_Q_OVERFLOW:
                told.update(self._watches.values())
            elif (name := self._watches.get(number)) is not None:
                told.add(name)
            if events & IN_IGNORED:
                self._watches.pop(number, None)
        for name in sorted(told):
            self._tell(name)
