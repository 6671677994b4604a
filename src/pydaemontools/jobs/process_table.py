"""All processes as they are at one moment: what takes long to find out, for all who ask."""

import posix

from ..base.kept_pipe import link
from ..base.proc import marks, pids, stat


class ProcessTable:
    """Every process that is not dead: `found` is what stat() says of each."""

    def __init__(self) -> None:
        stats = ((pid, stat(pid)) for pid in pids())
        self.found = {pid: fields for pid, fields in stats if fields and fields[0] != b"Z"}
        self._children: dict[int, list[int]] | None = None
        self._pipes: dict[str, list[tuple[int, str]]] | None = None
        self._marked: dict[bytes, list[int]] | None = None

    def below(self, roots: list[int]) -> list[int]:
        """The processes ROOTS and all that descend from them, each once."""
        if not roots:
            return []
        if self._children is None:
            self._children = {}
            for pid, fields in self.found.items():
                self._children.setdefault(int(fields[1]), []).append(pid)
        # A root that is the child of another comes with that.
        inherited = {one for pid in roots for one in self._children.get(pid, [])}
        below = [pid for pid in roots if pid not in inherited]
        seen = set(below)
        for pid in below:
            children = [one for one in self._children.get(pid, []) if one not in seen]
            seen.update(children)
            below += children
        return below

    def ancestors(self, pid: int) -> set[int]:
        """The process PID, and what it descends from."""
        found: set[int] = set()
        while pid in self.found and pid not in found:
            found.add(pid)
            pid = int(self.found[pid][1])
        return found

    def marked(self, mark: bytes) -> list[int]:
        """Those that have MARK in their environment."""
        if self._marked is None:
            self._marked = {}
            for pid in self.found:
                for one in marks(pid):
                    self._marked.setdefault(one, []).append(pid)
        return self._marked.get(mark, [])

    def writers(self, pipe: str) -> set[int]:
        """Those that can write to PIPE, which is as a link in /proc calls it."""
        if self._pipes is None:
            self._pipes = {}
            for pid in self.found:
                for file in _fds(pid):
                    if (name := link(file)).startswith("pipe:"):
                        self._pipes.setdefault(name, []).append((pid, file))
        return {pid for pid, file in self._pipes.get(pipe, ()) if _writes(file)}

    def readers(self, pipe: str) -> list[int]:
        """Those who lead a session, and whose stdin is PIPE, as a link in /proc calls it."""
        leaders = (pid for pid, fields in self.found.items() if int(fields[3]) == pid)
        return [pid for pid in leaders if link(f"/proc/{pid}/fd/0") == pipe]


def _fds(pid: int) -> list[str]:
    place = f"/proc/{pid}/fd/"
    try:
        return [place + fd for fd in posix.listdir(place)]
    except OSError:
        # It has ended, or is not shown to us.
        return []


def _writes(file: str) -> bool:
    try:
        return bool(posix.lstat(file).st_mode & 0o200)
    except OSError:
        return False
