"""What each log has of one pipe, so that every line gets there exactly once, despite kills.

Each log directory has an intent file, and so has each spool; that of the first is the counter.
For one block:

1. Each intent file says which bytes of the pipe are next, where its log stands, and what the log
   will not go beyond.
2. The block is written, into one file of each log. Files change between blocks.
3. The first few bytes of the block are moved from the pipe into the counter.
4. The middle is moved into a pipe of our own, and dropped there.
5. The last byte is moved into the counter.

No signal ends a system call of 3 to 5 halfway, so the size of the counter says which were done:

| killed after step | the successor does                                                        |
| none, or 1        | cuts nothing; has the block again from the pipe                           |
| 2, even in part   | cuts each log back to where it stood; has the block again                 |
| 3, even in part   | cuts nothing; moves what is left of the first bytes, then does 4 and 5    |
| 4                 | cuts nothing; does 5                                                      |
| 5                 | cuts nothing; goes on behind the block                                    |

None of this changes an intent, so a successor that is killed leaves the same to its own. Whether
4 was done shows in what is next in the pipe: the first bytes end before one that is not like the
last. Where none of the first ones is, and of few bytes, 3 moves all. This tells apart lines that
look alike, and needs nobody but the process that died. Intents that cannot be kept are voided
before anything is consumed, and a block may come twice.
"""

import posix
import time
from errno import EIO

from .intent import DATA, LARGEST, Intent, IntentFile, line
from .source import PipeSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .source import Source
    from .splitter import BlockSplitter, JoinedLog

FULL = 4096  # bytes that the counter keeps, about, before it begins anew
TAIL = 64  # bytes by which a block is known again
SMALL = 256  # bytes of a block that is moved as a whole
HEAD = 64  # bytes among which the first step of consuming a block has to end


