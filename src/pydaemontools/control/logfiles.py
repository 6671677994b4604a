"""The log directory of a service: its lines from the end, from a time on, and as they come.

A writer fills `current` and renames it when it is full: to `previous`, and to @....s (or .u),
whose label is the time of its end, with .gz or .zst behind it if it is packed. So the names are
in the order of time, and a file is the same file under its next name. Whoever follows keeps
`current` open and goes by the inode: of a file that was renamed nothing is lost, and what came
between it and the new `current` stands among the finished files. Everything here raises OSError.
"""

import posix
from errno import EBUSY, ENOENT
from time import sleep

from ..base.reach import Unsafe
from ..base.shared_dir import open_file, read_file
from ..base.tai64 import stamp
from .loglines import LONGEST, LineReader, last, newest, split
from .packed import ENDINGS, Damaged, blocks, packer, unpacked_name
from .servicefiles import reason
from .when import LABEL, label, stamped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .loglines import Entry, Takes

    File = tuple[int, bytes]  # its inode and its name

USUAL = (b"log/main", b"log/log", b"log")
UNNAMED = b"previous", b"processed"  # the newest finished file, until it has a label
BLOCK = 65536
CONFIG = 65536  # bytes that svlogd's file of that name may have
TRIES, PAUSE = 200, 0.005  # looks at a directory that changes under them


def find_log(service: bytes) -> bytes | None:
    """The log directory of the SERVICE directory: the first that holds a `current`."""
    usual = [service + b"/" + name for name in USUAL]
    usual = [*_named(service), *usual, *_below(service + b"/log"), service + b"/main", service]
    for directory in usual:
        if _stat(directory + b"/current"):
            return directory
    return None


def _named(service: bytes) -> list[bytes]:
    """The directories that the words of the file `logger` of the SERVICE name."""
    if _stat(service + b"/log/run"):
        # That one is used.
        return []
    try:
        words = read_file(service + b"/logger", CONFIG, follow=True).split()
    except OSError:
        return []
    # What stands behind a directory says more of it, for pysissylog; and --to may stand before.
    names = [word.strip(b"'\"").removeprefix(b"--to=").partition(b"?")[0] for word in words]
    kept = [name.rstrip(b"/") for name in names if name[:1] in (b".", b"/") and name.strip(b"./")]
    return [name if name[:1] == b"/" else service + b"/" + name for name in kept]


