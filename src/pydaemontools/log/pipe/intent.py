"""The intent file of a log, called `note`: what was about to be written, and bytes of the pipe.

An intent is one line, in one of two slots, so that it never needs room on the disk. Its number
stands at both ends: of one that a kill cut short the ends differ, and the other slot still has
the intent before it. Nothing is synced: a kill loses no write, and after a crash of the machine
no intent is believed.

Behind the slots lie bytes that were consumed from the pipe. Nobody reads them: it is the size of
the file that counts (intent_log.py). Room for all of it is reserved while the disk has some.
"""

import posix

from ...base.reserve import reserve
from ...base.shared_dir import open_file
from ...base.two_slots import TwoSlots

NAME = b"note"
LARGEST = (1 << 63) - 1  # the largest offset that the system knows
DATA = 4096  # where the consumed bytes begin
ROOM = DATA + 8192  # bytes that are reserved: as many as are consumed before it counts anew


class Intent:
    """COUNT bytes of STREAM, from START on, TAIL the last of them, are about to be written to the
    file INODE, from OFFSET on and not beyond LIMIT.

    START is counted by one intent file, the stream's counter; COUNTER says whether this one is
    that. FIRST bytes are moved into the counter first: all, or the last one follows. BEFORE and
    AFTER are the reader's state before the block and after it.
    """

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
    def straight(self) -> bool:
        """Return whether bytes are moved from the pipe to the file: what is there was consumed."""
        return not self.count and self.limit == LARGEST

    @property
    def marks(self) -> int:
        """Return how many bytes the counter gets while all of them are consumed."""
        return self.count if self.first == self.count else self.first + 1

    def line(self, number: int) -> bytes:
        """Return the line of the intent, as number NUMBER."""
        place = self.counter, self.inode, self.offset, self.limit
        block = self.start, self.count, self.first, self.tail
        return line(number, self.stream, place, block, (self.before, self.after))


def line(
    number: int,
    stream: bytes,
    place: tuple[int, int, int, int],
    block: tuple[int, int, int, bytes],
    states: tuple[int, int],
) -> bytes:
    """Return the line of the intent NUMBER, without making one. PLACE: its counter, inode, offset
    and limit; BLOCK: its start, count, first and tail; STATES: before and after.
    """
    *numbers, tail = block
    said = b"%d %b %d %d %d %d %d %d %d =%b %d %d %d"
    return said % (number, stream, *place, *numbers, tail.hex().encode(), *states, number)


def parse(slot: bytes) -> tuple[int, Intent] | None:
    """Return the intent in SLOT and its number; None if there is no complete one."""
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


class IntentFile(TwoSlots):
    """The intent file in the directory that is open as DIRECTORY. Raises OSError without one."""

    def __init__(self, directory: int) -> None:
        super().__init__(open_file(NAME, posix.O_RDWR | posix.O_CREAT, directory, mode=0o600))
        reserve(self.fd, ROOM)
        self._directory = directory
        self.was_empty = False  # whether it had no intent when we came

    def intent(self) -> Intent | None:
        """Return the last intent; None if there is none."""
        found = self.read(parse)
        self.was_empty = found is None
        return found

    def consumed(self) -> int:
        """Return how many bytes were consumed into the file since it counts."""
        return max(0, posix.fstat(self.fd).st_size - DATA)

    def reset(self) -> None:
        """Count from nothing again."""
        posix.ftruncate(self.fd, DATA)
        reserve(self.fd, ROOM)

    def void(self) -> None:
        """Have no intent any more, and count from nothing."""
        posix.ftruncate(self.fd, 0)
        reserve(self.fd, ROOM)

    def remove(self) -> None:
        """Remove the file."""
        try:
            posix.unlink(NAME, dir_fd=self._directory)
        finally:
            self.close()

    def close(self) -> None:
        """Leave it as it is."""
        posix.close(self.fd)
