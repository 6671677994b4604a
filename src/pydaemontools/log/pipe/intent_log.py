"""What each log directory has of one pipe, so that every line gets there exactly once.

For each block: (1) every directory's note says where its log stands, and which bytes of the
pipe are next; (2) the block is written, into one file of each; (3) its bytes are taken out of
the pipe, in three steps: the first few are moved into the note that counts, the next are
dropped, the last one is moved there too. Files change between blocks.

Each step is one system call that no signal ends halfway, and the size of that note says which
were done. So whoever comes after a kill knows where it struck. None: the bytes are all still
in the pipe, and each log is cut back to where it stood. Some: each log has the whole block,
and the rest is taken now. Whether the middle has been dropped shows in what is next in the
pipe: the first step ends before a byte that is not the last one's like. Where there is no such
byte, all bytes are moved. None of this changes a note, so a kill in the middle of it changes
nothing either. This tells apart lines that look alike, and needs nobody but the one process
that died. Where notes cannot be kept, they are voided before anything is taken, and a block
may come twice.
"""

import posix
import time
from errno import EIO

from .intent import DATA, Intent, IntentFile
from .source import PipeSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .source import Source
    from .splitter import BlockSplitter, JoinedLog

FULL = 65536  # bytes that the counter keeps, about, before it begins anew
TAIL = 64  # bytes by which a block is known again
HEAD = 64  # bytes among which the first step of taking a block has to end


