"""Files of records in one directory: written at the end of the last, read from the first.

A kill cuts at the most the last record short: what is not complete is cut off when the files are
opened again. They are synced when the next one is begun: a kill loses nothing that was written,
but a crash of the machine may lose what was written since then.
Whatever else is not there, or is no record, is a loss, and somebody has to say it.
"""

import posix
from _stat import S_ISREG

from ...base.shared_dir import make_file, open_file, rename
from ...base.write import write_all
from . import spool_records as records
from .spool_records import HEAD, SHIFT, file_offset, position

FILES = 1 << 60  # no number is as large as this
SEGMENT = 4 << 20  # bytes of a file, about
PIECE = 1 << 20  # bytes that are copied together
APPEND = posix.O_RDWR | posix.O_CREAT | posix.O_APPEND
END = b".log"
DAMAGED, MISSING, REMOVED = b"damaged in ", b"missing at the end of ", b"gone with "  # why


class Segments:
    """The files in the directory that is open as DIRECTORY, from number FIRST on, which may
    have up to LARGEST bytes each. Raises OSError.
    """

    def __init__(self, directory: int, first: int, largest: int) -> None:
        self.losses: list[tuple[int, bytes, bytes]] = []  # bytes that are no records, why, where
        self._spoiled = False  # whether the last file has not what was written to it
        self._uncut = False  # whether it has more, which the disk did not let us cut off
        self._directory = directory
        self._largest = largest
        self._reading = -1, -1  # the file that is open for that, and its fd
        self._sizes = {}
        found = [number for name in posix.listdir(directory) if (number := file_number(name))]
        for number in sorted(found):
            there = posix.stat(file_name(number), dir_fd=directory, follow_symlinks=False)
            if not S_ISREG(there.st_mode):
                # Whatever it is, we did not make it.
                continue
            if number < first:
                self._remove(number)
            else:
                self._sizes[number] = there.st_size
        self.first = min(self._sizes, default=max(first, 1))
        self._last = max(self._sizes, default=self.first)
        self._made = not self._sizes  # whether there was no file
        self._fd = open_file(file_name(self._last), APPEND, directory, mode=0o600)
        self._sizes[self._last] = posix.fstat(self._fd).st_size
        self._found = self._sizes[self._last]
        self.some = any(self._sizes.values())  # whether there was something in them
        self._intact = self._mend()

    @property
    def end(self) -> int:
        """Where the next record will stand."""
        return position(self._last, self._sizes[self._last])

    @property
    def last_file(self) -> tuple[int, int, int]:
        """Where the last file begins, where it ended when it was found, and how far that is."""
        return position(self._last, 0), position(self._last, self._found), self._found

    @property
    def inode(self) -> int:
        """The inode of the last file."""
        return posix.fstat(self._fd).st_ino

    def append(self, text: bytes) -> None:
        """Write a record of TEXT. Raises OSError, and then none of it counts."""
        self._cut()
        size = self._sizes[self._last]
        try:
            write_all(self._fd, records.head(position(self._last, size), text) + text)
        except OSError:
            self.cut(size)
            raise
        self._sizes[self._last] = size + HEAD.size + len(text)

    def full(self) -> bool:
        """Return whether the next file should be begun before the next record."""
        size = self._sizes[self._last]
        # Nothing is written behind what somebody else has cut, or spoiled.
        return size >= self._largest or self._spoiled or posix.fstat(self._fd).st_size != size

    def begin(self, *, sync: bool) -> None:
        """Begin the next file, SYNC the last. Raises OSError, and then nothing has changed."""
        self._cut()
        if sync:
            posix.fsync(self._fd)
        fd = open_file(file_name(self._last + 1), APPEND, self._directory, mode=0o600)
        posix.close(self._fd)
        self._fd = fd
        self._last += 1
        self._sizes[self._last] = 0
        self._spoiled = False

    def restart(self, number: int) -> None:
        """Go on in file NUMBER, without any that was before. Raises OSError.

        It needs no room: that file is the last one, emptied.
        """
        posix.ftruncate(self._fd, 0)
        last = self._last
        self._sizes[last] = 0
        rename(file_name(last), file_name(number), self._directory)
        del self._sizes[last]
        self._last, self._sizes[number] = number, 0
        self._spoiled = self._uncut = False
        self.drop(number)

    @property
    def removed(self) -> bool:
        """Whether the last file was, so that nobody would find what is written to it."""
        return not posix.fstat(self._fd).st_nlink

    def move(self, directory: int) -> None:
        """Go on in another DIRECTORY, with what the last file has. Raises OSError, and then
        nothing has changed.
        """
        name, size = file_name(self._last), self._sizes[self._last]
        fd = make_file(name, APPEND, directory, mode=0o600)
        try:
            for at in range(0, size, PIECE):
                write_all(fd, posix.pread(self._fd, min(PIECE, size - at), at))
        except OSError:
            posix.close(fd)
            posix.unlink(name, dir_fd=directory)
            raise
        posix.close(self._fd)
        self._fd, self._directory = fd, directory
        self._uncut = False

    def cut(self, offset: int) -> None:
        """Let the last file end at OFFSET. A disk that fails may not let it: then what is behind
        that does not count, and goes before the next record comes.
        """
        self._sizes[self._last] = offset
        self._uncut = True
        try:
            self._cut()
        except OSError:
            # Nothing is written to it meanwhile.
            pass

    def _cut(self) -> None:
        """Have nothing in the last file that does not count. Raises OSError."""
        if self._uncut:
            posix.ftruncate(self._fd, self._sizes[self._last])
            self._uncut = False

    def drop(self, number: int) -> None:
        """Have no files before file NUMBER, but for the last one."""
        for old in [one for one in self._sizes if one < min(number, self._last)]:
            self._remove(old)
            del self._sizes[old]
        self.first = min(self._sizes)

    def between(self, start: int, end: int) -> int:
        """Return how many bytes there are from START to END."""
        (first, offset), (last, rest) = file_offset(start), file_offset(end)
        return sum(self._sizes[one] for one in self._sizes if first <= one < last) + rest - offset

    def before(self, at: int, count: int) -> int:
        """Return the position COUNT bytes before AT, or the first that there is."""
        number, offset = file_offset(at)
        for one in sorted((one for one in self._sizes if one < number), reverse=True):
            if offset >= count:
                break
            count -= offset
            number, offset = one, self._sizes[one]
        return position(number, max(0, offset - count))

    def after(self, at: int) -> int:
        """Return AT, or the beginning of the next file if nothing follows in this one."""
        number, offset = file_offset(at)
        while number < self._last and offset >= self._sizes.get(number, 0):
            number, offset = min(one for one in self._sizes if one > number), 0
        return position(number, offset)

    def read(self, at: int) -> tuple[int, bytes]:
        """Return where the text of the record at AT begins, and the text.

        What is no record leads to the next one, or to the end of the file: only a crash of the
        machine leaves such, or somebody who changes files. Where that is, and nothing, is
        returned then.
        """
        number, offset = file_offset(at)
        size = end = self._sizes.get(number, offset)
        behind = None
        try:
            fd = self._open(number)
            text = records.read(fd, at)
            if text is None:
                behind = records.find(fd, at)
            size = posix.fstat(fd).st_size
            why = MISSING if size < end else DAMAGED
        except FileNotFoundError:
            text, why = None, REMOVED
        if text is not None:
            return at + HEAD.size, text
        if behind is not None:
            self.losses.append((behind - at, DAMAGED, file_name(number)))
            return behind, b""
        self.losses.append((end - offset, why, file_name(number)))
        if number == self._last:
            self._spoiled = True
            return position(number, end), b""
        self._sizes[number] = offset
        return at, b""

    def find(self, at: int) -> int:
        """Return where the record begins that AT is in."""
        number, offset = file_offset(at)
        try:
            fd = self._open(number)
        except FileNotFoundError:
            return at
        start = at - offset
        while start < at:
            after = records.behind(fd, start)
            if after is None or after > at:
                break
            start = after
        return start

    def sync(self) -> None:
        """Have all that was written on the disk. Raises OSError."""
        posix.fsync(self._fd)

    def close(self) -> None:
        """Close what is open."""
        posix.close(self._fd)
        if self._reading[1] >= 0:
            posix.close(self._reading[1])

    def check(self, begin: int, end: int, count: int, again: int | None = None) -> None:
        """Note what is missing of COUNT bytes that there were from BEGIN to END; but of what comes
        AGAIN, all from there on, nothing is.
        """
        if again is not None and 0 < end - again < 1 << SHIFT:
            count -= end - max(begin, again)
            end = again
        (first, start), (last, rest) = file_offset(begin), file_offset(end)
        found = 0
        for one in self._sizes:
            if first <= one <= last:
                most = self._intact if one == self._last else self._sizes[one]
                most = min(most, rest) if one == last else most
                found += max(0, most - start * (one == first))
        if count > found:
            self.losses.append((count - found, *self._incomplete(first, last, rest)))

    def _incomplete(self, first: int, last: int, size: int) -> tuple[bytes, bytes]:
        """Return what became of some of the files from FIRST to LAST, and of which. The last one
        had SIZE bytes.
        """
        there = sorted(one for one in self._sizes if first <= one <= last and not self._made)
        for one, behind in zip([first - 1, *there], [*there, last + 1], strict=True):
            if more := behind - one - 1:
                others = b" and %d more" % (more - 1) if more > 1 else b""
                return REMOVED, file_name(one + 1) + others
        cut = [one for one in there if one != self._last and not self._whole(one)]
        if not cut and last == self._last and self._intact < size:
            cut = [last]
        # A cut between two records cannot be seen in the middle.
        return (MISSING, file_name(cut[0])) if cut else (b"missing in ", b"")

    def _whole(self, number: int) -> bool:
        """Return whether file NUMBER ends where a record does, and has one."""
        size = self._sizes[number]
        return file_offset(self.find(position(number, size)))[1] == size > 0

    def _mend(self) -> int:
        """Cut off what is no complete record at the end of the last file; return where that was,
        as far as nothing was noted about it.
        """
        size, at = self._sizes[self._last], position(self._last, 0)
        while (after := records.behind(self._fd, at)) is not None:
            at = after
        end = file_offset(at)[1]
        if end == size:
            return end
        torn = records.torn(self._fd, end)
        self.cut(end)
        if torn:
            return end
        self.losses.append((size - end, DAMAGED, file_name(self._last)))
        return size

    def _open(self, number: int) -> int:
        if number == self._last:
            return self._fd
        if self._reading[0] != number:
            if self._reading[1] >= 0:
                posix.close(self._reading[1])
                self._reading = -1, -1
            self._reading = number, open_file(file_name(number), posix.O_RDONLY, self._directory)
        return self._reading[1]

    def _remove(self, number: int) -> None:
        try:
            posix.unlink(file_name(number), dir_fd=self._directory)
        except FileNotFoundError:
            pass


def segment_ends(directory: int) -> "list[int]":
    """Return where each file that is in the spool DIRECTORY ends. Raises OSError."""
    found = [(name, number) for name in posix.listdir(directory) if (number := file_number(name))]
    return [
        position(number, posix.stat(name, dir_fd=directory, follow_symlinks=False).st_size)
        for name, number in found
    ]


def file_name(number: int) -> bytes:
    """Return the name of file NUMBER."""
    return b"%016x%b" % (number, END)


def file_number(name: str) -> int:
    """Return the number of the file called NAME; 0 if it is none of ours."""
    try:
        number = int(name[:16], 16)
    except ValueError:
        return 0
    return number if 0 < number < FILES and name == file_name(number).decode() else 0
