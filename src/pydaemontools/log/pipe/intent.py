"""The file `note` in a log directory: where its log stood before the last block came in.

A note is one line, written into one of two slots in turn and padded to the slot's size, so
that it never needs room on the disk. Its number stands at both ends: of one that a kill cut
short the ends differ, and the other slot still says what was so before. Nothing is synced:
a kill loses no write, and after a crash of the machine no note is believed.

Behind the slots lie bytes that were taken from the pipe. Nobody reads them. But splice(2)
moves bytes from a pipe to a file in one call, which no signal ends between the two: so the
size of this file says exactly how many, whenever and however its writer died.
"""

import posix
from errno import EIO

NAME = b"note"
SLOT = 512  # bytes of a note
LARGEST = (1 << 63) - 1  # what the system takes for a position
DATA = 4096  # where the taken bytes begin
OPEN = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC


class Intent:
    """What a note says: STREAM's bytes from START on, COUNT of them and TAIL the last of
    these, are about to be written to the file INODE, from OFFSET on and not beyond LIMIT.

    START is counted by the file `note` that is the stream's counter; COUNTER says whether it
    is this one. FIRST bytes are taken into it first, and that is all, or the last one follows.
    BEFORE and AFTER are the reader's state then and once the block is in.
    """

    __slots__ = (
        "after",
        "before",
        "count",
        "counter",
        "first",
        "inode",
        "limit",
        "offset",
        "start",
        "stream",
        "tail",
    )

    def __init__(  # noqa: PLR0917 - in the order of the line
        self,
        stream: bytes,
        counter: int,
        inode: int,
        offset: int,
        limit: int,
        start: int,
        count: int,
        first: int,
        tail: bytes,
        before: int,
        after: int,
    ) -> None:
        self.stream = stream
        self.counter = counter
        self.inode = inode
        self.offset = offset
        self.limit = limit
        self.start = start
        self.count = count
        self.first = first
        self.tail = tail
        self.before = before
        self.after = after

    @property
    def marks(self) -> int:
        """How many bytes the counter gets while all of them are taken."""
        return self.count if self.first == self.count else self.first + 1

    def line(self, number: int) -> bytes:
        """The note's line, as note NUMBER."""
        place = self.counter, self.inode, self.offset, self.limit
        return b"%d %b %d %d %d %d %d %d %d =%b %d %d %d" % (
            number,
            self.stream,
            *place,
            self.start,
            self.count,
            self.first,
            self.tail.hex().encode(),
            self.before,
            self.after,
            number,
        )


def parse(slot: bytes) -> tuple[int, Intent] | None:
    """The note in SLOT and its number; None if there is no whole one."""
    words = slot.split()
    if len(words) != 13 or words[0] != words[12] or words[9][:1] != b"=":
        return None
    try:
        number, counter, inode, offset, limit = map(int, words[:1] + words[2:6])
        start, count, first, before, after = map(int, words[6:9] + words[10:12])
        tail = bytes.fromhex(words[9][1:].decode("ascii"))
    except ValueError:
        return None
    place, block = (counter, inode, offset, limit), (start, count, first)
    if not all(0 <= one <= LARGEST for one in (number, *place, *block, before, after)):
        return None
    if offset > limit or not (0 < first <= count or first == count) or count < len(tail):
        # Nobody wrote that: who believed it would wait for bytes that do not come.
        return None
    return number, Intent(words[1], *place, *block, tail, before, after)


class IntentFile:
    """The note in the directory that is open as DIRECTORY. Raises OSError without one."""

    def __init__(self, directory: int) -> None:
        self._directory = directory
        self.fd = posix.open(NAME, OPEN, 0o600, dir_fd=directory)
        self._number = 0
        self.fresh = False  # whether it said nothing when we came

    def read(self) -> Intent | None:
        """The last whole note; None if there is none."""
        head = posix.pread(self.fd, 2 * SLOT, 0)
        found = [note for at in (0, SLOT) if (note := parse(head[at : at + SLOT]))]
        self._number, entry = max(found, key=lambda note: note[0], default=(0, None))
        self.fresh = entry is None
        return entry

    def write(self, entry: Intent) -> None:
        """Put ENTRY in the place of the note before the last."""
        number = self._number + 1
        line = entry.line(number).ljust(SLOT)
        if posix.pwrite(self.fd, line, number % 2 * SLOT) != SLOT:
            raise OSError(EIO, "")
        self._number = number

    def taken(self) -> int:
        """How many bytes were taken since the last reset."""
        return max(0, posix.fstat(self.fd).st_size - DATA)

    def reset(self) -> None:
        """Count from nothing again."""
        posix.ftruncate(self.fd, DATA)

    def void(self) -> None:
        """Say nothing any more, and count from nothing."""
        posix.ftruncate(self.fd, 0)

    def remove(self) -> None:
        """Be gone."""
        posix.unlink(NAME, dir_fd=self._directory)
        posix.close(self.fd)
