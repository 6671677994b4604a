"""Hears what changes in the directories of many services.

What we write there ourselves is among it: so nobody is told what has changed, only that it may
be worth a look. Where the kernel has no inotify, or no room for so many, it is `deaf`.
"""

import posix
from errno import ELOOP, ENOENT, ENOTDIR

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
GONE = ITSELF | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
BESIDE = (b"down", b"log")  # what a person puts beside a run
# So many others a service may make and remove there; where it goes on, nobody listens to it.
PATIENCE = 1000


class Changes:
    """Calls TELL with the name of what a directory was watched for, when that changes, and SHOW
    when it is what stands BESIDE its run, or that is not heard of any more.
    """

    def __init__(
        self,
        loop: Loop,
        tell: "Callable[[bytes], None]",
        show: "Callable[[bytes], None]",
        *,
        hears: bool = True,
    ) -> None:
        self.deaf = not hears
        self._loop = loop
        self._tell = tell
        self._show = show
        self._watches: dict[int, bytes] = {}
        self._services: dict[int, bytes] = {}  # the watches of their own directories
        self._noise: dict[int, int] = {}  # how often one of these changed for nothing
        self._unheard: set[bytes] = set()
        self._inotify: Inotify | None = None
        if self.deaf:
            return
        try:
            self._inotify = Inotify()
        except (ImportError, OSError):
            self.deaf = True
            return
        home, loop.home = loop.home, -1
        loop.watch(self._inotify.fd, self.hear)
        loop.home = home

    def watch(self, directory: bytes, name: bytes) -> None:
        """Watch for NAME what goes in DIRECTORY; for no name what comes, too. Once more is no more.

        Where we make a file in the place of another, that is heard of.
        """
        self._watch(directory, GONE if name else GONE | IN_CREATE, self._watches, name)

    def watch_service(self, directory: bytes, name: bytes) -> None:
        """Watch for the service NAME its DIRECTORY, where it may write as much as it likes."""
        heard = ITSELF if name in self._unheard else GONE | IN_CREATE
        self._watch(directory, heard, self._services, name)

    def _watch(self, directory: bytes, events: int, watches: dict[int, bytes], name: bytes) -> None:
        if not self._inotify:
            return
        try:
            number = self._inotify.watch(directory, events)
        except OSError as error:
            # What is no directory may be one later: that is looked for now and then.
            self.deaf = self.deaf or error.errno not in (ENOENT, ENOTDIR, ELOOP)
            return
        # What was no service may be one now.
        self._watches.pop(number, None)
        self._services.pop(number, None)
        watches[number] = name

    def hears_of(self, name: bytes) -> bool:
        """Whether what stands BESIDE the run of the service NAME does not change unheard."""
        return not self.deaf and name not in self._unheard

    def forget(self, names: "Container[bytes]") -> None:
        """Watch nothing any more for any of NAMES."""
        for watches in self._watches, self._services:
            for number in [number for number, one in watches.items() if one in names]:
                self._unheard.discard(watches.pop(number))
                self._noise.pop(number, None)
                if self._inotify:
                    self._inotify.forget(number)

    def end(self) -> None:
        """Be `deaf`: all services end, and each of them changes much in its directory."""
        self.deaf = True
        self._watches.clear()
        self._services.clear()
        if self._inotify:
            self._loop.forget(self._inotify.fd)
            posix.close(self._inotify.fd)
            self._inotify = None

    def hear(self) -> None:
        """Tell of all that has happened until now."""
        told: set[bytes] = set()
        shown: set[bytes] = set()
        for number, events, file in self._inotify.read() if self._inotify else ():
            if events & IN_Q_OVERFLOW:
                told.update(self._watches.values(), self._services.values())
                shown.update(self._services.values())
            elif number in self._watches:
                name = self._watches[number]
                # What is called so in the directory of all may be another directory now.
                told.update([name] if name else [name, file])
            elif number in self._services:
                name = self._services[number]
                noisy = not (events & ITSELF or file in BESIDE) and self._is_noisy(number)
                if noisy:
                    # To keep its files is to watch it anew.
                    self._unheard.add(name)
                told.update([name] if noisy or events & ITSELF else [])
                shown.update([name] if noisy or file in BESIDE else [])
            if events & IN_IGNORED:
                self._watches.pop(number, None)
                self._services.pop(number, None)
                self._noise.pop(number, None)
        for name in sorted(told):
            self._tell(name)
        for name in shown:
            self._show(name)

    def _is_noisy(self, number: int) -> bool:
        """Whether the watch NUMBER has told of what is nothing to us once too often."""
        self._noise[number] = count = self._noise.get(number, 0) + 1
        return count == PATIENCE
