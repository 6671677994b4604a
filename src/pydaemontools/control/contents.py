"""What is in a service directory, of whom it is, and how to remove it.

Others may write there: nothing is opened by a path, and no link is followed.
"""

import posix
from errno import EXDEV

from ..base.process import fsencode
from ..base.reach import KIND
from ..base.shared_dir import DIRECTORY, FOLDER, PLAIN
from ..supervise.new_directory import IS_DIRECTORY, MADE, MAIN, mark, marks
from .instances import SHARED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SUPERVISORS = (b"supervise", b"event")
LOG = b"log/"


class Contents:
    """What is in the service directory AT, an fd.

    ours: what pysv or a supervisor has put there, the innermost first; logs: the log directories;
    others: everything else, and what somebody has changed. Raises OSError, FileNotFoundError where
    pysv has not made the directory.
    """

    def __init__(self, at: int) -> None:
        self.at = at
        self.ours: list[bytes] = []
        self.logs: list[bytes] = []
        self.others: list[bytes] = []
        self._marks = marks(at)
        self._look(at, b"")
        self.ours.append(MADE)

    def _look(self, at: int, before: bytes) -> None:
        """Look at all in the directory AT, whose path here is BEFORE."""
        for name in names(at):
            path = before + name
            if path == MADE:
                continue
            if _kind(name, at) != FOLDER:
                self._look_at_file(name, at, path)
            elif name in SUPERVISORS and before in (b"", LOG):
                self.ours.append(path)
            elif (before == LOG and name not in SHARED) or self._is_log(path):
                self.logs.append(path)
            elif self._marks.get(path) == IS_DIRECTORY:
                self._look_below(name, at, path)
            else:
                self.others.append(path + b"/")

    def _is_log(self, path: bytes) -> bool:
        """Whether the directory PATH is that of a logger that pysv has given a file."""
        return path == MAIN and b"logger" in self._marks

    def _look_below(self, name: bytes, at: int, path: bytes) -> None:
        fd = open_below(name, at)
        try:
            self._look(fd, path + b"/")
        finally:
            posix.close(fd)
        self.ours.append(path)

    def _look_at_file(self, name: bytes, at: int, path: bytes) -> None:
        known = self._marks.get(path)
        # Told by pysv or a letter: there is nothing in it.
        is_down = name == b"down" and _size(name, at) == 0
        if is_down or (known and known == mark(name, at)):
            self.ours.append(path)
        else:
            self.others.append(path + (b" (changed)" if known else b""))

    def written(self) -> list[bytes]:
        """The log directories that something was written into."""
        return [path for path in self.logs if _has_lines(path, self.at)]

    def remove(self, kept: list[bytes]) -> None:
        """Remove all that is ours, and logs but for those KEPT; raises OSError."""
        for path, known in self._marks.items():
            if path.rpartition(b"/")[0] in kept and known != IS_DIRECTORY:
                _at_end(path, self.at, _remover(known))
        for path in (*self.logs, *self.ours):
            if path not in kept and not (kept and path in (b"log", MADE)):
                _at_end(path, self.at, remove_tree)


def _at_end(path: bytes, at: int, deed: "Callable[[bytes, int], None]") -> None:
    """Do the DEED to what PATH is called in its directory, an fd, seen from AT."""
    first, slash, rest = path.partition(b"/")
    if not slash:
        deed(first, at)
        return
    fd = open_below(first, at)
    try:
        _at_end(rest, fd, deed)
    finally:
        posix.close(fd)


def _remover(known: bytes) -> "Callable[[bytes, int], None]":
    """What removes a file or link that is as it was made, by the mark KNOWN."""

    def remove(name: bytes, at: int) -> None:
        try:
            if mark(name, at) == known:
                posix.unlink(name, dir_fd=at)
        except FileNotFoundError:
            # Somebody has removed it already.
            pass

    return remove


def open_below(name: bytes, at: int) -> int:
    """The directory NAME in AT, open: no link, and on the same file system; raises OSError."""
    fd = posix.open(name, DIRECTORY, dir_fd=at)
    if posix.fstat(fd).st_dev != posix.fstat(at).st_dev:
        posix.close(fd)
        raise OSError(EXDEV, "", name)
    return fd


def remove_tree(name: bytes, at: int) -> None:
    """Remove NAME in the directory AT, and all below it; raises OSError."""
    if _kind(name, at) != FOLDER:
        posix.unlink(name, dir_fd=at)
        return
    fd = open_below(name, at)
    try:
        remove_all(fd)
    finally:
        posix.close(fd)
    posix.rmdir(name, dir_fd=at)


def remove_all(at: int) -> None:
    """Remove all that is in the directory AT; raises OSError."""
    for name in names(at):
        remove_tree(name, at)


def check_tree(at: int) -> None:
    """Raise OSError where something below the directory AT is of another file system."""
    for name in names(at):
        if _kind(name, at) == FOLDER:
            fd = open_below(name, at)
            try:
                check_tree(fd)
            finally:
                posix.close(fd)


def names(at: int) -> list[bytes]:
    """What is in the directory AT."""
    return sorted(fsencode(name) for name in posix.listdir(at))


def _kind(name: bytes, at: int) -> int:
    return posix.stat(name, dir_fd=at, follow_symlinks=False).st_mode & KIND


def _size(name: bytes, at: int) -> int:
    return posix.stat(name, dir_fd=at, follow_symlinks=False).st_size


def _has_lines(name: bytes, at: int) -> bool:
    """Whether a file below the directory NAME in AT holds anything, but for hidden ones."""
    fd = open_below(name, at)
    try:
        for below in names(fd):
            kind = _kind(below, fd)
            if kind == FOLDER and _has_lines(below, fd):
                return True
            if kind == PLAIN and below[:1] != b"." and _size(below, fd):
                return True
    finally:
        posix.close(fd)
    return False
