"""A process that is kept: its state, and what the actions of the table do to it."""

import posix
from _signal import SIGCONT, SIGKILL, SIGTERM
from time import monotonic

from ..base import cli
from ..jobs import tree
from ..jobs.helper_tree import HelperEnd
from ..jobs.loop import Loop
from . import table
from .rules import FOREVER, PROCESS, PROGRAM, SESSION, Rules
from .state import DOWN, FINISHING, LEFT, SWEEPING, UP, State
from .statefile import end_in_words
from .sweep import Sweep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import ClassVar

    from ..jobs.known_process import KnownProcess
    from ..jobs.tree import Reaper
    from .predecessor import Predecessor
    from .table import Row


class Nobody:
    """Who is told what becomes of a service: nobody. Others are in pair.py."""

    __slots__ = ()

    def ended(self, one: "Service") -> None:
        """The run of ONE has ended."""

    def refused(self, one: "Service") -> None:
        """ONE could not be started."""

    def down(self, one: "Service") -> None:
        """There is nothing of ONE, and nothing is due."""

    def gone(self, one: "Service") -> None:
        """There will never be anything again."""

    def reads(self, _callback: "Callable[[], None]") -> bool:
        """Whether somebody reads what it prints; if not CALLBACK is called once that may be."""
        return True


NOBODY = Nobody()


