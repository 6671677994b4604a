"""What becomes of the directories of services that are kept: which name each has, and its files.

A directory that gets another name takes its service with it, and one that takes its place is gone
to. What is lost of what a supervisor makes is made again.
"""

from time import monotonic

from ..base.printable import plain
from ..base.service_dirs import names_in
from ..supervise.directory_service import DirectoryService
from .changes import Changes
from .moved import found_at, identity, moves, stands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..jobs.loop import Loop
    from ..supervise.pair import Kept
    from .overview_writer import OverviewWriter

KEEP = 2.0  # seconds until it is looked whether a service has all its files
SLICE = 50  # services that are looked after in one turn


class Caretaker:
    """Takes care of those that are `known`, whose directory is HOME, an fd, and called PLACE.

    It HEARS of changes, or looks at some of them now and then. LOOK is called when others may be
    there. While it is `busy` some are to be started: that goes first.
    """

    overview: "OverviewWriter | None" = None

    def __init__(
        self, loop: "Loop", home: int, place: bytes, look: "Callable[[], None]", *, hears: bool
    ) -> None:
        self.known: dict[bytes, Kept] = {}
        self.within = place + b"/"  # as Upkeep has it: one object for all services
        self.busy = False
        self.changes = Changes(loop, self._changed, self._show, hears=hears)
        self._loop = loop
        self._home = home
        self._look = look
        self._homes: dict[int, bytes] = {}  # the names of those that are kept, by identity()
        self._to_see: dict[bytes, None] = {}  # services whose files may have changed
        self._turn = 0  # whose turn it is, where no event tells

    # Which directory is whose.

    def note(self, name: bytes, which: int) -> None:
        """The service NAME has the directory WHICH."""
        self._homes[which] = name

    def drop(self, name: bytes) -> "Kept":
        """Forget the service NAME, and return it."""
        pair = self.known.pop(name)
        self._homes.pop(identity(pair.home), None)
        return pair

    def keeper_of(self, name: bytes, which: int) -> bytes:
        """By which name the directory WHICH, called NAME, is kept; nothing if it is not.

        That goes by this name from now on, unless it has another. Raises OSError.
        """
        owner = self._owner(which)
        if owner and not stands(owner, self.known[owner]):
            self.sort_out()
            owner = self._owner(which)
        if owner and owner != name:
            # It may be about to go on in another.
            self._changed(owner)
        return owner

    def _owner(self, which: int) -> bytes:
        """The name of the service that is kept in the directory WHICH; nothing if none is."""
        name = self._homes.get(which, b"")
        return name if name in self.known and identity(self.known[name].home) == which else b""

    def sort_out(self) -> None:
        """Have each service go by the name that its directory has now. Raises OSError."""
        self._loop.enter(self._home)
        new = moves(names_in(b""), self.known)
        self.changes.forget(new)
        pairs = {name: self.known.pop(old) for old, name in new.items()}
        self.known.update(pairs)
        for name, pair in pairs.items():
            self._homes[identity(pair.home)] = name
            shown = plain(name.rstrip(b"/"))
            pair.rename(shown, b"" if name[-1:] == b"/" else found_at(self.within, name, shown))
            self.watch(name)
        if self.overview:
            self.overview.outdated()
        self._loop.enter(self._home)

    # Whether each has its files.

    def _changed(self, name: bytes) -> None:
        """Something has changed in the directory of the service NAME, or in that of all."""
        if not name:
            self._look()
        elif name in self.known and name not in self._to_see:
            self._to_see[name] = None
            self._at(monotonic() + KEEP, self.keep_up)

    def _show(self, name: bytes) -> None:
        """What a person puts beside the run of the service NAME has changed, or may from now on."""
        if self.overview:
            self.overview.show(name)

    def keep_up(self) -> None:
        """Have some of those that may have lost files make them again."""
        some = dict.fromkeys([] if self.busy else list(self._to_see)[:SLICE])
        for name in some:
            del self._to_see[name]
        if self._to_see:
            self._at(monotonic() + KEEP * self.busy, self.keep_up)
        if self.changes.deaf:
            names = list(self.known)
            some |= dict.fromkeys((names + names)[self._turn :][:SLICE])
            self._turn = (self._turn + SLICE) % max(1, len(names))
            self._at(monotonic() + KEEP, self.keep_up)
        for name in some:
            if name in self.known:
                self._see_to(name)

    def _see_to(self, name: bytes) -> None:
        """Have the service NAME make again what it lost, and go where its directory is."""
        self._loop.visit(self._home)
        if self._owner(identity(name)) not in (b"", name.rstrip(b"/")):
            self._at(monotonic(), self._look)
            try:
                self.sort_out()
            except OSError:
                # The look says why.
                return
        if (pair := self.known.get(name)) is None:
            return
        before = identity(pair.home)
        self.watch(name, keep=True)
        if (which := identity(pair.home)) != before:
            self._homes.pop(before, None)
            self._homes[which] = name
            self._at(monotonic(), self._look)

    def watch(self, name: bytes, *, keep: bool = False) -> None:
        """Hear of what becomes of the files of the service NAME; KEEP them, before that."""
        pair, deaf = self.known[name], self.changes.deaf
        self._loop.visit(pair.home)
        for one, place in ((pair.service, b"."), (pair.logger, b"log")):
            if isinstance(one, DirectoryService):
                if keep:
                    one.keep_up()
                self.changes.watch_service(place, name)
                self.changes.watch(place + b"/supervise", name)
        if self.overview and deaf != self.changes.deaf:
            self.overview.outdated()

    def _at(self, when: float, callback: "Callable[[], None]") -> None:
        """As the loop's at(), wherever we are just now."""
        self._loop.at(when, callback, self._home)
