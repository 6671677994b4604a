"""From the source to the sinks: a block in, its lines out, and only then taken."""

from time import monotonic

from ...base import cli
from ...base.errors import words
from ..lines.utf8 import boundary
from .source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..lines.transform import Transform
    from .intent_log import IntentLog
    from .sink import Sink

INFINITY = float("inf")
PAUSE = 1.0  # seconds before another try where no sink knows better
GRACE = 5.0  # seconds that a place has to come back, once we were told to end
REST = 0.5  # seconds that the rest of a record has to come


class Pump:
    """Carries what comes from SOURCE to SINKS for WHO, in the batches that FORM makes of it.

    BUFFER is how many bytes a sink that is away may hold; after that nothing more is read, and
    the daemon waits. LEDGER knows what the log directories have. Told to end, a sink that is
    away has GRACE seconds to come back, or all the time if we are PATIENT; with TO_LINE_END the
    line that has begun is waited for.
    """

    def __init__(
        self,
        source: Source,
        sinks: "Sequence[Sink]",
        form: "Transform",
        buffer: int,
        *,
        who: bytes = b"pysissylog",
        ledger: "IntentLog | None" = None,
        patient: bool = False,
        to_line_end: bool = False,
    ) -> None:
        self.source = source
        self.sinks = sinks
        self.form = form
        self.buffer = buffer
        self.who = who
        self.ledger = ledger
        self.grace = INFINITY if patient else GRACE
        self.to_line_end = to_line_end
        self.told = source.told
        self.alarms: list[int] = []  # fills with the signals that ask for new files
        self._block = b""  # what was looked at and has to be passed on
        self._at = 0  # how much of it has been
        self._ending = False  # whether nothing shall follow that
        self._record = INFINITY  # until when we wait for the rest of a record
        self._inside = False  # in a line whose beginning has been passed on
        self._untaken = 0  # bytes that are passed on, but not yet arrived everywhere
        self._trouble: OSError | None = None  # why the source cannot be read
        self._until = INFINITY  # the end of our grace
        self._left = -1  # bytes that were there when we were told to end

    def run(self) -> int:
        """Carry until the end; 0 when everything has arrived, 111 when something could not.

        Raises Quit, once the rest has arrived, if the source cannot be read.
        """
        if self.ledger:
            self._restore(self.ledger.state)
        while not self._late():
            if self._blocked():
                self._pause()
                continue
            if self.alarms and not self._ending:
                self._turn()
                continue
            if not self._block:
                self._fill()
            if self._block:
                self._pass_some()
            elif not self._ending:
                self._say(ending=False)
                self._see_to_files()
                self.source.wait(self._idle())
            if self._ending and not self._block:
                # What comes in after we were told is our successor's.
                break
        code = self._finish()
        if self._trouble:
            raise cli.fatal(b"unable to read stdin", self._trouble)
        return code

    def _fill(self) -> None:
        """See what there is to pass on, and whether it is the last."""
        block = self._look()
        self._ending = self.source.ended
        if self.told and not self._ending:
            block = self._to_line_end(block) if self.to_line_end else self._rest_of(block)
        self._block = block if self._ending else self._records(self._whole(block))

    def _whole(self, block: bytes) -> bytes:
        return whole(block, self.source.long)

    def _records(self, block: bytes) -> bytes:
        """What of BLOCK is whole records. The rest stays where it is, if more comes soon."""
        now = monotonic()
        if self.told or len(block) >= self.source.long or now >= self._record:
            end = len(block)
        else:
            end = self.form.whole_records(block) if self.form.by_records else len(block)
        if not block or end:
            self._record = INFINITY
        else:
            self._record = min(self._record, now + REST)
        return block[:end]

    def _rest_of(self, block: bytes) -> bytes:
        """What of BLOCK was there when we were told to end."""
        if self._left < 0:
            self._left = self.source.there
        block = block[: self._left]
        self._ending = len(block) == self._left
        self._left -= len(block if self._ending else self._whole(block))
        return block

    def _to_line_end(self, block: bytes) -> bytes:
        """What of BLOCK is to the end of the line that had begun when we were told to end."""
        if self._left < 0:
            self._left = 0
            inside = self._inside if not block else block[-1:] != b"\n"
            self._ending = not inside
            return block
        end = block.find(b"\n") + 1
        self._ending = end > 0
        return block[:end] or block

    def _turn(self) -> None:
        """Begin new files, as we were asked to: nothing that may come again is in any."""
        self.alarms.clear()
        for one in self.sinks:
            one.turn()

    def _blocked(self) -> bool:
        """Try what waits; whether there is a reason to read nothing more now."""
        for sink in self.sinks:
            sink.flush()
        if any(sink.stalled or sink.held > self.buffer for sink in self.sinks):
            return True
        return not self._take()

    def _take(self) -> bool:
        """Take what has been passed on; whether that could be done."""
        if not self._untaken:
            return True
        if self.ledger:
            self._untaken = self.ledger.take(self._untaken)
        else:
            self.source.take(self._untaken)
            self._untaken = 0
        if not self._untaken:
            self._see_to_files()
        return not self._untaken

    def _see_to_files(self) -> None:
        """Begin new ones where one is full or old; nothing that may come again is in any."""
        for one in self.sinks:
            one.turn(full=True)

    def _pause(self) -> None:
        rest = self._rest()
        rest = PAUSE if rest is None else rest
        self.source.sleep(min(rest, self._until - monotonic()))

    def _state(self) -> int:
        """What a successor at the head of the pipe has to know, in one number."""
        return self._inside | self.form.state << 1

    def _restore(self, state: int) -> None:
        if state:
            self._inside = bool(state & 1)
            self.form.state = state >> 1

    def _look(self) -> bytes:
        """What the source has; when it cannot be read any more, what was read before."""
        try:
            return self.source.look()
        except OSError as error:
            self._trouble = error
            self.source.ended = True
            return self.source.held

    def _pass_some(self) -> None:
        """Pass on as much of the block as has room."""
        body = self.ledger.fitting.of(self._block, self._at) if self.ledger else self._block
        self._at += len(body)
        if self._at == len(self._block):
            self._block, self._at = b"", 0
        if body:
            self._pass(body, ending=self._ending and not self._block)

    def _pass(self, body: bytes, *, ending: bool) -> None:
        """Give the lines of BODY to every sink."""
        unfinished = body[-1:] != b"\n" and not ending
        batch = self.form.batch(body, continued=self._inside, unfinished=unfinished)
        self._inside = unfinished
        if not self._untaken:
            self._mark(body)
        for sink in self.sinks:
            sink.put(batch)
        self._untaken += len(body)

    def _mark(self, body: bytes) -> None:
        """Remember where the logs stand without BODY, which is the next for them."""
        if self.ledger:
            self.ledger.note(body, self._state())
            return
        for one in self.sinks:
            one.mark()

    def _say(self, *, ending: bool) -> None:
        """Give every sink what the form has to say itself. It stands in no note: it is no block."""
        if not self._inside and (batch := self.form.notices(ending=ending)):
            for sink in self.sinks:
                sink.put(batch)

    def _rest(self) -> float | None:
        """Seconds until some sink wants another try; None if none does."""
        return soonest([sink.due() for sink in self.sinks])

    def _idle(self) -> float | None:
        """Seconds until something is to be done though nothing comes in; None if nothing is."""
        dues = [self._rest(), *(one.turn_due() for one in self.sinks)]
        if not self._inside:
            dues.append(self.form.due())
        if self._record < INFINITY:
            dues.append(max(0.0, self._record - monotonic()))
        return soonest(dues)

    def _late(self) -> bool:
        """Whether we were told to end, and have waited long enough for those who are away."""
        if not self.told:
            return False
        self._until = min(self._until, monotonic() + self.grace)
        return monotonic() > self._until

    def _finish(self) -> int:
        if self._inside:
            # The end of this line did not come: it ends here.
            self._drain()
            self._blocked()
            self._pass(b"", ending=True)
        self._say(ending=True)
        self._drain()
        arrived = [self._arrived(sink) for sink in self.sinks]
        done = all(arrived) and self._take()
        if self.ledger and done:
            self.ledger.close()
        elif not self.ledger and self._untaken and self.source.lasts:
            # Our successor gets it all again.
            for one in self.sinks:
                self._finished(one, one.back)
        closed = [self._finished(sink, sink.close) for sink in self.sinks]
        return 0 if done and all(closed) else 111

    def _drain(self) -> None:
        """Wait until no sink holds anything."""
        while any(sink.held for sink in self.sinks) and not self._late():
            self._pause()
            for sink in self.sinks:
                sink.flush()

    def _arrived(self, sink: "Sink") -> bool:
        """Whether SINK has got everything. If not, say so."""
        lost = sink.lost()
        if lost:
            cli.say(self.who + b": fatal: unable to deliver %d lines to %s" % (lost, sink.path))
        return self._finished(sink, sink.sync) and not lost

    def _finished(self, sink: "Sink", step: "Callable[[], None]") -> bool:
        try:
            step()
        except OSError as error:
            why = b": " + words(error)
            cli.say(self.who + b": fatal: unable to finish " + sink.path + why)
            return False
        return True


def soonest(dues: "list[float | None]") -> float | None:
    """The least of DUES; None if there is none."""
    return min((due for due in dues if due is not None), default=None)


def whole(block: bytes, long: int) -> bytes:
    """The part of BLOCK that can be passed on now: whole lines, or one without end that is LONG."""
    end = block.rfind(b"\n") + 1
    if end or len(block) < long:
        return block[:end]
    return block[: boundary(block, len(block) - 1)]
