"""The log directory of a service: its lines from the end, from a time on, and as they come.

A writer fills `current` and renames it when it is full: to `previous`, and to @....s (or .u),
whose label is the time of its end. So the names are in the order of time, and a file is the
same file under its next name. Whoever follows keeps `current` open and goes by the inode: of
a file that was renamed nothing is lost, and what came between it and the new `current` stands
among the finished files. Everything here raises OSError.
"""

import posix
from errno import EBUSY, ENOENT
from time import sleep

from ..log.tai64n import stamp
from .loglines import Lines, last
from .place import READ
from .when import LABEL, label, stamped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .loglines import Entry

PLACES = (b"log/main", b"log/log", b"log")
BLOCK = 65536
TRIES, PAUSE = 200, 0.005  # looks at a directory that changes under them


def find(place: bytes) -> bytes | None:
    """The log directory of the service PLACE: the first that holds a `current`."""
    named = [place + b"/" + name for name in PLACES]
    for directory in [*named, *_below(place + b"/log"), place + b"/main", place]:
        if _stat(directory + b"/current"):
            return directory
    return None


def _below(directory: bytes) -> list[bytes]:
    try:
        names = sorted(posix.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [directory + b"/" + name for name in names if name[:1] != b"."]


def _stat(file: bytes) -> posix.stat_result | None:
    try:
        return posix.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        return None


class Log:
    """The log directory PATH, of which `current` is held open."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        self.rest = b""
        self.seen = b""  # a label of the time when the open file was `current` for sure
        fd = self._open(b"current")
        for _ in range(TRIES):
            if fd is not None:
                break
            # Between two of them there is none.
            sleep(PAUSE)
            fd = self._open(b"current")
        if fd is None:
            raise OSError(ENOENT, "", path + b"/current")
        self.fd = fd
        self.lines = Lines(_changed(fd))

    def close(self) -> None:
        """No more of it."""
        posix.close(self.fd)

    def tail(self, count: int, least: int, *, whole: bool = False) -> "list[Entry]":
        """The last COUNT entries at least as important as LEAST, the oldest first.

        If they have to be WHOLE, a line that has no end yet is left for follow().
        """
        end = posix.fstat(self.fd).st_size
        if whole:
            end = _line_end(self.fd, end)
        found, self.lines = last(self.fd, end, count, least)
        posix.lseek(self.fd, end, 0)
        for name in reversed(self._before()):
            if len(found) >= count:
                break
            fd = self._open(name)
            if fd is not None:
                size = posix.fstat(fd).st_size
                found = last(fd, size, count - len(found), least)[0] + found
                posix.close(fd)
        return found

    def since(self, time: int) -> "Iterator[Entry]":
        """The entries from TIME on, also of the open file as far as it goes now."""
        for name in self._before():
            end = label(name)
            if end is None or end >= time:
                yield from (entry for entry in self._whole(name) if entry[0] >= time)
        self.lines.begin(_changed(self.fd))
        yield from (entry for entry in self._read(self.fd) if entry[0] >= time)

    def follow(self) -> "Iterator[Entry]":
        """What came since the last call, also if `current` is another file by now."""
        asked = stamp()
        yield from self._read(self.fd)
        mine = posix.fstat(self.fd).st_ino
        now = _stat(self.path + b"/current")
        if now is not None and now.st_ino == mine:
            self.seen = asked
            return
        fd = self._open(b"current") if now else None
        if fd is None:
            # Between two of them there is none: so next time.
            return
        # To what was renamed nothing is added any more: now its end is the end.
        yield from self._read(self.fd)
        old, self.fd = self.fd, fd
        for name in self._between(mine):
            yield from self._whole(name)
        # Until here, so that no other file could get its inode.
        posix.close(old)
        self.lines.begin(_changed(fd))
        yield from self._read(fd)

    def unfinished(self) -> "list[Entry]":
        """The line that has no end yet, as it is."""
        rest, self.rest = self.rest, b""
        return self.lines.take([rest]) if rest else []

    def _before(self) -> list[bytes]:
        """The names of the files before the one that is open, the oldest first."""
        files = self._finished()
        return [name for _, name in files[: self._at(files)]]

    def _between(self, inode: int) -> list[bytes]:
        """The files between the one with INODE, which was read, and the one that is open."""
        files = self._finished()
        end = self._at(files)
        inodes = [one for one, _ in files]
        if inode in inodes:
            return [name for _, name in files[inodes.index(inode) + 1 : end]]
        # It was removed, or a processor wrote it anew: what is later than what was read.
        later = [name for _, name in files[:end] if name > self.seen]
        return [name for name in later if self._begins_later(name)]

    def _at(self, files: list[tuple[int, bytes]]) -> int:
        """Where the open file stands in FILES; behind them while it is `current`."""
        inodes = [inode for inode, _ in files]
        mine = posix.fstat(self.fd).st_ino
        return inodes.index(mine) if mine in inodes else len(files)

    def _finished(self) -> list[tuple[int, bytes]]:
        """Inode and name of all files but `current`, the oldest first."""
        for _ in range(TRIES):
            names = [name for name in posix.listdir(self.path) if _is_finished(name)]
            # `previous` is what has not got its name yet, or has it as well.
            names.sort(key=lambda name: (name == b"previous", name))
            found: dict[int, bytes] = {}
            for name in names:
                there = _stat(self.path + b"/" + name)
                if there is None:
                    # It was renamed, or went, since the look at the names.
                    break
                found.setdefault(there.st_ino, name)
            else:
                return list(found.items())
        raise OSError(EBUSY, "", self.path)

    def _begins_later(self, name: bytes) -> bool:
        fd = self._open(name)
        if fd is None:
            return False
        time = stamped(posix.read(fd, BLOCK))[0]
        posix.close(fd)
        return time is None or time > self.lines.key

    def _whole(self, name: bytes) -> "Iterator[Entry]":
        """The entries of the finished file NAME; none if it has gone."""
        fd = self._open(name)
        if fd is None:
            return
        try:
            self.lines.begin(_changed(fd))
            yield from self._read(fd)
        finally:
            posix.close(fd)

    def _read(self, fd: int) -> "Iterator[Entry]":
        """The entries of FD up to its end; an unfinished line is kept back."""
        while data := posix.read(fd, BLOCK):
            at_start = posix.lseek(fd, 0, 1) == len(data)
            if self.rest and at_start and stamped(data)[1]:
                # The line before was cut off for good: it is not continued in this file.
                yield from self.unfinished()
            *lines, self.rest = (self.rest + data).split(b"\n")
            yield from self.lines.take(lines)

    def _open(self, name: bytes) -> int | None:
        try:
            return posix.open(self.path + b"/" + name, READ)
        except FileNotFoundError:
            return None


def _is_finished(name: bytes) -> bool:
    if name == b"previous":
        return True
    return name[LABEL:] in (b".s", b".u") and label(name) is not None


def _changed(fd: int) -> int:
    return posix.fstat(fd).st_mtime_ns


def _line_end(fd: int, end: int) -> int:
    """Where the last whole line in the first END bytes of FD ends."""
    while end:
        start = max(0, end - BLOCK)
        at = posix.pread(fd, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0
