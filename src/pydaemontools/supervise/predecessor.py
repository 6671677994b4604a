"""What a supervisor that was killed left of its service, as it wrote it down in supervise/state.

Three words there are for whoever comes after it: `place`, this boot, pid namespace and service
directory; `processes`, pid and start time of what counts, `session`, those of who led it;
`pipes`, the inodes of pipes that nobody but the service got from us; and `cgroup`. Nothing else
proves whose a process is: not its number, and not where it stands.
"""

import posix
import time

from ..base.proc import START, pids, start_time, stat
from . import tree
from .status import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .servicedir import ServiceDir

    Processes = dict[int, int]  # pids, and when each started

MOST = 1000  # processes that are written down
TICKS = posix.sysconf("SC_CLK_TCK")
# Seconds between the start of a process and the time in the status of a supervisor that is
# not ours, at the most: it writes that down when it has forked.
SOON = 2.0


class Predecessor:
    """A supervisor that was killed: the processes that it KNEW, their SESSION, CGROUP and PIPES."""

    def __init__(
        self, known: "Processes", session: "Processes", cgroup: bytes, pipes: "Iterable[int]"
    ) -> None:
        self.known = known
        self.session = next(iter(session), 0)
        self.started = min([*session.values(), *known.values()], default=0)
        self._sessions = session
        self._cgroup = cgroup
        self._pipes = list(pipes)
        self._links = {f"pipe:[{inode}]" for inode in self._pipes}

    def record(self) -> dict[bytes, bytes]:
        """The same for whoever comes after us, until what it left has ended."""
        return {
            b"processes": listed(self.known),
            b"session": listed(self._sessions),
            b"cgroup": self._cgroup,
            b"pipes": b" ".join(b"%d" % inode for inode in self._pipes),
        }

    def strays(self) -> list[int]:
        """All that lives of its service, parents first, but for what we descend from."""
        found = {pid: fields for pid in pids() if (fields := stat(pid)) and fields[0] != b"Z"}
        ours = _ancestors(found)
        inside = tree.members(tree.cgroup_path(self._cgroup)) if self._cgroup else []
        roots = [
            pid
            for pid, fields in found.items()
            if pid not in ours
            and (
                self.known.get(pid) == int(fields[START])
                or self._leads(int(fields[3]))
                or pid in inside
                or self._holds(pid)
            )
        ]
        # What it leaves when it ends is known from now on.
        below = tree.below(roots)
        self.known |= {pid: int(found[pid][START]) for pid in below if pid in found}
        return below

    def _leads(self, session: int) -> bool:
        """Whether SESSION is that of the service: its leader may have ended, but is no other."""
        return session in self._sessions and start_time(session) in (0, self._sessions[session])

    def _holds(self, pid: int) -> bool:
        """Whether PID can write to a pipe that only the service was given."""
        if not self._links:
            return False
        place = f"/proc/{pid}/fd/"
        try:
            fds = posix.listdir(place)
        except OSError:
            return False
        return any(_link(place + fd) in self._links and _writes(place + fd) for fd in fds)


def _link(file: str) -> str:
    try:
        return posix.readlink(file)
    except OSError:
        return ""


def _writes(file: str) -> bool:
    try:
        return bool(posix.lstat(file).st_mode & 0o200)
    except OSError:
        return False


def _ancestors(found: dict[int, list[bytes]]) -> set[int]:
    """Ourselves, and what we descend from."""
    ours: set[int] = set()
    pid = posix.getpid()
    while pid in found and pid not in ours:
        ours.add(pid)
        pid = int(found[pid][1])
    return ours


# What is written down, and read again.


def place(directory: bytes) -> bytes:
    """Say which boot, which pid namespace and which DIRECTORY it is; nothing if nobody can."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as boot:
            boot_id = boot.read(64).strip()
        found = posix.stat(directory)
        namespace = posix.readlink(b"/proc/self/ns/pid")
    except OSError:
        return b""
    return b"%s %s %d:%d" % (boot_id, namespace, found.st_dev, found.st_ino)


def pipes(fds: "Iterable[int]") -> bytes:
    """The inodes of those of FDS that are pipes."""
    found = (posix.fstat(fd) for fd in fds)
    return b" ".join(b"%d" % one.st_ino for one in found if one.st_mode & 0o170000 == 0o010000)


def listed(processes: "Processes") -> bytes:
    """PROCESSES as they are written down."""
    known = [b"%d:%d" % one for one in processes.items() if all(one)]
    return b" ".join(known[:MOST])


def _unlisted(text: bytes) -> "Processes":
    numbers = [word.split(b":") for word in text.split()]
    good = [one for one in numbers if len(one) == 2 and all(map(_is_number, one))]
    return {int(pid): int(start) for pid, start in good}


def _is_number(word: bytes) -> bool:
    return word.isdigit() and len(word) < 20


def find(files: "ServiceDir", words: dict[bytes, bytes]) -> Predecessor | None:
    """The supervisor that was killed, by the WORDS of its supervise/state; None without one."""
    if not words:
        return _by_status(files)
    if not words.get(b"place") or words[b"place"] != place(files.place):
        # Another boot, a container's last life, or a copy of another directory.
        return None
    inodes = [int(word) for word in words.get(b"pipes", b"").split() if _is_number(word)]
    known, session = (_unlisted(words.get(key, b"")) for key in (b"processes", b"session"))
    return Predecessor(known, session, words.get(b"cgroup", b""), inodes)


def _by_status(files: "ServiceDir") -> Predecessor | None:
    """One that is not ours wrote a pid, and the time when it had started it."""
    data = files.status()
    if len(data) not in (18, 20):
        return None
    status = decode(data)
    start = start_time(status.pid) if status.pid else 0
    if not start:
        return None
    began = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + start / TICKS
    if not -1 / TICKS <= status.since / 10**9 - began <= SOON:
        return None
    known = {status.pid: start}
    return Predecessor(known, known if posix.getsid(status.pid) == status.pid else {}, b"", ())


def trusted(files: "ServiceDir") -> bool:
    """Whether nobody but root and our account could have written what is in supervise/."""
    for name in b"supervise", b"supervise/state", b"supervise/status":
        try:
            found = posix.stat(files.path(name))
        except FileNotFoundError:
            continue
        except OSError:
            return False
        if found.st_uid not in (0, posix.geteuid()) or found.st_mode & 0o022:
            return False
    return True
