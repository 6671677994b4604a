"""From the source to the places: a block in, its lines out, and only then taken."""

from time import monotonic

from ..chain import cli
from .batch import Batch
from .blocks import Source
from .levels import DEBUG, Router, strip
from .sinks.syslog import DATAGRAM, boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .sinks.directory import Directory
    from .sinks.syslog import Syslog

    Sink = Syslog | Directory

GRACE = 5.0  # seconds that a place has to come back, once we were told to end
LONG = DATAGRAM  # bytes of a line that has no end yet, before it is passed on in pieces
# Control characters would forge lines or drive a terminal; TAB and all above 127 pass.
CLEAN = bytes(0x3F if (i < 32 and i not in b"\t\n") or i == 127 else i for i in range(256))


class Pump:
    """Carries lines from SOURCE to SINKS, each with the severity that ROUTER gives it.

    TOLD fills with the signals that ask for an end. BUFFER is how many bytes may be held
    for a place that is away; after that nothing more is read, and the daemon waits.
    """

    def __init__(
        self,
        source: Source,
        sinks: "list[Sink]",
        router: Router,
        told: list[int],
        buffer: int,
    ) -> None:
        self.source = source
        self.sinks = sinks
        self.router = router
        self.told = told
        self.buffer = buffer
        self.least = DEBUG  # what is less important is dropped
        self.strip = False  # whether heads are taken off
        self._inside = False  # in a line whose beginning has been passed on
        self._untaken = 0  # bytes that are passed on, but not yet arrived everywhere
        self._until = float("inf")  # the end of our grace

    def run(self) -> int:
        """Carry until the end; 0 when everything has arrived, 111 when something could not."""
        while not self._late():
            if self._blocked():
                self.source.sleep(self._rest() or 0)
                continue
            block = self._look()
            ending = self.source.ended or bool(self.told)
            body = block if ending else whole(block)
            if body:
                self._pass(body, ending=ending)
            elif ending:
                break
            else:
                self.source.wait(self._rest())
        return self._finish()

    def _blocked(self) -> bool:
        """Try what waits; whether there is a reason to read nothing more now."""
        for sink in self.sinks:
            sink.flush()
        if any(sink.stalled for sink in self.sinks):
            return True
        if self._untaken:
            self.source.take(self._untaken)
            self._untaken = 0
        return any(sink.held > self.buffer for sink in self.sinks)

    def _look(self) -> bytes:
        try:
            return self.source.look()
        except OSError as error:
            raise cli.fatal(b"unable to read stdin", error) from None

    def _pass(self, body: bytes, *, ending: bool) -> None:
        """Give the lines of BODY to every sink."""
        batch = self._batch(body.translate(CLEAN), ending=ending)
        self._inside = body[-1:] != b"\n" and not ending
        for sink in self.sinks:
            sink.put(batch)
        self._untaken = len(body)

    def _batch(self, body: bytes, *, ending: bool) -> Batch:
        closed = body[-1:] == b"\n"
        lines = body.split(b"\n")
        if closed:
            lines.pop()
        going_on = lines[:1] if self._inside else []
        fresh = lines[len(going_on) :]
        if b"" in fresh:
            fresh = [line for line in fresh if line]
        levels = [self.router.level] * len(going_on) + self.router.route(fresh)
        if self.strip:
            fresh = [strip(line) for line in fresh]
        batch = Batch(
            levels,
            going_on + fresh,
            continued=self._inside,
            unfinished=not (closed or ending),
        )
        return batch if self.least == DEBUG else batch.important(self.least)

    def _rest(self) -> float | None:
        """Seconds until some sink wants another try; None if none does."""
        dues = [due for sink in self.sinks if (due := sink.due()) is not None]
        return min(dues, default=None)

    def _late(self) -> bool:
        """Whether we were told to end, and have waited long enough for those who are away."""
        if not self.told:
            return False
        self._until = min(self._until, monotonic() + GRACE)
        return monotonic() > self._until

    def _finish(self) -> int:
        while any(sink.held for sink in self.sinks) and not self._late():
            self.source.sleep(self._rest() or 0)
            for sink in self.sinks:
                sink.flush()
        code = 0
        for sink in self.sinks:
            if lost := sink.lost():
                cli.say(b"pysissylog: fatal: unable to deliver %d lines to %s" % (lost, sink.path))
                code = 111
            sink.close()
        if self._untaken and not code:
            self.source.take(self._untaken)
        return code


def whole(block: bytes) -> bytes:
    """The part of BLOCK that can be passed on now: whole lines, or much of one without end."""
    end = block.rfind(b"\n") + 1
    if end or len(block) < LONG:
        return block[:end]
    return block[: boundary(block, len(block) - 1)]
