"""What a service leaves behind when it ends: finding it, and ending it.

As a subreaper this process becomes the parent of whatever its children leave, also of what
forked twice and made a session of its own. So what is below us, and is not a child that we
started ourselves, was left behind. By whom says its session, or the mark in the environment that
it has from there.
"""

import posix

from ..base.orphans import adopt
from ..base.proc import children, is_shown, marks, start_time
from ..base.process import MARK, environ
from .process_table import ProcessTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .loop import Loop

CGROUPS = b"/sys/fs/cgroup"


class Reaper:
    """Knows whose an orphan is: each service's session and mark, and which service has the rest.

    LOOP has the children that were started on purpose.
    """

    def __init__(self, loop: "Loop") -> None:
        self._loop = loop
        self._turn, self._found = -1, list[int]()  # the orphans, as they were in this turn
        self._table: ProcessTable | None = None
        self._table_turn = -1
        self._sessions: dict[int, object] = {}  # the leader's pid, and the service it ran for
        self._led: dict[object, tuple[int, ...]] = {}  # the same from the other side
        self.main_service: object = None  # that has those of no known session, nor mark
        self._secret = int.from_bytes(posix.urandom(8))  # where an object lies is for no service
        self.subreaper = adopt()
        # Whoever became this tool may have left children of its own: they are nobody's. By
        # their start times, since another may get the pid of one that has ended.
        self._others = {pid: start_time(pid) for pid in children()}

    def leads(self, pid: int, service: object) -> None:
        """The session of PID is that of SERVICE."""
        self._sessions[pid] = service
        self._led[service] = *self._led.get(service, ()), pid

    def mark(self, service: object) -> bytes:
        """What SERVICE is known by below us, and by whoever comes after us."""
        return b"%x" % (id(service) ^ self._secret)

    def marks(self, service: object) -> bytes:
        """The same as it stands in the environment, where a supervisor above us has one, too."""
        above = environ.get(MARK)
        return (above + b"/" if above else b"") + self.mark(service)

    def left_by(self, service: object) -> list[int]:
        """The processes that SERVICE left behind, parents first."""
        if not self.subreaper:
            # Those of its sessions, whosever children they are.
            table = self.table().found
            return [pid for pid in table if self._sessions.get(int(table[pid][3])) is service]
        found = self._orphans(min(self._led.get(service, ()), default=0))
        mine = [pid for pid in found if self._owner(pid) is service]
        return self.table().below(mine) if mine else []

    def _orphans(self, near: int) -> list[int]:
        """Our children that nobody started: those of all who ended come before the first asks."""
        if self._turn != self._loop.turns or not is_shown():
            known = self._loop.children
            self._turn = self._loop.turns
            self._found = [
                pid for pid in children(near) if pid not in known and not self._is_other(pid)
            ]
        return self._found

    def table(self) -> ProcessTable:
        """All processes, as they are in this turn of the loop."""
        table = self._table
        if table is None or self._table_turn != self._loop.turns:
            table = self._table = ProcessTable()
            self._table_turn = self._loop.turns
            self._loop.at_turn_end(self._forget_table)
        return table

    def _forget_table(self) -> None:
        # It is large.
        self._table = None

    def release(self, service: object) -> None:
        """What SERVICE left has ended: no session is its own any more."""
        for sid in self._led.pop(service, ()):
            if self._sessions.get(sid) is service:
                del self._sessions[sid]

    def _is_other(self, pid: int) -> bool:
        """Whether the child PID was there before us."""
        return pid in self._others and self._others[pid] == start_time(pid)

    def _owner(self, pid: int) -> object:
        try:
            session = posix.getsid(pid)
        except ProcessLookupError:
            return None
        return self._sessions.get(session) or self._marked(pid) or self.main_service

    def _marked(self, pid: int) -> object:
        """The service whose mark the process PID has; None if it has none, or does not show it."""
        found = marks(pid)
        return next((one for one in self._led if self.mark(one) in found), None)


def below(roots: list[int]) -> list[int]:
    """The processes ROOTS and all that descend from them."""
    return ProcessTable().below(roots) if roots else []


def signal_all(pids: "Iterable[int]", *signums: int) -> None:
    """Send each of SIGNUMS to each of PIDS; those that are gone, or not ours, are passed over."""
    for pid in pids:
        for signum in signums:
            try:
                posix.kill(pid, signum)
            except (ProcessLookupError, PermissionError):
                break


def processes() -> dict[int, list[bytes]]:
    """Every process that is not dead, and what stat() says of it."""
    return ProcessTable().found


# A cgroup of the service's own (version 2): nothing in it escapes.


def cgroup_path(name: bytes) -> bytes:
    """The directory of the cgroup NAME: a path, or what stands in /proc/PID/cgroup."""
    place = name if name.startswith(CGROUPS) else CGROUPS + b"/" + name.strip(b"/")
    if name.startswith(CGROUPS) or posix.access(place, posix.F_OK):
        return place
    # Where version 1 is mounted beside it.
    return CGROUPS + b"/unified/" + name.strip(b"/")


def join(path: bytes) -> None:
    """Put this process into the cgroup at PATH, made if it is not there. Raises OSError."""
    try:
        posix.mkdir(path, 0o755)
    except FileExistsError:
        pass
    _write(path + b"/cgroup.procs", b"0")


def members(path: bytes) -> list[int]:
    """The processes in the cgroup at PATH; none where there is no such thing."""
    # What others may have written down must not lead out of there.
    if not path.startswith(CGROUPS + b"/") or b"/../" in path + b"/":
        return []
    try:
        with open(path + b"/cgroup.procs", "rb", buffering=0) as procs:
            return [int(pid) for pid in procs.read().split()]
    except OSError:
        return []


def kill_cgroup(path: bytes) -> None:
    """KILL all that is in the cgroup at PATH, at once where the kernel can (Linux 5.14)."""
    try:
        _write(path + b"/cgroup.kill", b"1")
    except OSError:
        from _signal import SIGKILL

        signal_all(members(path), SIGKILL)


def _write(file: bytes, data: bytes) -> None:
    fd = posix.open(file, posix.O_WRONLY | posix.O_CLOEXEC)
    try:
        posix.write(fd, data)
    finally:
        posix.close(fd)
