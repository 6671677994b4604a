"""From the source to the places: a block in, its lines out, and only then taken."""

from time import monotonic

from ..chain import cli
from ..chain.errors import words
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
        self._trouble: OSError | None = None  # why the source cannot be read
        self._until = float("inf")  # the end of our grace

    def run(self) -> int:
        """Carry until the end; 0 when everything has arrived, 111 when something could not.

        Raises Quit, once the rest has arrived, if the source cannot be read.
        """
        while not self._late():
            if self._blocked():
                self.source.sleep(self._rest() or 0)
                continue
            told = bool(self.told)
            block = self._look()
            ending = told or self.source.ended
            body = block if ending else whole(block)
            if body:
                self._pass(body, ending=ending)
            if ending:
                # What comes in after we were told is our successor's.
                break
            if not body:
                self.source.wait(self._rest())
        code = self._finish()
        if self._trouble:
            raise cli.fatal(b"unable to read stdin", self._trouble)
        return code

    def _blocked(self) -> bool:
        """Try what waits; whether there is a reason to read nothing more now."""
        for sink in self.sinks:
            sink.flush()
        if any(sink.stalled or sink.held > self.buffer for sink in self.sinks):
            return True
        if self._untaken:
            self.source.take(self._untaken)
            self._untaken = 0
        return False

    def _look(self) -> bytes:
        """What the source has; when it cannot be read any more, what was read before."""
        try:
            return self.source.look()
        except OSError as error:
            self._trouble = error
            self.source.ended = True
            return self.source.held

    def _pass(self, body: bytes, *, ending: bool) -> None:
        """Give the lines of BODY to every sink."""
        batch = self._batch(body.translate(CLEAN), ending=ending)
        self._inside = body[-1:] != b"\n" and not ending
        for sink in self.sinks:
            sink.put(batch)
        self._untaken += len(body)

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
        if self._inside:
            # The end of this line did not come: it ends here.
            self._pass(b"", ending=True)
        while any(sink.held for sink in self.sinks) and not self._late():
            self.source.sleep(self._rest() or 0)
            for sink in self.sinks:
                sink.flush()
        lost = [sink for sink in self.sinks if not self._close(sink)]
        if self._untaken and not lost:
            self.source.take(self._untaken)
        return 111 if lost else 0

    def _close(self, sink: "Sink") -> bool:
        """Close SINK; whether it has got everything. If not, say so."""
        lost = sink.lost()
        if lost:
            cli.say(b"pysissylog: fatal: unable to deliver %d lines to %s" % (lost, sink.path))
        try:
            sink.close()
        except OSError as error:
            why = b": " + words(error)
            cli.say(b"pysissylog: fatal: unable to finish " + sink.path + why)
            return False
        return not lost


def whole(block: bytes) -> bytes:
    """The part of BLOCK that can be passed on now: whole lines, or much of one without end."""
    end = block.rfind(b"\n") + 1
    if end or len(block) < LONG:
        return block[:end]
    return block[: boundary(block, len(block) - 1)]