def _below(directory: bytes) -> list[bytes]:
    try:
        names = sorted(posix.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [directory + b"/" + name for name in names if name[:1] != b"."]


def _stat(file: bytes, *, follow: bool = True) -> posix.stat_result | None:
    try:
        return posix.stat(file, follow_symlinks=follow)
    except (FileNotFoundError, NotADirectoryError):
        return None


class ServiceLog:
    """The log directory PATH, of which `current` is held open.

    WARN is told, in a sentence, of what cannot be unpacked, or opened.
    """

    def __init__(self, path: bytes, warn: "Callable[[bytes], object]" = bytes) -> None:
        self.path = path
        self.warn = warn
        self.rest = b""
        self.seen = stamp()  # a label of a time when the open file was not finished
        self.known: set[bytes] = set()  # what the files were called that came before it
        self.unnamed = -1  # the newest finished file, if it had no label at the last look
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
        self.prefix = self._prefix()
        self.lines = LineReader(_changed(fd), self.prefix)

    def close(self) -> None:
        """No more of it."""
        posix.close(self.fd)
        if self.unnamed >= 0:
            posix.close(self.unnamed)

    def tail(
        self, count: int, takes: "Takes", *, since: int = 0, ended: bool = False
    ) -> "list[Entry]":
        """The last COUNT entries that TAKES takes, which takes none before SINCE, the oldest first.

        If they have to be ENDED, a line that has no end yet is left for follow().
        """
        end = posix.fstat(self.fd).st_size
        if ended:
            end = _line_end(self.fd, end)
        found, self.lines = last(self.fd, end, count, takes, self.prefix)
        posix.lseek(self.fd, end, 0)
        for file in reversed(self._before()):
            if len(found) >= count:
                break
            if not self._reaches(file, since):
                continue
            fd, name = self._open_finished(file)
            if fd is None:
                continue
            more = count - len(found)
            if packer(fd, name):
                # When it was packed the one behind it may have been full already.
                key = min(_changed(fd), found[0][0]) if found else _changed(fd)
                lines = LineReader(key, self.prefix)
                found = newest(split(self._blocks(fd, name)), lines, more, takes) + found
            else:
                found = last(fd, posix.fstat(fd).st_size, more, takes, self.prefix)[0] + found
            posix.close(fd)
        return found

    def since(self, time: int) -> "Iterator[Entry]":
        """The entries from TIME on, also of the open file as far as it goes now."""
        self.lines = LineReader(0, self.prefix)
        for file in self._before():
            if self._reaches(file, time):
                yield from (entry for entry in self._read_finished(file) if entry[0] >= time)
        self.lines.begin(_changed(self.fd))
        yield from (entry for entry in self._read(self.fd) if entry[0] >= time)

    def _reaches(self, file: "File", time: int) -> bool:
        """Whether the finished FILE may have lines from TIME on."""
        end = label(file[1])
        if end is None or end >= time:
            return True
        # Where it began after its end, the clock was set back meanwhile.
        head = stamped(self._head(file))[0]
        return head is not None and head > end

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
        for file in self._between(old):
            yield from self._read_finished(file)
        # Until here, so that no other file could get its inode.
        posix.close(old)
        self.lines.begin(_changed(fd))
        yield from self._read(fd)

    def unfinished(self) -> "list[Entry]":
        """The line that has no end yet, as it is."""
        rest, self.rest = self.rest, b""
        return self.lines.take([rest]) if rest else []

    def _prefix(self) -> bytes:
        """What svlogd puts before each line, behind its time: its `config` says so."""
        try:
            config = read_file(self.path + b"/config", CONFIG)
        except OSError:
            # Then none is known, and lines are what they are.
            return b""
        prefixes = [line[1:] for line in config.split(b"\n") if line[:1] == b"p"]
        return prefixes[-1] if prefixes else b""

    def _before(self) -> "list[File]":
        """The files before the one that is open, the oldest first."""
        files = self._finished()
        self.known = _names(files[: self._at(files)])
        return files[: self._at(files)]

    def _between(self, old: int) -> "list[File]":
        """The files between OLD, which was open until now and read, and the one that is open."""
        files = self._finished()
        inode = posix.fstat(old).st_ino
        end = self._at(files)
        known = self.known
        self.known = known & _names(files) | _names(files[:end])
        inodes = [one for one, _ in files]
        if inode in inodes:
            # Where the clock was set back, what was there already has a later name.
            later = files[inodes.index(inode) + 1 : end]
            return [file for file in later if not known & _names([file])]
        # It was removed, or a processor wrote it anew: what is later than what was read.
        later = []
        for file in files[:end]:
            head = self._head(file) if file[1] > self.seen else b""
            time = stamped(head)[0]
            if head and head == posix.pread(old, len(head), 0):
                # This is what was read, so all before it was read too.
                later.clear()
            elif head and head == posix.pread(self.fd, len(head), 0):
                # This is what is open already.
                break
            elif head and (time is None or time > self.lines.key):
                later.append(file)
        return later

    def _at(self, files: "list[File]") -> int:
        """Where the open file stands in FILES; behind them while it is `current`."""
        inodes = [inode for inode, _ in files]
        mine = posix.fstat(self.fd).st_ino
        return inodes.index(mine) if mine in inodes else len(files)

    def _finished(self) -> "list[File]":
        """All files but `current`, the oldest first."""
        for _ in range(TRIES):
            newest = self._newest()
            listed = sorted(posix.listdir(self.path), reverse=True)
            if newest != self._newest():
                # It may have got its label before we looked at those, or after.
                continue
            # Who packs a file removes it once the packed one is complete, or keeps both.
            names = {unpacked_name(name): name for name in listed if _is_finished(name)}
            found: dict[int, bytes] = {}
            for name in sorted(names.values()):
                # A link to another of them is none.
                there = _stat(self.path + b"/" + name, follow=False)
                if there is None:
                    # It went since the look at the names.
                    break
                found.setdefault(there.st_ino, name)
            else:
                if newest:
                    found.setdefault(*newest)
                return list(found.items())
        raise OSError(EBUSY, "", self.path)

    def _newest(self) -> "File | None":
        """The newest finished file, if it has no label yet; it is held open.

        In a moment another one may be called so, or have the inode of one that was removed.
        """
        before, self.unnamed = self.unnamed, -1
        found = None
        for name in UNNAMED:
            fd = self._open(name)
            if fd is not None:
                self.unnamed = fd
                there = posix.fstat(fd)
                if name == b"previous" or there.st_mode & 0o100:
                    found = there.st_ino, name
                break
        if before >= 0:
            posix.close(before)
        return found

    def _head(self, file: "File") -> bytes:
        """How the finished FILE begins; nothing if that is unknown, which is said if it is read."""
        fd, name = self._open_finished(file, warn=False)
        if fd is None:
            return b""
        try:
            return next(blocks(fd, self.path + b"/" + name), b"")
        except Damaged:
            return b""
        finally:
            posix.close(fd)

    def _read_finished(self, file: "File") -> "Iterator[Entry]":
        """The entries of the finished FILE; none if it has gone."""
        fd, name = self._open_finished(file)
        if fd is None:
            return
        try:
            self.lines.begin(_changed(fd))
            yield from self._entries(self._blocks(fd, name), at_start=True)
        finally:
            posix.close(fd)

    def _blocks(self, fd: int, name: bytes) -> "Iterator[bytes]":
        """What FD, the finished file NAME, holds; if it is damaged, as far as it goes."""
        try:
            yield from blocks(fd, self.path + b"/" + name)
        except Damaged as damaged:
            self.warn(damaged.args[0])

    def _read(self, fd: int) -> "Iterator[Entry]":
        """The entries of FD, which nobody packs, from where it was read to up to its end."""
        at_start = posix.lseek(fd, 0, 1) == 0
        return self._entries(iter(lambda: posix.read(fd, BLOCK), b""), at_start=at_start)

    def _entries(self, parts: "Iterable[bytes]", *, at_start: bool) -> "Iterator[Entry]":
        """The entries in PARTS of a file; an unfinished line is kept back."""
        for data in parts:
            if self.rest and at_start and stamped(data)[0] is not None:
                # The line before was cut off for good: it is not continued in this file.
                yield from self.unfinished()
            at_start = False
            *lines, self.rest = (self.rest + data).split(b"\n")
            if len(self.rest) > LONGEST:
                lines.append(self.rest)
                self.rest = b""
            yield from self.lines.take(lines)

    def _open_finished(self, file: "File", *, warn: bool = True) -> tuple[int | None, bytes]:
        """FILE, also if it was packed meanwhile, and its name by now."""
        _, name = file
        if name in UNNAMED:
            posix.lseek(self.unnamed, 0, 0)
            return posix.dup(self.unnamed), name
        for one in (name, *(unpacked_name(name) + end for end in ENDINGS)):
            fd = self._open(one, warn=warn)
            if fd is not None:
                return fd, one
        return None, name

    def _open(self, name: bytes, *, warn: bool = True) -> int | None:
        file = self.path + b"/" + name
        try:
            return open_file(file, posix.O_RDONLY)
        except FileNotFoundError:
            return None
        except (Unsafe, PermissionError) as error:
            if name == b"current":
                raise
            # Whatever else is called like a file of the log, the others can be read.
            if warn:
                self.warn(b"unable to read " + file + b": " + reason(error))
            return None


def _is_finished(name: bytes) -> bool:
    return unpacked_name(name)[LABEL:] in (b".s", b".u") and label(name) is not None


def _names(files: "list[File]") -> set[bytes]:
    """What FILES are called, packed or not: those that keep their names."""
    return {unpacked_name(name) for _, name in files if name not in UNNAMED}


def _changed(fd: int) -> int:
    return posix.fstat(fd).st_mtime_ns


def _line_end(fd: int, end: int) -> int:
    """Where the last line that has an end in the first END bytes of FD ends."""
    while end:
        start = max(0, end - BLOCK)
        at = posix.pread(fd, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0
