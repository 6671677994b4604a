"""How all services of a directory are, in one file: .pysvscan/overview, for whoever asks for all.

What pysvscan keeps there is nothing that supervise/ of each does not say too; but to read two
thousand directories takes a hundred times as long. It is made of numbers of 64 bits, as the machine
has them: a head, then SLOT of them for each service, then their names with a NUL between each two.

The head: MAGIC; the device, the inode and the time of change of the directory of the services, and
when it was listed (nanoseconds); how many services there are, and how many bytes of names; and how
often pysvscan has begun or ended to write down what it had not yet seen.

A slot is a row for the service, and one for a logger that has a directory. A row: what it is, and
above that how many rows had been written before; since when (seconds); the pid, and above that the
one of a logger without a directory; the first count again. A row is written by one write, and half
of it has two counts.

Whoever changed a file a moment ago wants to see that. So who reads sends QUESTION to the fifo
`control`, and reads when a writing that had not begun before has ended. Nobody waits for longer
than PATIENCE: where there is no answer the rows are as true as pysvscan knew, but for what a person
puts there.
"""

import posix
from sys import byteorder

PLACE = b".pysvscan"
NAME = b"overview"
CONTROL = b"control"
QUESTION = "?"  # a letter
PATIENCE = 0.01  # seconds
MOST = 1 << 26  # bytes that it may hold
MAGIC = int.from_bytes(b"overvie2", "big")
HEAD, SLOT, ROW = 8, 8, 4  # numbers of 64 bits
ANSWERS = 7  # where the number of beginnings and ends stands in the head
WORD = 8  # bytes
# What a row is, in its first byte. LOOK: the files in supervise/ say more than there is room for.
LOOK, DOWN, RUN, FINISH, WAIT = range(5)
# The second byte. There is a file `down`; UNSURE: what a person puts there has to be looked for.
PAUSED, TERM, WANTED_DOWN, ONCE, NORMALLY_DOWN, UNSURE = 1, 2, 4, 8, 16, 32
# The third: its logger has a directory, or it has none and is as the words say.
NO_LOGGER, DIRECTORY, HOSTED = range(3)
LOGGERS = (b"down", b"wait", b"run", b"finish")  # from HOSTED on
KIND = 0xFFFFFF  # of the first number
COUNT = 24  # bits above which the count stands
PID = 32  # and the second pid
MASK = (1 << 64) - 1
CLEAR = 50_000_000  # nanoseconds after which a change would have had another time


def pack(*numbers: int) -> bytes:
    """The bytes of NUMBERS."""
    return b"".join([(number & MASK).to_bytes(WORD, byteorder) for number in numbers])


def kind_of(what: int, flags: int = 0, logger: int = NO_LOGGER) -> int:
    """The first number of a row, but for the count."""
    return what | flags << 8 | logger << 16


def stamp(directory: bytes) -> tuple[int, ...]:
    """What a head says of the DIRECTORY as it is now; raises OSError."""
    found = posix.stat(directory)
    return tuple(n & MASK for n in (found.st_dev, found.st_ino, found.st_mtime_ns))


class Overview:
    """What DATA, the whole file, holds, ANSWERED or not; raises ValueError where it is none.

    `names` are those of the services, in order; `stamp` says of the directory what listed_as()
    takes; `columns` are the first numbers of all rows of services, the second ones, and so on.
    """

    def __init__(self, data: bytes, *, answered: bool = False) -> None:
        if len(data) < HEAD * WORD:
            raise ValueError
        magic, *stamp, self.listed, count, size, _ = memoryview(data[: HEAD * WORD]).cast("Q")
        end = (HEAD + SLOT * count) * WORD
        names = data[end:].split(b"\0") if count else []
        if magic != MAGIC or end + size != len(data) or len(names) != count:
            raise ValueError
        self.answered = answered
        self.stamp = tuple(stamp)
        self.names = names
        self._slots = memoryview(data)[HEAD * WORD : end].cast("Q")
        self.columns = [self._slots[at::SLOT].tolist() for at in range(ROW)]

    def row(self, number: int, at: int) -> list[int]:
        """The row of the service of this NUMBER that is AT so many numbers in its slot."""
        start = SLOT * number + at
        return self._slots[start : start + ROW].tolist()

    def listed_as(self, stamp: tuple[int, ...]) -> bool:
        """Whether the names are those of the directory, which has this STAMP now."""
        changed = self.stamp[2]
        return stamp == self.stamp and self.listed - changed > CLEAR
