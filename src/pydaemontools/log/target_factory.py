"""From a target, as --to names it, to the sink that sends there."""

from .lines.targets import RELP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines.formats import Origin
    from .lines.frames import Frames
    from .lines.targets import SpoolOptions, Target
    from .net.backlog import Backlog
    from .net.protocol import StreamProtocol
    from .pipe.intent_log import IntentLog
    from .pipe.sink import Sink
    from .pipe.source import Source


def open_sink(
    target: "Target",
    origin: "Origin",
    source: "Source",
    ledger: "IntentLog | None",
    spooling: "SpoolOptions | None",
) -> "Sink":
    """Return the sink for TARGET, which gets lines from ORIGIN.

    Raises OSError if it cannot be had; its filename, if there is one, says in words what could
    not be done.
    """
    sink = _sink(target, origin, source, ledger, spooling)
    sink.least = target.least
    return sink


def _sink(
    target: "Target",
    origin: "Origin",
    source: "Source",
    ledger: "IntentLog | None",
    spooling: "SpoolOptions | None",
) -> "Sink":
    if target.kind == b"syslog":
        from .sinks.syslog import Syslog

        return Syslog(target.path, origin, target.format)
    if target.actions:
        from .lines.stamps import KINDS
        from .sinks.directory import DirectorySink, open_log

        [output] = target.actions.outputs
        label, _ = KINDS[target.actions.stamp or b"t"]
        log = open_log(b"pysissylog", output, ledger)
        return DirectorySink(log, b"pysissylog", label, age=output.age)
    if target.kind == b"udp":
        from .sinks.udp import Udp

        return Udp(target, origin)
    if target.kind == b"journald":
        from .sinks.journald import Journald

        return Journald(target.path, origin)
    if target.stream:
        from .lines.frames import framing

        frames = framing(origin, target.format, relp=target.kind in RELP)
        return _stream(target, frames, _backlog(target, source, ledger, spooling), source)
    from .sinks.console import Console, lines, objects

    fd, text = (1, objects(origin)) if target.kind == b"json" else (2, lines)
    return Console(b"pysissylog", target.text, fd, text)


def _stream(target: "Target", frames: "Frames", backlog: "Backlog", source: "Source") -> "Sink":
    from .net.stream import Stream

    tls = None
    if target.kind in (b"tls", b"relps"):
        from .net.tls import configure

        tls = configure(target)
    return Stream(target, _protocol(target, frames, backlog), source, tls)


def _protocol(target: "Target", frames: "Frames", backlog: "Backlog") -> "StreamProtocol":
    from ..base.retry import Retry

    retry = Retry(target.text, far=True)
    if target.kind in RELP:
        from .net.relp import RelpProtocol

        return RelpProtocol(frames, backlog, retry)
    from .net.tcp import TcpProtocol

    return TcpProtocol(frames, backlog, retry)


def _backlog(
    target: "Target", source: "Source", ledger: "IntentLog | None", spooling: "SpoolOptions | None"
) -> "Backlog":
    if not spooling:
        from .net.backlog import MemoryBacklog

        return MemoryBacklog()
    from .net.spool import KEPT, Spool

    # A server that says what it has needs to be sent nothing again of that.
    return Spool(spooling, target, source, ledger, 0 if target.kind in RELP else KEPT)
