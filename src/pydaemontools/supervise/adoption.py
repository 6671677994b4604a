"""What runs is adopted that a supervisor left which was killed: same pid, no restart.

What was being ended, what run left behind, and all of it where the file `adopt` holds `restart`,
is ended, and run is started again.
"""

from time import CLOCK_BOOTTIME, clock_gettime, monotonic, sleep, time_ns

from ..base import kept_pipe
from ..base.locks import DYING
from ..base.proc import TICKS, start_time, stat
from ..jobs.known_process import KnownProcess
from .predecessor import Predecessor
from .run_record import numbers
from .table import ADOPTED, FOUND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .directory_service import DirectoryService

LEFT = b" left by a supervisor that died"


class Adoption:
    """SERVICE goes on with what LEFT tells of."""

    def __init__(self, service: "DirectoryService", left: Predecessor) -> None:
        self._service = service
        self._left = left

    def begin(self, strays: list[int]) -> None:
        """Go on with what lives of it, STRAYS, or end that."""
        self._continue()
        if not self._adopt(strays):
            self._end(strays)

    def _continue(self) -> None:
        """Want what was wanted, and count on."""
        words = self._left.words
        want, starts = words.get(b"want"), words.get(b"starts", b"")
        if want in (b"u", b"d", b"o") and not words.get(b"leaving"):
            self._service.state.want = want.decode()
        self._service.starts = int(starts) if starts.isdigit() and len(starts) < 20 else 0

    # What goes on.

    def _adopt(self, strays: list[int]) -> bool:
        """Go on with what runs among STRAYS; whether that can be."""
        service, left = self._service, self._left
        pid, start = left.running(strays)
        rules = service.rules()
        if not (pid and rules.adopts):
            return False
        cgroup = left.words.get(b"cgroup", b"")
        if cgroup != rules.cgroup:
            rules = rules.but(cgroup=cgroup)
        ready = not rules.waits_ready if left.starting else left.words.get(b"ready") == b"1"
        try:
            says = self._take_pipes(strays)
            service.followed = KnownProcess(service.loop, pid, start, service.end)
        except ProcessLookupError:
            return False
        except PermissionError as error:
            service.warn(b"unable to have the pipes of process %d, which is ended" % pid, error)
            return False
        # What it starts is known before its end.
        service.followed.on_kill = left.strays
        service.pid, service.session = pid, left.session or pid
        service.run_pid, service.run_start = pid, start
        if service.reaper:
            service.reaper.leads(service.session, service)
        self._take_address()
        self._take_named(pid)
        if not ready and says is None:
            # It has let go of what it says it by.
            ready = True
        service.look_after(rules, ready=ready, says=-1 if says is None else says)
        up = max(0.0, clock_gettime(CLOCK_BOOTTIME) - start / TICKS)
        paused = stat(pid)[:1] == [b"T"]
        service.status_writer.resume(pid, left.words, up)
        service.info(service.name + b": adopted process %d, which was" % pid + LEFT)
        service.feed(ADOPTED, (rules, monotonic() - up, ready, paused))
        service.attend(rules)
        if service.health:
            # Before anything of what it has printed is read.
            service.health.begin()
        return True

    def _take_pipes(self, strays: list[int]) -> int | None:
        """Have the pipes from STRAYS that we alone read; return the one that says it is ready.

        -1 if it has none, None if it has closed it. Raises PermissionError.
        """
        service, left = self._service, self._left
        says: int | None = -1
        logs = kept_pipe.inode(service.fd_map[1]) if 1 in service.fd_map else 0
        for fd, inode in left.pipes.items():
            if not fd or inode == logs:
                continue
            if fd > 2:
                (says,) = kept_pipe.had_by(strays, inode, kept_pipe.to_read) or (None,)
            elif pipe := kept_pipe.had_by(strays, inode, kept_pipe.both_ends):
                service.tap(fd, pipe)
        return says

    def _take_address(self) -> None:
        """Listen where the service sends what it says of itself."""
        service = self._service
        address = self._left.words.get(b"notify", b"")
        if not address:
            return
        until = monotonic() + DYING
        while True:
            try:
                service.listen(address)
            except OSError as error:
                # The one that was killed may not have let go of it yet.
                if monotonic() < until:
                    sleep(0.01)
                    continue
                service.warn(b"unable to have NOTIFY_SOCKET: what it says is not heard", error)
            return

    def _take_named(self, pid: int) -> None:
        """Remember the process that MAINPID named, if that is not the one that counts."""
        named = numbers(self._left.words.get(b"main", b""))
        self._service.main = next((one for one in named.items() if one[0] != pid), (0, 0))

    # What does not.

    def _end(self, strays: list[int]) -> None:
        """End STRAYS, and say how what was there ended."""
        service, left = self._service, self._left
        pid = strays[0] if strays else left.pid
        if strays:
            pids = b" ".join(b"%d" % stray for stray in strays)
            kind = b"process " if len(strays) == 1 else b"processes "
            was = b", which was" if len(strays) == 1 else b", which were"
            service.warn(service.name + b": ending " + kind + pids + was + LEFT)
        if left.pid not in strays:
            # It ended when nobody was there to see it.
            service.wait_status = None
        if strays or (left.words.get(b"state") == b"run" and not start_time(pid)):
            up = max(0.0, clock_gettime(CLOCK_BOOTTIME) - left.started / TICKS)
            ended = time_ns(), pid, up, service.wait_status
            service.status_writer.deaths += ((ended, LEFT.decode()[1:], b""),)
        service.session = left.session or pid
        service.state.rules = service.rules()
        service.feed(FOUND)