def open_intent_log(source: "Source", splitter: "BlockSplitter") -> "IntentLog | None":
    """Return the intent log of the pipe that SOURCE looks at; SPLITTER cuts its blocks.

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
    return IntentLog(source, boot + b":" + name[6:-1] + b":", splitter)


def head(body: bytes) -> int:
    """Return how many bytes of BODY come first: all, if none near them differs from the last."""
    same = body[1:HEAD]
    others = same.lstrip(body[-1:])
    first = 1 + len(same) - len(others)
    return first if others and first + 1 < len(body) else len(body)


class IntentLog:
    """The intents about the pipe of SOURCE, whose name in this boot of the machine is PIPE.

    SPLITTER cuts a block, and says how much what is written next will be at the most.
    """

    __slots__ = (
        "_consumed",
        "_counter",
        "_doubt",
        "_files",
        "_first",
        "_pipe",
        "_prepared",
        "_rest",
        "_straight",
        "_stream",
        "source",
        "splitter",
        "state",
    )

    def __init__(self, source: PipeSource, pipe: bytes, splitter: "BlockSplitter") -> None:
        self.source = source
        self.splitter = splitter
        self.state = 0  # the reader's, at the head of the pipe
        self._pipe = pipe
        self._files: dict[JoinedLog, IntentFile] = {}
        self._counter: IntentFile | None = None
        self._stream = b""
        self._consumed = 0  # as the counter counts
        self._first = self._rest = 0  # bytes to consume first, and all that are to be consumed
        self._prepared = False  # whether the intents stand for what is written next
        self._doubt = False  # whether there may be intents that are wrong
        self._straight = 0  # the inode of the file that bytes are moved to, if they are

    def join(self, log: "JoinedLog", directory: int) -> tuple[Intent, bool] | None:
        """Keep intents for LOG too, in its DIRECTORY.

        Return the one that is there, and whether its block has to be written again; None if
        there is none that can be believed.
        """
        try:
            file = IntentFile(directory)
            known = self._known(file)
            if not self._counter:
                if not known:
                    file.void()
                self._counter = file
                self._stream = known[0].stream if known else self._new_stream()
                self._consumed = file.consumed()
            self._files[log] = file
            self.splitter.logs.append(log)
            log.joined = True
            if not known:
                # From now on an empty log is one that we have begun.
                self._write(log, file, b"", self.state)
        except OSError:
            return None
        return known

    def straight(self, log: "JoinedLog") -> bool:
        """Say that bytes are moved from the pipe to LOG, as many as there are; return whether that
        is said, and they may be.
        """
        inode, end = log.position()
        if inode and inode == self._straight:
            return True
        if not inode or self._doubt or [*self._files] != [log]:
            return False
        file, place = self._files[log], (1, inode, end, LARGEST)
        block, states = (self._consumed, 0, 0, b""), (self.state, 0)
        try:
            file.put(line(file.number + 1, self._stream, place, block, states))
        except OSError:
            return False
        self._prepared, self._straight = False, inode
        return True

    def leave(self, log: "JoinedLog") -> None:
        """Keep no intents for LOG, which cannot be had after all."""
        if file := self._files.pop(log, None):
            (file.remove if file.was_empty else file.close)()
        self.splitter.logs = list(self._files)

    def abandon(self) -> None:
        """Leave only intents that stood there before: nothing will be logged."""
        files, self._files = self._files, {}
        for file in files.values():
            (file.remove if file.was_empty else file.close)()

    def close(self) -> None:
        """Leave all intents that are still there: others may follow in this process."""
        files, self._files = self._files, {}
        for file in files.values():
            file.close()

    def begun(self, log: "JoinedLog", *, inside: bool = False) -> None:
        """Know that LOG stands where it shall go on, INSIDE a line if that is to be seen there."""
        self.state |= inside
        if log in self._files:
            try:
                self._write(log, self._files[log], b"", self.state)
            except OSError:
                # What it said before is still right.
                pass

    def moved(self, log: "JoinedLog", directory: int) -> None:
        """Keep the intents for LOG in another DIRECTORY; their file was removed with the old one.

        Raises OSError, and then nothing has changed.
        """
        if log not in self._files:
            return
        file = IntentFile(directory)
        file.void()
        old, self._files[log] = self._files[log], file
        posix.close(old.fd)
        if self._counter is old:
            self._counter, self._consumed = file, 0
            self._stream = self._new_stream()
        # The intents are right again with the next block.
        self._prepared, self._doubt = False, True
        self._straight = 0

    def _new_stream(self) -> bytes:
        return b"%b%d" % (self._pipe, time.time_ns())

    def _known(self, file: IntentFile) -> tuple[Intent, bool] | None:
        """Return the intent in FILE, if it can be believed, and whether nothing was consumed."""
        intent = file.intent()
        if not intent or not intent.stream.startswith(self._pipe):
            return None
        if self._counter:
            if intent.stream != self._stream:
                return None
            consumed = self._consumed - intent.start
        elif intent.counter:
            consumed = self._go_on(file, intent)
        else:
            return None
        # One that is about no bytes may have been followed by a reset.
        again = consumed == 0 or not intent.count
        if not (again or consumed == intent.marks) or (again and not self._is_next(intent)):
            return None
        self.state = intent.before if again else intent.after
        return intent, again and not intent.straight

    def _go_on(self, file: IntentFile, intent: Intent) -> int:
        """Consume the rest of the block of INTENT, if some of it was; return how far that is."""
        consumed = file.consumed() - intent.start
        if 0 < consumed < intent.marks:
            self._consumed = intent.start + consumed
            self._rest = intent.count - consumed
            left, tail = self.source.look(self._rest), intent.tail
            if consumed == intent.first and left[:1] == tail[-1:]:
                self._rest = 1
            if len(left) < self._rest or not left[: self._rest].endswith(tail[-self._rest :]):
                # It was about another pipe, though that had the same name.
                return -1
            self._consume(file, intent.first - consumed)
            consumed = intent.marks
        return consumed

    def _is_next(self, intent: Intent) -> bool:
        """Return whether the pipe holds the bytes that INTENT is about."""
        body = self.source.look(intent.count)[: intent.count]
        return len(body) == intent.count and body[-TAIL:] == intent.tail

    def prepare(self, body: bytes, after: int) -> None:
        """Say that BODY is about to be written; that brings the reader's state to AFTER."""
        self._prepared = False
        self._straight = 0
        self._doubt = True
        self._rest = len(body)
        # Of few, one call is cheaper than to spare the room.
        self._first = self._rest if self._rest <= SMALL else head(body)
        try:
            for log, file in self._files.items():
                self._write(log, file, body, after)
        except OSError:
            self._void()
        else:
            self._prepared, self._doubt = bool(self._files), False
        self.state = after

    def _write(self, log: "JoinedLog", file: IntentFile, body: bytes, after: int) -> None:
        """Write to the FILE of LOG that BODY is next, which has the first bytes reckoned."""
        inode, end = log.position()
        growth = self.splitter.part_size if body else self.splitter.overhead
        counter, first = int(file is self._counter), self._first if body else 0
        place = counter, inode, end, end + growth
        block, states = (self._consumed, len(body), first, body[-TAIL:]), (self.state, after)
        file.put(line(file.number + 1, self._stream, place, block, states))

    def take(self, count: int) -> int:
        """Consume COUNT bytes of the pipe, which every log has; return how many are left."""
        if self._prepared and self._counter:
            try:
                self._consume(self._counter, self._first)
            except OSError:
                # A full disk, or one that cannot splice.
                pass
            count = self._rest
            self._doubt = count > 0
        if count:
            self._prepared = False
            if self._doubt and not self._void():
                return count
            self.source.take(count)
        elif self._consumed > FULL:
            self._reset()
        return 0

    def _consume(self, counter: IntentFile, first: int) -> None:
        """Consume the `_rest` of a block: the FIRST bytes and the last one into COUNTER."""
        while first:
            moved = self.source.move(counter.fd, DATA + self._consumed, first)
            if not moved:
                # Somebody else has taken them.
                raise OSError(EIO, "")
            self._consumed += moved
            self._rest -= moved
            first -= moved
        if self._rest > 1:
            self._rest -= self.source.drop(self._rest - 1)
        if self._rest:
            self._consume(counter, 1)

    def _reset(self) -> None:
        """Count from nothing again, at a moment at which everything is where it should be."""
        self.prepare(b"", self.state)
        if self._prepared and self._counter:
            try:
                self._counter.reset()
            except OSError:
                return
            self._consumed = 0

    def _void(self) -> bool:
        """Have no intent any more; return whether that is so."""
        try:
            for file in self._files.values():
                file.void()
        except OSError:
            return False
        self._consumed = self._straight = 0
        self._doubt = False
        return True

    def complete(self) -> None:
        """Know that everything is where it should be: each log may say so, and be anybody's."""
        for log in self._files:
            log.joined = False

    def remove(self, log: "JoinedLog") -> None:
        """Remove the intent file of LOG if that is complete, and says so by now."""
        if log.joined or log not in self._files:
            return
        try:
            self._files.pop(log).remove()
        except OSError:
            # Not believed anyway beside a log that is marked as complete.
            pass