class Service:
    """A process that is kept. A subclass says what it is: spawn(), rules(), and the hooks.

    WHO stands before a warning, NAME in it. `fd_map` says which fd of the process
    is which of ours, `keep` which it inherits beside them. `pair` is told what becomes of it.
    """

    # There may be thousands in one process.
    __slots__ = (
        "_events",
        "_map",
        "_refused",
        "_sweep",
        "followed",
        "keep",
        "loop",
        "name",
        "pair",
        "patience",
        "pid",
        "predecessor",
        "reaper",
        "session",
        "starts",
        "state",
        "verbose",
        "wait_status",
        "watchers",
        "who",
    )

    def __init__(self, loop: Loop, reaper: "Reaper | None", who: bytes, name: bytes) -> None:
        self.loop = loop
        self.reaper = reaper
        self.who = who
        self.name = name
        self.state = State()
        self.pid = 0
        self.starts = 0  # of run, so far
        self.patience = 0.0  # seconds that what is to be shown next may wait
        self.session = 0  # the pid of the last run
        self.followed: KnownProcess | None = None  # what has the pid, if it is not our child
        self.predecessor: Predecessor | None = None  # while something of it lives
        # How run ended. Of one that was found nobody knows more than that we ended it.
        self.wait_status: int | None = int(SIGTERM)
        # What happens, while it does, and whether it is mute.
        self._events: list[tuple[str, object, bool]] | None = None
        self._map: tuple[tuple[int, int], ...] = ()
        self.keep: list[int] = []
        self.verbose = False  # whether to say when it starts and ends
        self.watchers: tuple[Callable[[State, State], None], ...] = ()  # told of each change
        self.pair = NOBODY
        self._sweep: Sweep | None = None
        self._refused = False  # whether it was said that run could not be started

    @property
    def fd_map(self) -> dict[int, int]:
        """Which fd of the process is which of ours."""
        return dict(self._map)

    @fd_map.setter
    def fd_map(self, fds: "Mapping[int, int]") -> None:
        self._map = tuple(fds.items())

    # What a kind of service does.

    @property
    def transitions(self) -> "dict[str, Row]":
        """What each event means."""
        return table.TABLE

    @property
    def ends(self) -> bytes:
        """The letters that end it and its supervisor."""
        return b"x"

    def begin(self) -> None:
        """Start it, if it is to be up."""
        self.feed("u")

    def rules(self) -> Rules:
        """The rules of the start that is about to be."""
        return PROGRAM

    def spawn(self, rules: Rules) -> int:
        """Start run, return its pid, 0 if it is no process. Raises OSError."""
        raise NotImplementedError

    def finish(self, status: int | None) -> int:  # noqa: ARG002 - for those that have one
        """Start finish, after run ended with STATUS; return its pid, 0 if there is none.

        Raises OSError.
        """
        return 0

    def started(self, rules: Rules) -> None:
        """Run has been started with RULES: it has a pid."""

    def refused(self, error: OSError) -> None:
        """Run could not be started, as ERROR says: that is said once, by an original each time."""
        # It is tried each second, and where there are thousands nothing else could be read.
        if not (self._refused and self.reaper):
            self._refused = True
            self.warn(b"unable to fork for " + self.name, error)

    def drain(self, callback: "Callable[[], None]") -> None:
        """Call CALLBACK when all that the service wrote is where it is to go."""
        callback()

    @property
    def passed_on(self) -> bool:
        """Whether what it prints goes through us."""
        return False

    def undelivered(self) -> int:
        """How many bytes that it wrote have not come to where they are to go."""
        return 0

    def mark(self, *, down: bool) -> None:
        """Have the service DOWN, or not, when a supervisor next starts here."""

    def show(self) -> None:
        """Show how it is, when something may have changed."""

    def record(self) -> dict[bytes, bytes]:
        """What is written down of it for whoever comes after us."""
        return {}

    # What happens.

    @property
    def sweep(self) -> Sweep:
        """What ends whatever run left behind, once run has ended."""
        self._sweep = self._sweep or Sweep(self)
        return self._sweep

    @property
    def left(self) -> bool:
        """Whether it is over for good."""
        return self.state.phase == LEFT

    def feed(self, event: str, value: object = None, *, mute: bool = False) -> None:
        """Let EVENT happen, when those before it have. MUTE: its signals are not sent."""
        if self._events is not None:
            # An action of the one before feeds this.
            self._events.append((event, value, mute))
            return
        events = self._events = [(event, value, mute)]
        for one, given, silent in events:
            before = self.state
            self.state, actions = table.step(before, one, monotonic(), given, self.transitions)
            for watch in self.watchers:
                watch(before, self.state)
            for action in actions:
                if isinstance(action, str):
                    self._ACTIONS[action](self)
                elif not silent:
                    self.kill(action)
        self._events = None
        self.loop.at_turn_end(self.settle)
        if self.state.phase == DOWN:
            self.pair.down(self)

    def settle(self) -> None:
        """Wait for the next deadline, and show what has changed: once, at the end of a turn."""
        deadline = self.state.deadline()
        if deadline < FOREVER:
            self.loop.at(deadline, self.due)
        if self.patience:
            self.loop.at(monotonic() + self.patience, self.show)
            self.patience = 0.0
        else:
            self.show()

    def obey(self, letters: bytes) -> None:
        """Do what LETTERS say, in order."""
        for letter in letters.decode("latin-1"):
            self.feed(letter)

    def end(self, status: int | None) -> None:
        """Run has ended with STATUS; None if nobody knows how."""
        pid, self.pid = self.pid, 0
        self.followed = None
        self.wait_status = status
        if self.verbose:
            self.info(b"%s, pid %d, %s" % (self.name, pid, end_in_words(status)))
        # Who is told to end may leave something behind. Who ends by itself should not.
        self.sweep.note(b"", pid, status, asked=self.state.term or self.state.stopping)
        self.pair.ended(self)
        self.feed(table.GONE, None if status is None else posix.waitstatus_to_exitcode(status))

    def kill(self, signum: int) -> None:
        """Send SIGNUM to the process, if there is one."""
        # 0 would be our own process group.
        if not self.pid:
            return
        try:
            if self.state.rules.down_target != PROCESS and self._is_stop(signum):
                self._kill_all(signum)
            elif self.followed:
                self.followed.kill(signum)
            elif self.reaper and self.state.phase == FINISHING:
                HelperEnd(self.loop, self.pid).kill()
            else:
                # Nobody else reaps: until GONE has been fed, the pid is this process.
                posix.kill(self.pid, signum)
        except ProcessLookupError:
            # It was not ours: a main process that the service named.
            pass
        except PermissionError as error:
            # It became another account than ours.
            self.warn(b"unable to signal " + self.name, error)

    def _is_stop(self, signum: int) -> bool:
        """Whether SIGNUM, sent to run, is to end it, or has it go on for that."""
        state = self.state
        if state.phase != UP:
            return False
        if signum == SIGTERM and state.term:
            return True
        return state.stopping and signum in (state.rules.down_signal, SIGCONT)

    def _kill_all(self, signum: int) -> None:
        """Send SIGNUM to the process and its group, or session; who was told once is not again."""
        from ..jobs.group import signal_group

        rules = self.state.rules
        start = self.followed.start if self.followed else 0
        told = signal_group(self.pid, start, signum, session=rules.down_target == SESSION)
        if signum == rules.down_signal:
            self.sweep.told(told)

    def due(self) -> None:
        """A deadline may have passed."""
        if self.state.phase == SWEEPING and self.state.limit <= monotonic():
            pids = b" ".join(b"%d" % pid for pid in self.strays())
            self.warn(b"KILL did not end what " + self.name + b" left behind: " + pids)
            self.sweep.close()
        self.feed(table.DUE)

    def rename(self, name: bytes, _found: bytes) -> None:
        """It is called NAME now."""
        self.name = name

    def warn(self, what: bytes, error: OSError | None = None) -> None:
        """Say what went wrong, and go on."""
        if error:
            from ..base.errors import error_str

            what += b": " + error_str(error)
        cli.say(self.who + b": warning: " + what)

    def info(self, what: bytes) -> None:
        """Say WHAT happened."""
        cli.say(self.who + b": info: " + what)

    def strays(self) -> list[int]:
        """The processes that run left behind."""
        if not self.reaper:
            return []
        found = [] if self.loop.childless else self.reaper.left_by(self)
        if self.predecessor:
            # What it left is nobody's child that we know.
            theirs = self.predecessor.strays()
            return theirs + [pid for pid in found if pid not in theirs]
        cgroup = self.state.rules.cgroup
        return found + (tree.members(tree.cgroup_path(cgroup)) if cgroup else [])

    def keep_up(self) -> None:
        """See that all is there which it has outside of this process."""

    def close(self) -> None:
        """It has left: close what it had open."""

    def let_go(self) -> None:
        """Nothing is left behind, or what is will not end."""
        self.pid = 0
        self.predecessor = None
        if self.reaper:
            self.reaper.release(self)

    # What the actions do.

    def _start(self) -> None:
        rules = self.rules()
        try:
            self.pid = self.session = self.spawn(rules)
        except OSError as error:
            self.refused(error)
            self.feed(table.UNBORN)
            self.pair.refused(self)
            return
        self.starts += 1
        self._refused = False
        if self.pid:
            self.loop.child(self.pid, self.end)
            if self.reaper:
                self.reaper.leads(self.pid, self)
        if self.verbose:
            self.info(b"started %s, pid %d" % (self.name, self.pid))
        self.started(rules)
        self.feed(table.BORN, rules)

    def _finish(self) -> None:
        self.pid = 0
        try:
            self.pid = self.finish(self.wait_status)
        except OSError as error:
            self.warn(b"unable to fork for " + self.name + b"/finish", error)
        if self.pid:
            self.loop.child(self.pid, self._finished)
            if self.reaper:
                self.reaper.leads(self.pid, self)
        else:
            self.feed(table.UNBORN)

    def _end_finish(self) -> None:
        if self.reaper:
            HelperEnd(self.loop, self.pid)
        else:
            self.kill(SIGKILL)

    def _finished(self, status: int) -> None:
        pid, self.pid = self.pid, 0
        self.sweep.note(b"/finish", pid, status)
        self.feed(table.GONE, posix.waitstatus_to_exitcode(status))

    def _leave(self) -> None:
        self.pair.gone(self)

    # Typing is not imported for a name.
    _ACTIONS: "ClassVar[dict[str, Callable[[Service], None]]]" = {  # noqa: RUF012
        table.START: _start,
        table.SWEEP: lambda self: self.sweep.begin(),
        table.CULL: lambda self: self.sweep.cull(),
        table.FINISH: _finish,
        table.END_FINISH: _end_finish,
        table.MARK: lambda self: self.mark(down=True),
        table.UNMARK: lambda self: self.mark(down=False),
        table.LEAVE: lambda self: self._leave(),
    }
