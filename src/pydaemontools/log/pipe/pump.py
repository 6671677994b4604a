"""From the source to the sinks: a block in, its lines out, and only then consumed.

A pump never waits by itself: a step does what can be done, and returns what it waits for.
"""

from time import monotonic

from ...base import cli
from ...base.errors import error_str
from .ending import INFINITY
from .pump_wait import AGAIN, INPUT, PumpWait, soonest
from .sink import Sink, overriding
from .wholeness import Wholeness

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..lines.batch import Batch
    from ..lines.transform import Transform
    from .ending import Ending
    from .intent_log import IntentLog
    from .source import Source
    from .straight import Straight

PAUSE = 1.0  # seconds before another try where no sink knows better


class Pump:
    """Carries what comes from SOURCE to SINKS for WHO, in the batches that TRANSFORM makes of it.

    BUFFER is how many bytes a sink that is away may hold; after that nothing more is read, and
    the daemon waits. ENDING says when to end. INTENT_LOG knows what the log directories have;
    STRAIGHT moves lines to the only sink where nothing is made of them.
    """

    __slots__ = (
        "_at",
        "_block",
        "_calm",
        "_due",
        "_flushed",
        "_inside",
        "_left",
        "_marked",
        "_steps",
        "_trouble",
        "_turned",
        "_untaken",
        "alarms",
        "buffer",
        "ending",
        "intent_log",
        "sinks",
        "source",
        "straight",
        "transform",
        "who",
        "wholeness",
    )

    def __init__(
        self,
        source: "Source",
        ending: "Ending",
        sinks: "Sequence[Sink]",
        transform: "Transform",
        buffer: int = 0,
        *,
        who: bytes = b"pysissylog",
        intent_log: "IntentLog | None" = None,
        straight: "Straight | None" = None,
    ) -> None:
        self.source = source
        self.ending = ending
        self.sinks = sinks
        self.transform = transform
        self.buffer = buffer
        self.who = who
        self.intent_log = intent_log
        self.straight = straight
        self.wholeness = Wholeness(source, ending, transform)
        self.alarms: list[int] = []  # fills with the signals that ask for new files
        self._block = b""  # what was looked at and has to be passed on
        self._at = 0  # how much of it has been
        self._inside = False  # in a line whose beginning has been passed on
        self._untaken = 0  # bytes that are passed on, but not yet arrived everywhere
        self._trouble: OSError | None = None  # why the source cannot be read
        # Who never has anything to do is not asked at each line.
        self._flushed = overriding(sinks, "flush")
        self._marked = overriding(sinks, "mark")
        self._left = overriding(sinks, "leaving")
        self._turned = overriding(sinks, "turn")
        self._due = tuple(sink.due for sink in overriding(sinks, "due"))
        self._due += tuple(sink.turn_due for sink in overriding(sinks, "turn_due"))
        self._calm = False  # whether nothing was left to be done when the last step ended
        self._steps = self._carry()

    def step(self) -> "PumpWait | int":
        """Do what can be done now; return what to wait for, or the exit code once all is done.

        That is 0 when everything has arrived, 111 when something could not. Raises Quit, once
        the rest has arrived, if the source cannot be read.
        """
        if self._calm and (wait := self._carry_little()):
            return wait
        return next(self._steps)

    def _carry_little(self) -> PumpWait | None:
        """Carry a little that came while nothing was to be done: most programs print a line now and
        then. Return what to wait for; None if there is more to be done.
        """
        source = self.source
        if self.alarms or self.ending.signals or source.hung_up:
            return None
        if not (block := source.glance()):
            return None
        if not (self._move_little(block) if self.straight else self._pass_little(block)):
            return None
        wait = self._idle()
        # What is due at once is seen to though another line comes.
        self._calm = wait.seconds != 0
        return wait

    def _move_little(self, block: bytes) -> bool:
        """Have BLOCK go straight to its place, or pass it on; return whether all of it is done."""
        assert self.straight  # noqa: S101 - for the type checker
        moved = self.straight.carry_little(block)
        self._inside, self.straight.inside = self.straight.inside, False
        if not moved and not self._inside:
            return self._pass_little(block)
        if moved < len(block):
            return False
        self._turn(full=True)
        return True

    def _pass_little(self, block: bytes) -> bool:
        """Pass on BLOCK, and consume it; return whether all of that is done."""
        transform, log = self.transform, self.intent_log
        if log and log.splitter.next_part(block, 0) is not block:
            return False
        if batch := transform.known(block):
            self._put(batch, block)
        elif transform.by_records and transform.whole_records(block) < len(block):
            return False
        else:
            self._pass(block, ending=False)
        for sink in self.sinks:
            if sink.stalled or sink.held:
                return False
        if not self._take():
            return False
        if transform.speaks:
            self._give_notices(ending=False)
        return True

    def _carry(self) -> "Iterator[PumpWait | int]":
        """Carry until the end, a block a step: what each step waits for, and the exit code."""
        ending = self.ending
        if self.intent_log and (state := self.intent_log.state):
            self._inside, self.transform.state = bool(state & 1), state >> 1
        passed = False  # whether a block was passed on in this step
        while (self._block or not ending.last) and not self._late():
            if self._blocked():
                yield self._pause()
                passed = False
            elif self.alarms and not ending.last:
                self.alarms.clear()
                self._turn(full=False)
            elif self._block or self._fill():
                if passed:
                    yield AGAIN
                self._pass_some()
                passed = True
            elif not ending.last:
                self._give_notices(ending=False)
                self._turn(full=True)
                self._calm = self.wholeness.due == INFINITY and not self._inside
                yield self._idle(self.wholeness.due)
                self._calm = passed = False
        # What comes in after an end was asked for is our successor's.
        if self._inside:
            # The end of this line did not come: it ends here.
            yield from self._drain()
            self._blocked()
            self._pass(b"", ending=True)
        self._give_notices(ending=True)
        yield from self._settle()
        done = self._consume()
        # With the last of it a file may have become full.
        yield from self._settle()
        code = self._close(done=done)
        if self._trouble:
            raise cli.fatal(b"unable to read stdin", self._trouble)
        yield code

    def _moved(self) -> bool:
        """Move what goes straight to its place; return whether there was any."""
        if self._inside or self.ending.signals or not self.straight or not self.straight.carry():
            return False
        self._inside, self.straight.inside = self.straight.inside, False
        self._turn(full=True)
        return True

    def _fill(self) -> bool:
        """See what there is to pass on, and whether it is the last; return if there is some, or if
        some was, that went straight to its place.
        """
        if self.straight and self._moved():
            return True
        source, ending = self.source, self.ending
        try:
            block = source.look(self.transform.block)
        except OSError as error:
            # What was read before is the last.
            self._trouble = error
            source.ended = True
            block = source.buffered
        ending.last = source.ended
        if ending.signals and not ending.last:
            block = ending.cut(block, source.consumed, source.available, inside=self._inside)
        elif not block:
            # Nothing is waited for.
            self.wholeness.forget()
            return False
        if not ending.last:
            block = self.wholeness.of(block, inside=self._inside)
        self._block = block
        return bool(block)

    def _blocked(self) -> bool:
        """Try what waits; return whether there is a reason to read nothing more now."""
        for sink in self._flushed:
            sink.flush()
        for sink in self.sinks:
            if sink.stalled or sink.held > self.buffer:
                return True
        return self._untaken > 0 and not self._take()

    def _take(self) -> bool:
        """Consume what has been passed on; return whether that could be done."""
        for sink in self._left:
            sink.leaving()
        if self.intent_log:
            self._untaken = self.intent_log.take(self._untaken)
        else:
            self.source.take(self._untaken)
            self._untaken = 0
        if self._untaken:
            return False
        self._turn(full=True)
        return True

    def _turn(self, *, full: bool) -> None:
        """Begin new files, only where one is old or FULL if that is said. Nothing that may come
        again is in any.
        """
        for sink in self._turned:
            sink.turn(full=full)

    def _pause(self) -> PumpWait:
        """Return the wait for sinks that are away, or have something left to do."""
        rest = soonest([sink.due() for sink in self.sinks])
        left = self.ending.rest(monotonic())
        return PumpWait(min(PAUSE if rest is None else rest, left), for_input=False)

    def _pass_some(self) -> None:
        """Pass on as much of the block as has room, if there is one."""
        if not (body := self._block):
            return
        if self.intent_log:
            body = self.intent_log.splitter.next_part(body, self._at)
        self._at += len(body)
        if self._at == len(self._block):
            self._block, self._at = b"", 0
        if body:
            self._pass(body, ending=self.ending.last and not self._block)

    def _pass(self, body: bytes, *, ending: bool) -> None:
        """Give the lines of BODY to every sink."""
        unfinished = body[-1:] != b"\n" and not ending
        batch = self.transform.batch(body, continued=self._inside, unfinished=unfinished)
        self._inside = unfinished
        self._put(batch, body)

    def _put(self, batch: "Batch", body: bytes) -> None:
        """Give BATCH, which BODY is, to every sink."""
        # Where the logs stand without this is remembered first.
        if self.intent_log and not self._untaken:
            # What a successor at the head of the pipe has to know is one number.
            self.intent_log.prepare(body, self._inside | self.transform.state << 1)
        for sink in () if self.intent_log or self._untaken else self._marked:
            sink.mark()
        for sink in self.sinks:
            sink.put(batch)
        self._untaken += len(body)

    def _give_notices(self, *, ending: bool) -> None:
        """Give every sink the notices of the transform. No block has them, and no intent."""
        if not self._inside and (batch := self.transform.notices(ending=ending)):
            for sink in self.sinks:
                sink.put(batch)

    def _idle(self, rest: float = INFINITY) -> PumpWait:
        """Return the wait for new input, or for what is to be done though nothing comes in; REST
        says when the rest of what has come is waited for no longer.
        """
        dues = [wait for due in self._due if (wait := due()) is not None]
        transform = self.transform
        if transform.speaks and not self._inside and (wait := transform.due()) is not None:
            dues.append(wait)
        if rest < INFINITY:
            dues.append(max(0.0, rest - monotonic()))
        if cli.owes():
            dues.append(PAUSE)
        return PumpWait(min(dues), for_input=True) if dues else INPUT

    def _late(self) -> bool:
        """Return whether an end was asked for, and sinks that are away have had their time."""
        return bool(self.ending.signals) and self.ending.rest(monotonic()) <= 0

    def _consume(self) -> bool:
        """Consume the last of it, if it has arrived everywhere; return whether it has."""
        arrived = [self._arrived(sink) for sink in self.sinks]
        return all(arrived) and (not self._untaken or self._take())

    def _close(self, *, done: bool) -> int:
        if self.intent_log and done:
            self.intent_log.complete()
        elif not self.intent_log and self._untaken and self.source.lasts:
            # Our successor gets it all again.
            for sink in self.sinks:
                self._finished(sink, sink.back)
        closed = [self._finished(sink, sink.close) for sink in self.sinks]
        if self.intent_log:
            self.intent_log.close()
        cli.owes()
        return 0 if done and all(closed) else 111

    def _drain(self) -> "Iterator[PumpWait]":
        """Go on until no sink holds anything: what each step waits for."""
        while any(sink.held for sink in self.sinks) and not self._late():
            yield self._pause()
            for sink in self.sinks:
                sink.flush()

    def _settle(self) -> "Iterator[PumpWait]":
        """Go on until no sink holds anything, and no thread is busy with what one has got."""
        yield from self._drain()
        while not self._late():
            # All of them at once.
            busy = [sink for sink in self.sinks if sink.syncing()]
            if not busy:
                break
            yield PumpWait(PAUSE, for_input=False)

    def _arrived(self, sink: "Sink") -> bool:
        """Return whether SINK has got everything. If not, say so."""
        lost = sink.lost()
        if lost:
            cli.say(self.who + b": fatal: unable to deliver %d lines to %s" % (lost, sink.path))
        return self._finished(sink, sink.sync) and not lost

    def _finished(self, sink: "Sink", step: "Callable[[], None]") -> bool:
        try:
            step()
        except OSError as error:
            why = b": " + error_str(error)
            cli.say(self.who + b": fatal: unable to finish " + sink.path + why)
            return False
        return True
