"""What a service leaves behind when it ends: finding it, and ending it.

As a subreaper this process becomes the parent of whatever its children leave, also of what
forked twice and made a session of its own. So what is below us, and is not a child that we
started ourselves, was left behind.
"""

import posix

from ..base.orphans import adopt
from ..base.proc import children, pids, start_time, stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CGROUPS = b"/sys/fs/cgroup"


class Reaper:
    """Knows whose an orphan is: each service's session, and which service has the rest.

    KNOWN holds the children that were started on purpose.
    """

    def __init__(self, known: "Mapping[int, object]") -> None:
        self.known = known
        self.sessions: dict[int, object] = {}  # the leader's pid, and the service it ran for
        self.main_service: object = None  # that has those of no known session
        self.subreaper = adopt()
        # Whoever became this tool may have left children of its own: they are nobody's. By
        # their start times, since another may get the pid of one that has ended.
        self._others = {pid: start_time(pid) for pid in children()}

    def left_by(self, service: object) -> list[int]:
        """The processes that SERVICE left behind, parents first."""
        if not self.subreaper:
            # Those of its sessions, whosever children they are.
            return [pid for pid, (_, sid) in _table().items() if self.sessions.get(sid) is service]
        near = min((sid for sid, one in self.sessions.items() if one is service), default=0)
        found = [pid for pid in children(near) if pid not in self.known and not self._is_other(pid)]
        return below([pid for pid in found if self._owner(pid) is service])

    def release(self, service: object) -> None:
        """What SERVICE left has ended: no session is its own any more."""
        self.sessions = {sid: one for sid, one in self.sessions.items() if one is not service}

    def _is_other(self, pid: int) -> bool:
        """Whether the child PID was there before us."""
        return pid in self._others and self._others[pid] == start_time(pid)

    def _owner(self, pid: int) -> object:
        try:
            return self.sessions.get(posix.getsid(pid), self.main_service)
        except ProcessLookupError:
            return None


def below(roots: list[int]) -> list[int]:
    """The processes ROOTS and all that descend from them."""
    if not roots:
        return []
    parents: dict[int, list[int]] = {}
    for pid, (parent, _) in _table().items():
        parents.setdefault(parent, []).append(pid)
    found = list(roots)
    for pid in found:
        found += parents.get(pid, [])
    return found


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
    stats = ((pid, stat(pid)) for pid in pids())
    return {pid: fields for pid, fields in stats if fields and fields[0] != b"Z"}


def _table() -> dict[int, tuple[int, int]]:
    """Every process that is not dead: its parent and its session."""
    return {pid: (int(fields[1]), int(fields[3])) for pid, fields in processes().items()}


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
