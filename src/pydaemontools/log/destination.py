"""A place that --to names: opened, given only what is important enough, and counted."""

from .levels import DEBUG
from .places import RELP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .batch import Batch
    from .blocks import Source
    from .files.ledger import Ledger
    from .places import Place, Spooling
    from .pump import Sink
    from .sinks.directory import Directory
    from .wire.backlog import Backlog
    from .wire.formats import Origin
    from .wire.frames import Lines, Octets


class Destination:
    """The sink at PLACE: what is less important than the place wants does not get there."""

    def __init__(self, place: "Place", sink: "Sink") -> None:
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


def directories(places: list[Destination]) -> "list[Directory]":
    """Those of PLACES that are log directories."""
    if all(one.place.kind != b"dir" for one in places):
        return []
    from .sinks.directory import Directory

    return [one.sink for one in places if isinstance(one.sink, Directory)]


def opened(
    place: "Place",
    origin: "Origin",
    source: "Source",
    ledger: "Ledger | None",
    spooling: "Spooling | None",
) -> "Sink":
    """The sink at PLACE for lines from ORIGIN. Raises OSError if it cannot be had; its filename,
    if there is one, says in words what could not be done.
    """
    if place.kind == b"syslog":
        from .sinks.syslog import Syslog

        return Syslog(place.path, origin, place.format)
    if place.script:
        from .actions.stamps import KINDS
        from .sinks.directory import Directory, open_log

        [output] = place.script.outputs
        label, _ = KINDS[place.script.stamp or b"t"]
        log = open_log(b"pysissylog", output, ledger)
        return Directory(log, b"pysissylog", label, age=output.age)
    if place.kind == b"udp":
        from .sinks.udp import Udp

        return Udp(place, origin)
    if place.kind == b"journald":
        from .sinks.journald import Journald

        return Journald(place.path, origin)
    if place.stream:
        from .wire.frames import framing

        frames = framing(origin, place.format, relp=place.kind in RELP)
        return _stream(place, frames, _backlog(place, source, ledger, spooling), source)
    from .sinks.console import Console, lines, objects

    fd, text = (1, objects(origin)) if place.kind == b"json" else (2, lines)
    return Console(b"pysissylog", place.text, fd, text)


def _stream(
    place: "Place", frames: "Octets | Lines", backlog: "Backlog", source: "Source"
) -> "Sink":
    context = None
    if place.kind in (b"tls", b"relps"):
        from .sinks import tls

        context = tls.context(place)
    if place.kind in RELP:
        from .sinks.relp import Relp

        return Relp(place, frames, backlog, source, context)
    from .sinks.stream import Stream

    return Stream(place, frames, backlog, source, context)


def _backlog(
    place: "Place", source: "Source", ledger: "Ledger | None", spooling: "Spooling | None"
) -> "Backlog":
    if not spooling:
        from .wire.backlog import Memory

        return Memory()
    from .wire.spool import KEPT, Spool

    # A server that says what it has needs to be sent nothing again of that.
    return Spool(spooling, place, source, ledger, 0 if place.kind in RELP else KEPT)
