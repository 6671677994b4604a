"""A place that --to names: opened, given only what is important enough, and counted."""

from .lines.severity import DEBUG
from .lines.targets import RELP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines.batch import Batch
    from .lines.formats import Origin
    from .lines.frames import LineFrames, OctetFrames
    from .lines.targets import SpoolOptions, Target
    from .net.backlog import Backlog
    from .pipe.intent_log import IntentLog
    from .pipe.pump import Sink
    from .pipe.source import Source
    from .sinks.directory import DirectorySink


class Destination:
    """The sink at PLACE: what is less important than the place wants does not get there."""

    def __init__(self, place: "Target", sink: "Sink") -> None:
        self.place = place
        self.sink = sink
        self.path = sink.path
        self.lines = 0  # how many were given to it
        self._least = place.least
        self.flush = sink.flush
        self.due = sink.due
        self.lost = sink.lost
        self.sync = sink.sync
        self.close = sink.close

    @property
    def held(self) -> int:
        """Bytes that wait there."""
        return self.sink.held

    @property
    def stalled(self) -> bool:
        """Whether nothing more may be read now."""
        return self.sink.stalled

    @property
    def spooled(self) -> int:
        """Bytes that wait in its spool."""
        backlog = getattr(self.sink, "backlog", None)
        return backlog.size - backlog.held if backlog else 0

    @property
    def connects(self) -> int:
        """How many connections came about."""
        return getattr(self.sink, "connects", 0)

    def put(self, batch: "Batch") -> None:
        """Send on what is important of BATCH."""
        if self._least < DEBUG and batch.levels:
            batch = batch.important(self._least)
        self.lines += len(batch.levels) - batch.continued
        self.sink.put(batch)


def directories(places: list[Destination]) -> "list[DirectorySink]":
    """Those of PLACES that are log directories."""
    if all(one.place.kind != b"dir" for one in places):
        return []
    from .sinks.directory import DirectorySink

    return [one.sink for one in places if isinstance(one.sink, DirectorySink)]


def open_sink(
    place: "Target",
    origin: "Origin",
    source: "Source",
    ledger: "IntentLog | None",
    spooling: "SpoolOptions | None",
) -> "Sink":
    """The sink at PLACE for lines from ORIGIN. Raises OSError if it cannot be had; its filename,
    if there is one, says in words what could not be done.
    """
    if place.kind == b"syslog":
        from .sinks.syslog import Syslog

        return Syslog(place.path, origin, place.format)
    if place.actions:
        from .lines.stamps import KINDS
        from .sinks.directory import DirectorySink, open_log

        [output] = place.actions.outputs
        label, _ = KINDS[place.actions.stamp or b"t"]
        log = open_log(b"pysissylog", output, ledger)
        return DirectorySink(log, b"pysissylog", label, age=output.age)
    if place.kind == b"udp":
        from .sinks.udp import Udp

        return Udp(place, origin)
    if place.kind == b"journald":
        from .sinks.journald import Journald

        return Journald(place.path, origin)
    if place.stream:
        from .lines.frames import framing

        frames = framing(origin, place.format, relp=place.kind in RELP)
        return _stream(place, frames, _backlog(place, source, ledger, spooling), source)
    from .sinks.console import Console, lines, objects

    fd, text = (1, objects(origin)) if place.kind == b"json" else (2, lines)
    return Console(b"pysissylog", place.text, fd, text)


def _stream(
    place: "Target", frames: "OctetFrames | LineFrames", backlog: "Backlog", source: "Source"
) -> "Sink":
    context = None
    if place.kind in (b"tls", b"relps"):
        from .net import tls

        context = tls.context(place)
    if place.kind in RELP:
        from .net.relp import Relp

        return Relp(place, frames, backlog, source, context)
    from .net.stream import Stream

    return Stream(place, frames, backlog, source, context)


def _backlog(
    place: "Target", source: "Source", ledger: "IntentLog | None", spooling: "SpoolOptions | None"
) -> "Backlog":
    if not spooling:
        from .net.backlog import MemoryBacklog

        return MemoryBacklog()
    from .net.spool import KEPT, Spool

    # A server that says what it has needs to be sent nothing again of that.
    return Spool(spooling, place, source, ledger, 0 if place.kind in RELP else KEPT)
