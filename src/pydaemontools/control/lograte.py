"""How much is logged: lines and bytes a second, of a log directory, whoever writes to it.

Bytes are those of its files. Of what came since the last look little is read, all of it or the
last piece, and of more the lines are reckoned by those.
"""

import posix

from ..base.shared_dir import open_file

PIECE = 1 << 18  # bytes that are read at a look


class LogRate:
    """What is logged in the directory PATH, from one look to the next."""

    def __init__(self, path: bytes) -> None:
        self._path = path
        self._at = 0.0
        self._seen: dict[int, int] = {}  # files, by their inodes, and their sizes

    def look(self, at: float) -> tuple[float, float] | None:
        """Lines and bytes a second since the look before, AT this time; None at the first one.

        Raises OSError.
        """
        seen, before = self._seen, self._at
        self._seen, self._at = self._sizes(), at
        if not before or at <= before:
            return None
        new = sum(max(0, size - seen.get(inode, 0)) for inode, size in self._seen.items())
        return self._lines(new) / (at - before), new / (at - before)

    def _sizes(self) -> dict[int, int]:
        """The files that lines were written to, and the size of each."""
        sizes = {}
        for name in posix.listdir(self._path):
            if name in (b"current", b"previous") or name[:1] in (b"@", b"_"):
                try:
                    found = posix.stat(self._path + b"/" + name, follow_symlinks=False)
                except FileNotFoundError:
                    continue
                sizes[found.st_ino] = found.st_size
        return sizes

    def _lines(self, count: int) -> float:
        """How many lines the last COUNT bytes of the log are."""
        if not count:
            return 0
        fd = open_file(self._path + b"/current", posix.O_RDONLY)
        try:
            size = posix.fstat(fd).st_size
            piece = min(count, size, PIECE)
            data = posix.pread(fd, piece, size - piece)
        finally:
            posix.close(fd)
        return data.count(b"\n") * count / len(data) if data else 1
