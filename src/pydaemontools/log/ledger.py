"""What each log directory has of one pipe, so that every line gets there exactly once.

For each block: (1) every directory's note says where its log stands, and which bytes of the
pipe are next; (2) the block is written, into one file of each; (3) its bytes are moved out of
the pipe into the note that counts, whose size says how many. Files change between blocks.

So whoever comes after a kill knows from that size where it struck. Nothing taken: the bytes
are all still in the pipe, and each log is cut back to where it stood. All taken: each log has
the whole block. A part: likewise, and the rest is taken now. None of this changes a note, so a
kill in the middle of it changes nothing either. The size tells apart lines that look alike,
and needs nobody but the one process that died. Where notes cannot be kept, they are voided
before anything is taken, and a block may come twice.
"""

import posix
import time

from .blocks import PipeSource
from .note import DATA, Entry, Note
from .utf8 import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .blocks import Source
    from .logdir import LogDir

LABEL = 26  # bytes before a line in a log directory
FULL = 65536  # taken bytes that the counter keeps, about, before it begins anew
TAIL = 64  # bytes by which a block is known again


def open_ledger(source: "Source") -> "Ledger | None":
    """The ledger of the pipe that SOURCE looks at.

    None if it is no pipe, or one with a name: that is the same file when it is another pipe.
    """
    if not isinstance(source, PipeSource):
        return None
    try:
        name = posix.readlink(b"/proc/self/fd/%d" % source.fd)
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            boot = file.read().strip()
    except OSError:
        return None
    return Ledger(source, boot + b":" + name[6:-1] + b":") if name[:6] == b"pipe:[" else None


def cost(body: bytes) -> int:
    """How many bytes the lines of BODY are in a log directory, at the most."""
    return len(body) + LABEL * (body.count(b"\n") + (body[-1:] != b"\n")) + 1


def cut(body: bytes, room: int) -> bytes:
    """Whole lines from the beginning of BODY that have room in ROOM bytes."""
    while body and (needed := cost(body)) > room:
        body = body[: body.rfind(b"\n", 0, len(body) * max(0, room) // needed) + 1]
    return body


class Ledger:
    """The notes about the pipe of SOURCE, whose name in this boot of the machine is PIPE."""

    def __init__(self, source: PipeSource, pipe: bytes) -> None:
        self.source = source
        self.state = 0  # the reader's, at the head of the pipe
        self._pipe = pipe
        self._logs: list[tuple[Note, LogDir]] = []
        self._counter: Note | None = None
        self._stream = b""
        self._taken = 0  # as the counter counts
        self._noted = False  # whether the notes stand for what is written next
        self._doubt = False  # whether there may be notes that are wrong

    def join(self, log: "LogDir", directory: int) -> tuple[Entry, bool] | None:
        """Keep a note for LOG too, in its DIRECTORY.

        Gives what the one that is there says, and whether its block has to be written again;
        None if there is none that can be believed.
        """
        try:
            note = Note(directory)
            known = self._known(note)
            if not known and not self._counter:
                note.void()
            if not self._counter:
                self._counter = note
                self._stream = known[0].stream if known else b"%b%d" % (self._pipe, time.time_ns())
                self._taken = note.taken()
            self._logs.append((note, log))
            log.noted = True
            if not known:
                # From now on an empty log is one that we have begun.
                note.write(self._entry(note, log, b"", self.state))
        except OSError:
            return None
        return known

    def begun(self, log: "LogDir") -> None:
        """LOG stands where it shall go on."""
        for note, one in self._logs:
            if one is log:
                try:
                    note.write(self._entry(note, log, b"", self.state))
                except OSError:
                    # What it said before is still right.
                    pass

    def _known(self, note: Note) -> tuple[Entry, bool] | None:
        """What NOTE says, if that can be believed, and whether nothing of it was taken."""
        entry = note.read()
        if not entry or not entry.stream.startswith(self._pipe):
            return None
        if self._counter:
            if entry.stream != self._stream:
                return None
            taken = self._taken - entry.start
        elif entry.counter:
            taken = note.taken() - entry.start
            if 0 < taken < entry.count:
                self._move(note, entry.start + taken, entry.count - taken)
                taken = entry.count
        else:
            return None
        # One that is about no bytes may have been followed by a reset.
        again = taken == 0 or not entry.count
        if not (again or taken == entry.count) or (again and not self._is_next(entry)):
            return None
        self.state = entry.before if again else entry.after
        return entry, again

    def _is_next(self, entry: Entry) -> bool:
        """Whether the pipe holds the bytes that ENTRY is about."""
        body = self.source.look()[: entry.count]
        return len(body) == entry.count and body[-TAIL:] == entry.tail

    def fit(self, block: bytes, start: int) -> bytes:
        """What of BLOCK, from START on, has room in one file of each directory.

        Nothing if one has to go on with its next file first; that file is then due.
        """
        room = min((log.room() for _, log in self._logs), default=2 * cost(block))
        body = block[start : start + room]
        if start + room < len(block):
            body = body[: body.rfind(b"\n") + 1]
        if piece := cut(body, room):
            return piece
        line = block[start : block.find(b"\n", start) + 1] or block[start:]
        if cost(line) <= room:
            return line
        body = line
        small = [log for _, log in self._logs if log.room() < cost(line) and not log.fresh()]
        for log in small:
            log.due = True
        return b"" if small else body[: boundary(body, max(1, room - cost(b"")))]

    def note(self, body: bytes, after: int) -> None:
        """BODY is about to be written; that brings the reader's state to AFTER."""
        self._noted = False
        self._doubt = True
        try:
            for note, log in self._logs:
                note.write(self._entry(note, log, body, after))
        except OSError:
            self._void()
        else:
            self._noted, self._doubt = bool(self._logs), False
        self.state = after

    def _entry(self, note: Note, log: "LogDir", body: bytes, after: int) -> Entry:
        counter = int(note is self._counter)
        inode, end = log.position()
        place = inode, end, end + cost(body)
        block = self._taken, len(body), body[-TAIL:]
        return Entry(self._stream, counter, *place, *block, self.state, after)

    def take(self, count: int) -> int:
        """Take COUNT bytes, which every directory has, from the pipe; give how many are left."""
        if self._noted and self._counter:
            try:
                count = self._move(self._counter, self._taken, count)
            except OSError:
                # A full disk, or one that cannot splice.
                count -= max(0, self._counter.taken() - self._taken)
            self._doubt = count > 0
        if count:
            self._noted = False
            if self._doubt and not self._void():
                return count
            self.source.take(count)
        elif self._taken > FULL:
            self._reset()
        return 0

    def _move(self, counter: Note, taken: int, count: int) -> int:
        """Take COUNT bytes into COUNTER, which has TAKEN; give how many could not be."""
        while count and (moved := self.source.move(counter.fd, DATA + taken, count)):
            taken += moved
            count -= moved
        self._taken = taken
        return count

    def _reset(self) -> None:
        """Count from nothing again, at a moment at which everything is where it should be."""
        self.note(b"", self.state)
        if self._noted and self._counter:
            try:
                self._counter.reset()
            except OSError:
                return
            self._taken = 0

    def _void(self) -> bool:
        """Have no note say anything; whether that is so."""
        try:
            for note, _ in self._logs:
                note.void()
        except OSError:
            return False
        self._taken = 0
        self._doubt = False
        return True

    def close(self) -> None:
        """Everything is where it should be, and the logs may be anybody's."""
        for note, log in self._logs:
            log.noted = False
            try:
                note.remove()
            except OSError:
                # Not believed anyway beside a log that is marked as whole.
                pass
