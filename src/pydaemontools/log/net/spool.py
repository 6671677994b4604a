"""A backlog on a disk: what a stream has still to deliver outlives its process, in order.

Everything goes through it, and counts as held by nobody once it is in: where the server keeps
up, a file is gone again before the system thinks of writing it to the disk. Only where a delivery
can turn out to be none, the last that was delivered is kept. The file `state` says up to where
all was delivered, and the intent log which bytes of the pipe are in. What is in, but may yet
be cut off and come again (its bytes are still in the pipe), is not sent; but where the disk has
no room for it, it is, and stays in the pipe until it was delivered.
"""

import time

from ...base.cli import say
from ...base.errors import error_str
from ...base.warn_once import WarnOnce
from ..lines.targets import WIRE
from .delivery import Delivery
from .misplaced import put_back
from .overflow import Overflow
from .segments import SEGMENT, Segments
from .spool_records import file_offset, position
from .spooldir import SpoolDir, directory_name, has_undelivered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.targets import SpoolOptions, Target
    from ..pipe.intent_log import IntentLog
    from ..pipe.source import Source

KEPT = 40 << 20  # bytes: with what comes on top, no kernel holds more for a program as it comes
SMALL = 1 << 20  # bytes of a file that was delivered, and is kept because more will come
PAUSE = 1.0  # seconds before what went wrong is tried again
QUIET = 60.0  # seconds after which a disk that has no room is said again
LOW = 16 << 20  # bytes that a disk has to have for more than a block
FEW = 1000  # lines that are put at a time where the disk may have no room for them


