"""A directory service that knows what a supervisor left here that was killed, and goes on with it.

What ran is adopted: same pid, no restart. What was being ended, what run left behind, and all of
it where the file `adopt` holds `restart`, is ended, and run is started again.
"""

from time import CLOCK_BOOTTIME, clock_gettime, monotonic, sleep, time_ns

from ..base import kept_pipe
from ..base.locks import DYING
from ..base.proc import start_time, stat
from . import predecessor
from .directory_service import DirectoryService
from .predecessor import Predecessor
from .rules import Rules
from .state import SWEEPING, UP
from .statefile import parse_state
from .table import ADOPTED, FOUND

LEFT = b" left by a supervisor that died"


class Successor(DirectoryService):
    """The service in the current directory, and what another supervisor left of it."""

    def succeed(self) -> None:
        """See what a supervisor left here that was killed."""
        self._begun: dict[int, int] = {}  # the pid of the last run, and when it started
        self._given = (b"", b"")  # what run was given last, to be written down
        self._written = (b"", b"")  # and what was, before a start
        self._status_writer.record = self.record
        self.files.identity = predecessor.place(self.files.place)
        try:
            words = parse_state(self.files.read(b"state"))
        except OSError:
            words = {}
        self.predecessor = predecessor.find(self.files, words)
        if self.predecessor and not predecessor.trusted(self.files):
            if self.predecessor.strays():
                what = b"supervise may have been written to by others: what a supervisor left"
                self.warn(self.files.shown + what + b" there is not ended")
            self.predecessor = None

    def begin(self) -> None:
        """Go on with what was left, or end it; start it unless it is to be down."""
        left = self.predecessor
        if left and self.files.sub and left.pipes.get(0) != kept_pipe.inode(self.fd_map[0]):
            # A logger of another pipe ends by itself, once nobody can write to that.
            self.predecessor = left = None
        # Also before the first start of ours: we may not live to see it.
        self._given = predecessor.pipes(self._fds()), b""
        strays = left.strays() if left else []
        if left and (strays or left.ran):
            self._continue(left.words)
            if not self._adopt(left, strays):
                self._end(left, strays)
            return
        self.predecessor = None
        super().begin()

    def _continue(self, words: dict[bytes, bytes]) -> None:
        """Want what was wanted, and count on."""
        want, starts = words.get(b"want"), words.get(b"starts", b"")
        if want in (b"u", b"d", b"o") and not words.get(b"leaving"):
            self.state.want = want.decode()
        self.starts = int(starts) if starts.isdigit() and len(starts) < 20 else 0

    # What goes on.

    def _adopt(self, left: Predecessor, strays: list[int]) -> bool:
        """Go on with what runs among STRAYS; whether that can be."""
        from ..jobs.known_process import KnownProcess

        pid, start = left.running(strays)
        rules = self.rules()
        if not (pid and rules.adopts):
            return False
        rules.cgroup = left.words.get(b"cgroup", b"")
        ready = not rules.waits_ready if left.starting else left.words.get(b"ready") == b"1"
        try:
            says = self._take_pipes(left, strays)
            self.followed = KnownProcess(self.loop, pid, start, self.end)
        except ProcessLookupError:
            return False
        except PermissionError as error:
            self.warn(b"unable to have the pipes of process %d, which is ended" % pid, error)
            return False
        # What it starts is known before its end.
        self.followed.on_kill = left.strays
        self.pid, self.session = pid, left.session or pid
        self._begun = {pid: start}
        if self.reaper:
            self.reaper.sessions[self.session] = self
        self._take_address(left)
        self._take_named(left, pid)
        if not ready and says is None:
            # It has let go of what it says it by.
            ready = True
        self.look_after(rules, ready=ready, says=-1 if says is None else says)
        up = max(0.0, clock_gettime(CLOCK_BOOTTIME) - start / predecessor.TICKS)
        paused = stat(pid)[:1] == [b"T"]
        self._status_writer.resume(pid, left.words, up)
        self._info(b"adopted process %d, which was" % pid + LEFT)
        self.feed(ADOPTED, (rules, monotonic() - up, ready, paused))
        super().started(rules)
        if self.health:
            # Before anything of what it has printed is read.
            self.health.begin()
        return True

    def _take_pipes(self, left: Predecessor, strays: list[int]) -> int | None:
        """Have the pipes from STRAYS that we alone read; return the one that says it is ready.

        -1 if it has none, None if it has closed it. Raises PermissionError.
        """
        says: int | None = -1
        logs = kept_pipe.inode(self.fd_map[1]) if 1 in self.fd_map else 0
        for fd, inode in left.pipes.items():
            if not fd or inode == logs:
                continue
            place = kept_pipe.find(strays, inode)
            if fd > 2:
                says = kept_pipe.reopen(place, kept_pipe.READ)
            elif pipe := kept_pipe.both_ends(place):
                self.tap(fd, pipe)
        return says

    def _take_address(self, left: Predecessor) -> None:
        """Listen where the service sends what it says of itself."""
        address = left.words.get(b"notify", b"")
        if not address:
            return
        until = monotonic() + DYING
        while True:
            try:
                self.listen(address)
            except OSError as error:
                # The one that was killed may not have let go of it yet.
                if monotonic() < until:
                    sleep(0.01)
                    continue
                self.warn(b"unable to have NOTIFY_SOCKET: what it says is not heard", error)
            return

    def _take_named(self, left: Predecessor, pid: int) -> None:
        """Remember the process that MAINPID named, if that is not the one that counts."""
        named = predecessor.numbers(left.words.get(b"main", b""))
        self.main = next((one for one in named.items() if one[0] != pid), (0, 0))

    # What does not.

    def _end(self, left: Predecessor, strays: list[int]) -> None:
        """End STRAYS, and say how what was there ended."""
        pid = strays[0] if strays else left.pid
        if strays:
            pids = b" ".join(b"%d" % stray for stray in strays)
            kind = b"process " if len(strays) == 1 else b"processes "
            was = b", which was" if len(strays) == 1 else b", which were"
            self.warn(b"ending " + kind + pids + was + LEFT)
        if left.pid not in strays:
            # It ended when nobody was there to see it.
            self.wait_status = None
        if strays or (left.words.get(b"state") == b"run" and not start_time(pid)):
            up = max(0.0, clock_gettime(CLOCK_BOOTTIME) - left.started / predecessor.TICKS)
            ended = time_ns(), pid, up, self.wait_status
            self._status_writer.deaths.append((ended, LEFT.decode()[1:], b""))
        self.session = left.session or pid
        self.state.rules = self.rules()
        self.feed(FOUND)

    # What whoever comes after us has to know, if we are killed.

    def record(self) -> dict[bytes, bytes]:
        """What supervise/state says of it."""
        state, left = self.state, self.predecessor
        processes: dict[int, int] = {}
        if state.phase == SWEEPING:
            processes = {pid: start_time(pid) for pid in self.strays()}
        elif self.pid:
            processes = {self.pid: self._begun.get(self.pid) or start_time(self.pid)}
        known = {
            b"session": predecessor.listed(self._begun) if self.pid else b"",
            b"cgroup": state.rules.cgroup if self.pid else b"",
            b"pipes": self._given[0],
        }
        if left:
            processes |= left.known
            known = left.record()
        if self.health and not self.health.listens:
            given = predecessor.numbers(known[b"pipes"])
            known[b"pipes"] = predecessor.listed({fd: one for fd, one in given.items() if fd < 3})
        return {
            b"leaving": b"1" if state.leaving else b"",
            b"obeyed": b"%d" % self._commands.obeyed,
            b"stopping": b"1" if state.phase == UP and state.stopping else b"",
            b"place": self.files.identity,
            b"processes": predecessor.listed(processes),
            b"main": predecessor.listed(dict([self.main])),
            b"notify": self.notify_socket.address if self.notify_socket else b"",
            **known,
        }

    def starting(self, fd_map: dict[int, int]) -> None:
        """Run is about to be started: what it is known by has to stand there before it is."""
        address = self.notify_socket.address if self.notify_socket else b""
        self._given = predecessor.pipes(fd_map), address
        if self._given != self._written or not self._status_writer.starting():
            self._write_down(starting=True)

    def started(self, rules: Rules) -> None:
        """Run has been started with RULES: write down at once what it is known by."""
        self._begun = {self.pid: start_time(self.pid)}
        self._write_down(rules)
        super().started(rules)

    def _write_down(self, born: Rules | None = None, *, starting: bool = False) -> None:
        """Have supervise/state tell it before the end of the turn."""
        try:
            self._status_writer.write_state(born, starting=starting)
        except OSError:
            # At the end of the turn it is tried again, and said.
            pass
        else:
            self._written = self._given