def open_intent_log(source: "Source", fitting: "BlockSplitter") -> "IntentLog | None":
    """The ledger of the pipe that SOURCE looks at; FITTING knows what has room in a log.

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
    if name[:6] != b"pipe:[":
        return None
    return IntentLog(source, boot + b":" + name[6:-1] + b":", fitting)


def head(body: bytes) -> int:
    """How many bytes of BODY are taken first: all, if no byte near them differs from the last."""
    same = body[1:HEAD]
    others = same.lstrip(body[-1:])
    first = 1 + len(same) - len(others)
    return first if others and first + 1 < len(body) else len(body)


class IntentLog:
    """The notes about the pipe of SOURCE, whose name in this boot of the machine is PIPE.

    FITTING cuts a block, and says how much what is written next will be at the most.
    """

    def __init__(self, source: PipeSource, pipe: bytes, fitting: "BlockSplitter") -> None:
        self.source = source
        self.fitting = fitting
        self.state = 0  # the reader's, at the head of the pipe
        self._pipe = pipe
        self._logs: list[tuple[IntentFile, JoinedLog]] = []
        self._counter: IntentFile | None = None
        self._stream = b""
        self._taken = 0  # as the counter counts
        self._first = self._rest = 0  # bytes to take first, and all that are to be taken
        self._noted = False  # whether the notes stand for what is written next
        self._doubt = False  # whether there may be notes that are wrong

    def join(self, log: "JoinedLog", directory: int) -> tuple[Intent, bool] | None:
        """Keep a note for LOG too, in its DIRECTORY.

        Gives what the one that is there says, and whether its block has to be written again;
        None if there is none that can be believed.
        """
        try:
            note = IntentFile(directory)
            known = self._known(note)
            if not known and not self._counter:
                note.void()
            if not self._counter:
                self._counter = note
                self._stream = known[0].stream if known else self._new_stream()
                self._taken = note.taken()
            self._logs.append((note, log))
            self.fitting.logs.append(log)
            log.noted = True
            if not known:
                # From now on an empty log is one that we have begun.
                note.write(self._entry(note, log, b"", self.state))
        except OSError:
            return None
        return known

    def leave(self, log: "JoinedLog") -> None:
        """LOG cannot be had after all."""
        for note, one in self._logs:
            if one is log and note.fresh:
                note.remove()
        self._logs = [(note, one) for note, one in self._logs if one is not log]
        self.fitting.logs = [one for _, one in self._logs]

    def abandon(self) -> None:
        """Nothing will be logged: only notes that stood there before stay."""
        for note, _ in self._logs:
            if note.fresh:
                note.remove()

    def begun(self, log: "JoinedLog") -> None:
        """LOG stands where it shall go on."""
        for note, one in self._logs:
            if one is log:
                try:
                    note.write(self._entry(note, log, b"", self.state))
                except OSError:
                    # What it said before is still right.
                    pass

    def moved(self, log: "JoinedLog", directory: int) -> None:
        """LOG goes on in another DIRECTORY; its note was removed with the old one.

        Raises OSError, and then nothing has changed.
        """
        for at, (old, one) in enumerate(self._logs):
            if one is log:
                note = IntentFile(directory)
                note.void()
                posix.close(old.fd)
                self._logs[at] = note, log
                if self._counter is old:
                    self._counter, self._taken = note, 0
                    self._stream = self._new_stream()
                # The notes are right again with the next block.
                self._noted, self._doubt = False, True

    def _new_stream(self) -> bytes:
        return b"%b%d" % (self._pipe, time.time_ns())

    def _known(self, note: IntentFile) -> tuple[Intent, bool] | None:
        """What NOTE says, if that can be believed, and whether nothing of it was taken."""
        entry = note.read()
        if not entry or not entry.stream.startswith(self._pipe):
            return None
        if self._counter:
            if entry.stream != self._stream:
                return None
            taken = self._taken - entry.start
        elif entry.counter:
            taken = self._go_on(note, entry)
        else:
            return None
        # One that is about no bytes may have been followed by a reset.
        again = taken == 0 or not entry.count
        if not (again or taken == entry.marks) or (again and not self._is_next(entry)):
            return None
        self.state = entry.before if again else entry.after
        return entry, again

    def _go_on(self, note: IntentFile, entry: Intent) -> int:
        """Take the rest of what ENTRY is about, if some of it was taken; how far that is."""
        taken = note.taken() - entry.start
        if 0 < taken < entry.marks:
            self._taken = entry.start + taken
            self._rest = entry.count - taken
            left = self.source.look()
            if taken == entry.first and left[:1] == entry.tail[-1:]:
                self._rest = 1
            if len(left) < self._rest or not left[: self._rest].endswith(entry.tail[-self._rest :]):
                # It was about another pipe, though that had the same name.
                return -1
            self._claim(note, entry.first - taken)
            taken = entry.marks
        return taken

    def _is_next(self, entry: Intent) -> bool:
        """Whether the pipe holds the bytes that ENTRY is about."""
        body = self.source.look()[: entry.count]
        return len(body) == entry.count and body[-TAIL:] == entry.tail

    def note(self, body: bytes, after: int) -> None:
        """BODY is about to be written; that brings the reader's state to AFTER."""
        self._noted = False
        self._doubt = True
        self._first, self._rest = head(body), len(body)
        try:
            for note, log in self._logs:
                note.write(self._entry(note, log, body, after))
        except OSError:
            self._void()
        else:
            self._noted, self._doubt = bool(self._logs), False
        self.state = after

    def _entry(self, note: IntentFile, log: "JoinedLog", body: bytes, after: int) -> Intent:
        counter = int(note is self._counter)
        inode, end = log.position()
        place = inode, end, end + (self.fitting.cost if body else self.fitting.least)
        block = self._taken, len(body), head(body)
        return Intent(self._stream, counter, *place, *block, body[-TAIL:], self.state, after)

    def take(self, count: int) -> int:
        """Take COUNT bytes, which every directory has, from the pipe; give how many are left."""
        if self._noted and self._counter:
            try:
                self._claim(self._counter, self._first)
            except OSError:
                # A full disk, or one that cannot splice.
                pass
            count = self._rest
            self._doubt = count > 0
        if count:
            self._noted = False
            if self._doubt and not self._void():
                return count
            self.source.take(count)
        elif self._taken > FULL:
            self._reset()
        return 0

    def _claim(self, counter: IntentFile, first: int) -> None:
        """Take the `_rest` of a block: the FIRST bytes and the last one into COUNTER."""
        while first:
            first -= self._move(counter, first)
        if self._rest > 1:
            self._rest -= self.source.drop(self._rest - 1)
        if self._rest:
            self._move(counter, 1)

    def _move(self, counter: IntentFile, count: int) -> int:
        """Move up to COUNT bytes from the pipe into COUNTER; how many it were."""
        moved = self.source.move(counter.fd, DATA + self._taken, count)
        if not moved:
            # Somebody else has taken them.
            raise OSError(EIO, "")
        self._taken += moved
        self._rest -= moved
        return moved

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
