"""What a supervisor that was killed left of its service, as it wrote it down (run_record.py)."""

import posix
import time

from ..base import kept_pipe
from ..base.proc import START, TICKS, start_time, stat
from ..base.status import decode
from ..jobs import tree
from .run_record import listed, numbers, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..jobs.process_table import ProcessTable
    from .run_record import Processes
    from .servicedir import ServiceDir

    Words = dict[bytes, bytes]

# Seconds between the start of a process and the time in the status of a supervisor that is
# not ours, at the most: it writes that down when it has forked.
SOON = 2.0


class Predecessor:
    """A supervisor that was killed: the processes that it KNEW, their SESSION, and its WORDS.

    TABLE gives all processes as they are now.
    """

    def __init__(
        self,
        known: "Processes",
        session: "Processes",
        words: "Words",
        table: "Callable[[], ProcessTable]",
    ) -> None:
        self._table = table
        self.known = known
        self.words = words
        self.pid = next(iter(known), 0)  # of run
        self.session = next(iter(session), 0)
        self.started = min([*session.values(), *known.values()], default=0)
        self.pipes = numbers(words.get(b"pipes", b""))
        self.starting = words.get(b"starting", b"0").strip() != b"0"
        # What counted when it was killed: another than run, if that is what was named.
        self._counted = dict([*list(known.items())[:1], *numbers(words.get(b"main", b"")).items()])
        self._sessions = session
        self._cgroup = words.get(b"cgroup", b"")
        self._mark = words.get(b"mark", b"")
        # What a logger reads is written by others.
        self._links = {f"pipe:[{inode}]" for fd, inode in self.pipes.items() if fd}

    @property
    def ran(self) -> bool:
        """Whether there was a process of the service, or of what ends it."""
        return self.words.get(b"state") in (b"run", b"finish")

    def running(self, strays: list[int]) -> tuple[int, int]:
        """The process that counts among STRAYS, and its start, if it runs and nobody ended it."""
        if self.starting and not self._counted:
            # It is known by its pipes alone: no pid was written down any more.
            found = {pid: fields for pid in strays if (fields := stat(pid))}
            leads = [
                (pid, int(fields[START]))
                for pid, fields in found.items()
                if int(fields[3]) == pid and int(fields[1]) not in found
            ]
            if len(leads) != 1:
                return 0, 0
            # What is written down of a session is of the run before.
            self._sessions = dict(leads)
            self.session = leads[0][0]
            return leads[0]
        if self.words.get(b"state") != b"run" or self.words.get(b"stopping"):
            return 0, 0
        living = (one for one in self._counted.items() if one[0] in strays)
        return next((one for one in living if start_time(one[0]) == one[1]), (0, 0))

    def record(self) -> "Words":
        """The same for whoever comes after us, until what it left has ended."""
        kept = {key: self.words.get(key, b"") for key in (b"cgroup", b"mark", b"pipes")}
        return kept | {b"session": listed(self._sessions)}

    def strays(self) -> list[int]:
        """All that lives of its service, parents first, but for what we descend from."""
        table = self._table()
        ours = table.ancestors(posix.getpid())
        inside = set(tree.members(tree.cgroup_path(self._cgroup))) if self._cgroup else set()
        inside.update(table.marked(self._mark) if self._mark else ())
        inside = inside.union(*(table.writers(pipe) for pipe in self._links))
        roots = [
            pid
            for pid, fields in table.found.items()
            if pid not in ours
            and (
                self.known.get(pid) == int(fields[START])
                or self._leads(int(fields[3]))
                or pid in inside
            )
        ]
        # What it leaves when it ends is known from now on.
        below = table.below(roots)
        self.known = {pid: int(table.found[pid][START]) for pid in below}
        return below

    def _leads(self, session: int) -> bool:
        """Whether SESSION is that of the service: its leader may have ended, but is no other."""
        return session in self._sessions and start_time(session) in (0, self._sessions[session])


def find(
    files: "ServiceDir", words: "Words", table: "Callable[[], ProcessTable]"
) -> Predecessor | None:
    """The supervisor that was killed, by the WORDS of its supervise/state; None without one."""
    if not words:
        return _by_status(files, table)
    if not words.get(b"place") or words[b"place"] != place(files.place):
        # Another boot, a container's last life, or a copy of another directory.
        return None
    known, session = (numbers(words.get(key, b"")) for key in (b"processes", b"session"))
    started = numbers(words.get(b"starting", b""))
    if started:
        # The rest of what is written down is of the time before that run.
        known = session = started
        words = words | {b"state": b"run", b"main": b"", b"stopping": b""}
    return Predecessor(known, session, words, table)


def _by_status(files: "ServiceDir", table: "Callable[[], ProcessTable]") -> Predecessor | None:
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
    session = known if posix.getsid(status.pid) == status.pid else {}
    return Predecessor(known, session, {}, table)


def trusted(files: "ServiceDir") -> bool:
    """Whether nobody but root and our account could have written what is in supervise/."""
    for name in b".", b"state", b"status":
        try:
            found = posix.stat(name, dir_fd=files.supervise(), follow_symlinks=False)
        except FileNotFoundError:
            continue
        except OSError:
            return False
        if found.st_uid not in (0, posix.geteuid()) or found.st_mode & 0o022:
            return False
    return True


def passed_on(service: Predecessor | None, wanted: int | None) -> bool:
    """Whether what was left of SERVICE writes to another pipe than the WANTED one of its logger: to
    that only its supervisor did, and the logger has come to the end of it.
    """
    return bool(service and service.pipes.get(1, wanted) != wanted and service.strays())


def log_pipe(service: Predecessor | None, logger: Predecessor | None) -> tuple[int, int]:
    """The pipe from what was left of a SERVICE to its LOGGER; a new one if nobody has that."""
    wanted = logger.pipes.get(0) if logger else None
    pids = [pid for left in (logger, service) if left for pid in left.strays()]
    open_pipe = kept_pipe.the_end if passed_on(service, wanted) else kept_pipe.both_ends
    try:
        found = kept_pipe.had_by(pids, wanted, open_pipe) if wanted else None
    except PermissionError:
        # Who reads it comes to its end, and whoever writes to it is ended.
        found = None
    return found or kept_pipe.make()
