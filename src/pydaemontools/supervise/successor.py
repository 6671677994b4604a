"""A directory service that knows what a supervisor left here that was killed.

What it knows itself it writes down, for whoever comes after it.
"""

from ..base import kept_pipe
from ..base.proc import start_time, ticks
from . import run_record
from .directory_service import DirectoryService
from .rules import Rules
from .state import SWEEPING, UP
from .statefile import parse_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from ..jobs.process_table import ProcessTable

    class Shown(Protocol):
        """A logger that has no directory of its own."""

        @property
        def shown(self) -> bytes:
            """How it is, in words."""


PID = slice(12, 16)  # where it stands in a status file
NOTHING = b"", b""


class Successor(DirectoryService):
    """The service in the current directory, and what another supervisor left of it."""

    __slots__ = ("_given", "_written", "logger", "logs")

    def succeed(self) -> None:
        """See what a supervisor left here that was killed."""
        self._given = NOTHING  # what run was given last, to be written down
        self._written = NOTHING  # and what was, before a start
        self.logs = 0  # the inode of the pipe to a logger that has no directory
        self.logger: Shown | None = None  # that logger
        self.files.identity = run_record.identity(self.files.place)
        try:
            words = parse_state(self.files.read(b"state"))
        except OSError:
            words = {}
        if not words and not any(self.files.status()[PID]):
            return
        from . import predecessor

        self.predecessor = predecessor.find(self.files, words, self._processes)
        if self.predecessor and not predecessor.trusted(self.files):
            if self.predecessor.strays():
                what = b"supervise may have been written to by others: what a supervisor left"
                self.warn(self.files.shown + what + b" there is not ended")
            self.predecessor = None

    def _processes(self) -> "ProcessTable":
        if self.reaper:
            return self.reaper.table()
        from ..jobs.process_table import ProcessTable

        return ProcessTable()

    def begin(self) -> None:
        """Go on with what was left, or end it; start it unless it is to be down."""
        left = self.predecessor
        if left and self.files.sub and left.pipes.get(0) != kept_pipe.inode(self.fd_map[0]):
            # A logger of another pipe ends by itself, once nobody can write to that.
            self.predecessor = left = None
        # Also before the first start of ours: we may not live to see it.
        self._give(self._fds())
        strays = left.strays() if left else []
        if left and (strays or left.ran):
            from .adoption import Adoption

            Adoption(self, left).begin(strays)
            return
        self.predecessor = None
        super().begin()

    # What whoever comes after us has to know, if we are killed.

    def record(self) -> dict[bytes, bytes]:
        """What supervise/state says of it."""
        state, left = self.state, self.predecessor
        processes: dict[int, int] = {}
        if state.phase == SWEEPING:
            processes = {pid: start_time(pid) for pid in self.strays()}
        elif self.pid:
            began = self.run_start if self.pid == self.run_pid else 0
            processes = {self.pid: began or start_time(self.pid)}
        known = {
            b"session": self._run() if self.pid else b"",
            b"cgroup": state.rules.cgroup if self.pid else b"",
            b"mark": self.reaper.mark(self) if self.reaper else b"",
            b"pipes": self._given[0],
        }
        if left:
            processes |= left.known
            known = left.record()
        if self.health and not self.health.listens:
            given = run_record.numbers(known[b"pipes"])
            known[b"pipes"] = run_record.listed({fd: one for fd, one in given.items() if fd < 3})
        return {
            b"leaving": b"1" if state.leaving else b"",
            b"obeyed": b"%d" % (self._commands.obeyed if self._commands else 0),
            b"stopping": b"1" if state.phase == UP and state.stopping else b"",
            b"place": run_record.place_of(self.files.identity),
            b"processes": run_record.listed(processes),
            b"main": run_record.listed(dict([self.main])),
            b"notify": self.said.address if self.said else b"",
            b"logger": run_record.listed({0: self.logs}),
            b"logging": self.logger.shown if self.logger else b"",
            **known,
        }

    def starting(self, fd_map: dict[int, int]) -> None:
        """Run is about to be started: what it is known by has to stand there before it is."""
        self._give(fd_map, self.said.address if self.said else b"")
        if self._given != self._written or not self.status_writer.starting(b"1"):
            self._write_down(b"1")
        self.run_start = ticks()

    def started(self, rules: Rules) -> None:
        """Run has been started with RULES: tell at once which process it is."""
        self.run_pid = self.pid
        if ticks() != self.run_start:
            self.run_start = start_time(self.pid)
        # If that cannot be, its pipes tell until the end of the turn.
        self.status_writer.starting(self._run())
        super().started(rules)

    def _give(self, fd_map: "Mapping[int, int]", address: bytes = b"") -> None:
        """Run gets FD_MAP, and ADDRESS to say something to."""
        given = run_record.pipes(fd_map), address
        self._given = NOTHING if given == NOTHING else given

    def _run(self) -> bytes:
        """Which process was started as run, the last time."""
        return run_record.listed({self.run_pid: self.run_start})

    def _write_down(self, starting: bytes) -> None:
        """Have supervise/state tell it before the end of the turn."""
        try:
            self.status_writer.write_state(starting)
        except OSError:
            # At the end of the turn it is tried again, and said.
            pass
        else:
            self._written = self._given
