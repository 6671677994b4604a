"""What the processes of a service use, all together: from /proc."""

from ..base.proc import PAGE, TICKS, pids, pss, stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Process:
    """A process: its parent, since when it runs, its CPU seconds, and its RSS in bytes.

    SINCE, in ticks since boot, tells it from a later one that got its pid.
    """

    __slots__ = ("cpu", "parent", "rss", "since")

    def __init__(self, fields: list[bytes]) -> None:
        self.parent = int(fields[1])
        self.cpu = (int(fields[11]) + int(fields[12])) / TICKS
        self.since = int(fields[19])
        self.rss = int(fields[21]) * PAGE


class Processes:
    """All processes of a moment, and who are the children of whom."""

    def __init__(self, proc: str = "/proc") -> None:
        self.proc = proc
        self.all: dict[int, Process] = {}
        self.children: dict[int, list[int]] = {}
        for pid in pids(proc):
            fields = stat(pid, proc)
            if fields:
                self._add(pid, Process(fields))

    def _add(self, pid: int, process: Process) -> None:
        self.all[pid] = process
        self.children.setdefault(process.parent, []).append(pid)

    def tree(self, pid: int) -> "Iterator[int]":
        """The process PID and all below it, as far as they are there."""
        waiting = [pid] if pid in self.all else []
        while waiting:
            one = waiting.pop()
            yield one
            waiting += self.children.get(one, [])

    def memory(self, pids: list[int]) -> int:
        """Bytes of memory: a page that n processes share counts for an n-th in each (PSS).

        Of a process that is not ours to look into so closely, all of its pages (RSS).
        """
        return sum(pss(pid, self.proc) or self.all[pid].rss for pid in pids)

    def cpu(self, pids: list[int], before: "Callable[[int, int], float]") -> float:
        """The CPU seconds of PIDS, each less what BEFORE says of it (by pid and start)."""
        return sum(self.all[pid].cpu - before(pid, self.all[pid].since) for pid in pids)

    def cpu_of(self, pid: int, since: int) -> float:
        """The CPU seconds of the process PID that began at SINCE; 0 if it was not there."""
        found = self.all.get(pid)
        return found.cpu if found and found.since == since else 0.0