class Spool:
    """The backlog of TARGET in a directory of its own where SPOOLING says, which has the last KEPT
    bytes that were delivered too. Raises OSError, whose filename is what could not be done, in
    words.
    """

    def __init__(
        self,
        spooling: "SpoolOptions",
        target: "Target",
        source: "Source",
        intent_log: "IntentLog | None",
        kept: int = 0,
    ) -> None:
        self._parent = spooling.directory
        parent = (spooling.directory.rstrip(b"/") or b"/") + b"/"
        self.path = parent + directory_name(target, target.format)
        self.kept = kept
        self.due = self.joined = False  # as a JoinedLog
        self._most = spooling.size
        self._source = source
        self._overflow = Overflow()
        self._checked = False  # whether it is known what is there, and another file may be begun
        self._refusing = False  # whether the disk did not take what came last
        self._refused = -QUIET  # when it did not take something the last time
        self._retry_at = 0.0
        self._number = 0  # the file that the last one has to become before it is written; or 0
        self._warning = WarnOnce(b"pysissylog")
        self._text = 0, b""  # the record that was read last, and where its text begins
        self._intent_log = intent_log
        self._dir = SpoolDir(self._parent, self.path)
        self.connection, self.idle = self._dir.connection, self._dir.idle
        try:
            self._open()
        except OSError as error:
            error.filename = b"open the spool " + self.path
            raise
        for form in WIRE:
            other = parent + directory_name(target, form)
            if form != target.format and has_undelivered(other):
                why = b" is of the format " + form + b", and stays there"
                say(b"pysissylog: warning: what is left in " + other + why)

    def _open(self) -> None:
        """Find what a predecessor has left."""
        largest = min(SEGMENT, max(SMALL if self.kept else 1, self._most // 8))
        known = self._dir.state.known
        if count := put_back(self._dir.fd, known):
            why = b" had other names, and have their own again"
            say(b"pysissylog: warning: files in the spool %b: %d" % (self.path, count) + why)
        first = 0 if self.kept else file_offset(known.at)[0]
        self._segments = Segments(self._dir.fd, first, largest)
        again = self._join(self._intent_log) if self._intent_log else None
        at, end, left = known.at, known.end, known.left
        if not self._dir.state.readable and (self._segments.some or not self._dir.state.empty):
            why = b" cannot be read: what was sent may be sent again"
            say(b"pysissylog: warning: the state of " + self.path + why)
            # Nor does anybody know of the end that it was in the pipe still.
            at, end, left = self._segments.last_file
        self._segments.check(at, end, left, again)
        self._tell_of_damage()
        if again is not None and again <= self._segments.end:
            self._segments.cut(file_offset(again)[1])
        self._checked = True
        self._untaken = self._segments.end, -1  # where the last block begins, and in the pipe
        self._delivery = Delivery(self._segments, self._dir)
        if self._intent_log:
            self._intent_log.begun(self)
        self._delivery.start()
        self._delivery.drop(self.kept)

    # What the intent log wants to know of a log.

    def largest(self) -> int:
        """Return how many bytes a file gets: as many as there are."""
        return 1 << 60

    room = largest

    def fresh(self) -> bool:
        """Return whether the file is empty: that makes no difference here."""
        return True

    @property
    def most_lines(self) -> int:
        """How many lines a part may have: few where they may have to wait in the pipe until they
        are delivered, since they come again then if we are killed.
        """
        return FEW if self._overflow or self._dir.room() < LOW else self.largest()

    def position(self) -> tuple[int, int]:
        """Return which file is written, and where it ends.

        That is asked when nothing is in that may come again: so it is when files change.
        """
        if self._checked and self._segments.full():
            self._next()
        if self._number:
            self._try_to_begin_anew()
        return self._segments.inode, file_offset(self._segments.end)[1]

    # What a stream wants of its backlog.

    @property
    def stalled(self) -> bool:
        """Whether no more shall come now."""
        return bool(self._overflow)

    @property
    def held(self) -> int:
        """Bytes that are nowhere but in memory."""
        return sum(map(len, self.pending()))

    @property
    def begin(self) -> int:
        """Where the first text stands that was not delivered."""
        return self._delivery.begin

    @property
    def end(self) -> int:
        """Where the next record will stand."""
        return position(self._number, 0) if self._number else self._segments.end

    @property
    def size(self) -> int:
        """Bytes that were not delivered, those that wait for room included."""
        return self.held + self._delivery.left(self.end)

    def put(self, text: bytes) -> None:
        """Deliver TEXT after all the others."""
        if not self._intent_log:
            if not self._overflow and self._segments.full():
                self._next()
        elif self._untaken[1] != self._source.consumed:
            self._untaken = self.end, self._source.consumed
        self._overflow.put(text, self.end)
        self._write()

    def flush(self) -> None:
        """Try again to write what waits."""
        if self._overflow and self.begin >= self._overflow.end:
            self._restart()
        elif self._overflow and time.monotonic() >= self._retry_at:
            self._write()

    def settle(self) -> None:
        """Know that all that is in leaves the pipe now: who finds less here shall say so, but for
        what may come again.
        """
        if not self._overflow:
            self._delivery.settle(self.end)

    def ready(self, at: int) -> bool:
        """Return whether there is something behind AT that may be sent."""
        return self._after(at) < self._limit()

    def read(self, at: int) -> tuple[bytes, int]:
        """Return some text that stands at AT, and where it ends."""
        at = self._after(at)
        if self._overflow and at >= self._overflow.start:
            return self._overflow.read(at)
        start, text = self._text
        if not start <= at < start + len(text):
            # The next one begins where the last one ended; any other has to be looked for.
            begin = at if at == start + len(text) else self._segments.find(at)
            start, text = self._text = self._segments.read(begin)
            if not text:
                self._tell_of_damage()
                self._text = 0, b""
                return b"", self._segments.after(start)
        text = text[max(0, at - start) :]
        return text, max(at, start) + len(text)

    def delivered(self, at: int) -> None:
        """Let go of what is before AT, but for what is kept: it was delivered."""
        if self._overflow:
            self._delivery.move(at)
            if at >= self._overflow.end:
                self._restart()
            elif self._delivery.drop(0):
                # There is room again.
                self._retry_at = 0.0
            return
        if at == self.end and file_offset(at)[1] > SMALL:
            self._next()
        self._delivery.move(at)
        self._delivery.drop(self.kept)

    def rewind(self, at: int) -> None:
        """Deliver what stands behind AT once more, as far as it is kept."""
        first = self._segments.before(self.begin, self.kept)
        self._delivery.move(at if at >= first else self._segments.find(first))

    def connected(self, endpoints: bytes) -> None:
        """Note the connection between ENDPOINTS that is used now; none if that is empty."""
        self.connection = endpoints
        self._dir.connected(endpoints)

    def pending(self) -> list[bytes]:
        """Return the texts that nobody has."""
        return self._overflow.rest(self.begin)

    def sync(self) -> None:
        """Have all that is in the spool on the disk. Raises OSError, if there is something."""
        try:
            if self._segments.removed:
                self._renew()
            self._segments.sync()
        except OSError:
            if self._has_more():
                raise

    def close(self) -> None:
        """Say what is left for the next time."""
        if self._has_more():
            rest = b"%d bytes are left in " % self._delivery.left(self.end)
            say(b"pysissylog: info: " + rest + self.path + b", to be sent the next time")
        self._segments.close()
        if self._intent_log:
            self._intent_log.remove(self)
        self._dir.close()

    def _tell_of_damage(self) -> None:
        """Say what is not there, or cannot be read: a crash of the machine may leave it so."""
        for count, why, file in self._segments.losses:
            lost = b"%d bytes are " % count + why + self.path + b"/" * bool(file) + file
            say(b"pysissylog: warning: " + lost + b", and are left out")
        self._segments.losses.clear()

    def _limit(self) -> int:
        """Return up to where may be sent. That is not the last block while its bytes are in the
        pipe, unless they have to stay there until they are delivered.
        """
        if self._overflow and self._refusing:
            return self._overflow.end
        return self._written()

    def _written(self) -> int:
        """Return up to where there is what came to stay."""
        begin, taken = self._untaken
        return begin if taken == self._source.consumed else self.end

    def _has_more(self) -> bool:
        """Return whether there is something on the disk to be sent, besides the last block."""
        return self._after(self.begin) < self._written()

    def _after(self, at: int) -> int:
        """Return where what follows AT begins, in the next file if nothing does in this one."""
        at = self._segments.after(at)
        return at if at < self._segments.end else max(at, self.end)

    def _join(self, intent_log: "IntentLog") -> int | None:
        """Keep a note for the pipe; return from where on a predecessor had not taken from it what
        is in the last file, if that is so.
        """
        known = intent_log.join(self, self._dir.fd)
        if known and known[1] and known[0].inode == self._segments.inode:
            # Not by position(): no file may be begun before this one is cut.
            return position(file_offset(self._segments.end)[0], known[0].offset)
        return None

    def _write(self) -> None:
        """Write what waits, all of it or nothing."""
        if self._has_more() and self.size > self._most + self.kept:
            # An empty one takes anything.
            return
        end = -1
        try:
            self._begin_anew()
            end = file_offset(self._segments.end)[1]
            for text in self._overflow.texts:
                self._segments.append(text)
        except OSError as error:
            if end >= 0:
                self._segments.cut(end)
            if self._delivery.drop(0):
                # What was kept was in the way.
                self._write()
                return
            self._refusing, self._refused = True, time.monotonic()
            self._retry_at = self._refused + PAUSE
            why = self.path + b", pausing: " + error_str(error)
            self._warning.warn(b"unable to write to " + why)
            return
        self._overflow.clear()
        self._refusing = False
        if time.monotonic() >= self._refused + QUIET:
            # On a disk that is full there is room again and again.
            self._warning.clear()

    def _restart(self) -> None:
        """Have an empty file again, now that all is delivered, what the disk did not take too."""
        # That first: nothing before the file that comes is missing to anybody.
        self._number = file_offset(self._overflow.end)[0] + 1
        self._delivery.move(position(self._number, 0))
        self._overflow.clear()
        self._try_to_begin_anew()

    def _try_to_begin_anew(self) -> None:
        """Do what _begin_anew() does if that goes; it is tried again before the next record."""
        try:
            self._begin_anew()
        except OSError:
            pass

    def _begin_anew(self) -> None:
        """Have a file that can be written: there, and emptied if it has to be. Raises OSError."""
        if self._segments.removed:
            self._renew()
        if self._number:
            self._segments.restart(self._number)
            self._number = 0

    def _renew(self) -> None:
        """Have a spool again that somebody removed, with what its last file has."""
        # It may be the same directory, without its files.
        self._dir.unlock()
        found = SpoolDir(self._parent, self.path)
        try:
            found.state.write(self._delivery.state())
            found.connected(self.connection)
            if self._intent_log and self.joined:
                self._intent_log.moved(self, found.fd)
            self._segments.move(found.fd)
        except OSError:
            found.close()
            raise
        self._dir.close()
        self._dir = self._delivery.directory = found
        what = b" was removed; what its last file had is written again"
        say(b"pysissylog: warning: the spool " + self.path + what)

    def _next(self) -> None:
        """Go on in a new file, if there can be one."""
        if self._number:
            # There is an empty one first.
            return
        try:
            # Of a server that keeps up nothing needs to be on the disk.
            behind = file_offset(self.begin)[0] < file_offset(self.end)[0]
            self._segments.begin(sync=behind)
        except OSError:
            # The file gets larger than it should.
            pass
