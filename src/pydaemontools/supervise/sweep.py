"""Ends what run, or finish, left behind: all of it, kindly.

Each process gets the signal that ends the service once, whenever it was born, and KILL when it
has not ended some seconds later. One that is born of a process that is ending may be a part of
that, so it is told when that has gone, or has had its time. Which one it is its pid and its
start time say.
"""

from _signal import SIGCONT, SIGKILL
from posix import WIFEXITED
from time import monotonic

from ..base.proc import START, command_line, is_child, stat
from ..jobs import tree
from .rules import FOREVER
from .state import SWEEPING
from .statefile import end_in_words
from .table import MORE, SWEPT, patience

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from ..jobs.loop import Loop
    from .state import State

    class Service(Protocol):
        """What a service is to whoever ends what it left."""

        loop: Loop
        name: bytes
        state: State
        pid: int

        def strays(self) -> list[int]:
            """The processes that were left behind."""

        def let_go(self) -> None:
            """Nothing is left behind, or what is will not end."""

        def feed(self, event: str, value: object = None) -> None:
            """Let EVENT happen."""

        def warn(self, what: bytes) -> None:
            """Say WHAT went wrong."""


LOOK = 0.2  # seconds until we look again for what is to end and is not our child
REMEMBERED = 16  # messages that are not said again
NAMED = 5  # processes that a message names
LONGEST = 60  # bytes of a command line in a message


class Sweep:
    """Ends what SERVICE left behind when a process of it ended."""

    __slots__ = ("_left_by", "_said", "_service", "_told")

    def __init__(self, service: "Service") -> None:
        self._service = service
        # Who was told to end, by pid and start time, and when it gets KILL.
        self._told: dict[tuple[int, int], float] = {}
        self._left_by = b""  # whose it is, in words; nothing where that is nobody's concern
        self._said: list[bytes] = []  # messages that were said

    def note(self, name: bytes, pid: int, status: int | None, *, asked: bool = False) -> None:
        """The process PID, NAME beside the service, has ended with STATUS.

        If it exited and nobody had ASKED for that, it is told what it left.
        """
        asked = asked or status is None or not WIFEXITED(status)
        shown = b"%s%s, pid %d, left behind when it " % (self._service.name, name, pid)
        self._left_by = b"" if asked else shown + end_in_words(status)

    def told(self, pids: "Iterable[int]") -> None:
        """PIDS have been sent the signal already: once is enough."""
        self._told |= dict.fromkeys([(pid, start) for pid, start, _ in _known(pids)], FOREVER)

    def begin(self) -> None:
        """Tell what was left to end, and say SWEPT when it has."""
        service = self._service
        strays = service.strays()
        if not strays:
            self._swept()
            return
        service.pid = strays[0]
        if self._left_by:
            self._say(strays)
        self._told = dict.fromkeys(self._told, service.state.kill_at)
        self._tell(strays, service.state.kill_at)
        service.loop.on_orphan[self._look] = service.loop.home
        self._look_again()

    def cull(self) -> None:
        """Kill what has had its time; all of it when there is no more."""
        service, now = self._service, monotonic()
        strays = service.strays()
        if now >= service.state.kill_by:
            self._tell(strays, now)
            self._kill(strays)
            return
        self._tell(strays, now + patience(service.state))
        due = {pid: self._told.get((pid, start), now) for pid, start, _ in _known(strays)}
        self._kill([pid for pid, when in due.items() if when <= now])
        later = [when for when in due.values() if when > now]
        if later:
            service.feed(MORE, min(later))

    def close(self) -> None:
        """Forget what was left: it has ended, or will not."""
        self._service.loop.on_orphan.pop(self._look, None)
        self._told.clear()
        self._service.let_go()

    def _look(self) -> None:
        """Whether what was left behind has ended by now, and whether there is more of it."""
        service, now = self._service, monotonic()
        if service.state.phase != SWEEPING:
            service.loop.on_orphan.pop(self._look, None)
            return
        strays = service.strays()
        if not strays:
            self._swept()
        elif now >= service.state.kill_by:
            new = self._tell(strays, now)
            self._kill(new)
        else:
            due = now + patience(service.state)
            if self._tell(strays, due, all_of_them=False):
                service.feed(MORE, due)

    def _look_again(self) -> None:
        self._look()
        if self._service.state.phase == SWEEPING:
            self._service.loop.at(monotonic() + LOOK, self._look_again)

    def _tell(self, strays: list[int], due: float, *, all_of_them: bool = True) -> list[int]:
        """Tell those of STRAYS that were not told to end until DUE; return them.

        Unless it is for ALL_OF_THEM, one whose parent is there too is left in peace: it may be
        what that ends with.
        """
        known = {pid: (start, parent) for pid, start, parent in _known(strays)}
        new = [
            pid
            for pid, (start, parent) in known.items()
            if (pid, start) not in self._told and (all_of_them or parent not in known)
        ]
        self._told |= {(pid, known[pid][0]): due for pid in new}
        tree.signal_all(new, self._service.state.rules.down_signal, SIGCONT)
        return new

    def _kill(self, pids: list[int]) -> None:
        tree.signal_all(pids, SIGKILL)
        cgroup = self._service.state.rules.cgroup
        if cgroup and monotonic() >= self._service.state.kill_by:
            tree.kill_cgroup(tree.cgroup_path(cgroup))

    def _swept(self) -> None:
        self.close()
        self._service.feed(SWEPT)

    def _say(self, strays: list[int]) -> None:
        """Say once what is ended that nobody asked to end: who looks for it finds it here."""
        named = [(pid, command_line(pid)[:LONGEST]) for pid in strays[:NAMED]]
        what = self._left_by.partition(b",")[0] + b" ".join(name for _, name in named)
        if what in self._said:
            return
        self._said = [*self._said, what][-REMEMBERED:]
        shown = [b"process %d (%s)" % one if one[1] else b"process %d" % one[0] for one in named]
        more = len(strays) - len(shown)
        shown += [b"%d more" % more] if more else []
        self._service.warn(b"ending what " + self._left_by + b": " + b", ".join(shown))


def _known(pids: "Iterable[int]") -> "list[tuple[int, int, int]]":
    """The pid, the start time and the parent of each of PIDS that is there."""
    found = [(pid, stat(pid)) for pid in pids]
    return [
        (pid, int(fields[START]), int(fields[1])) if fields else (pid, 0, 0)
        for pid, fields in found
        # Without /proc it is known by its number alone, which is its own while it is our child.
        if fields or is_child(pid)
    ]
