"""From a target, as --to names it, to the sink that sends there."""

import posix

from .lines.targets import RELP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines.formats import Origin
    from .lines.targets import SpoolOptions, Target
    from .net.backlog import Backlog
    from .net.protocol import StreamProtocol
    from .pipe.intent_log import IntentLog
    from .pipe.pump_loop import Waker
    from .pipe.sink import Sink


# What takes lines as they are; the journal and JSON have escape sequences in messages.
COLOURED = b"dir", b"stderr"


class TargetFactory:
    """Opens sinks that get lines from ORIGIN, in a pump that WAKER wakes.

    INTENT_LOG is told of those on a disk; streams have a spool as SPOOLING says.
    """

    def __init__(
        self,
        origin: "Origin",
        waker: "Waker",
        intent_log: "IntentLog | None",
        spooling: "SpoolOptions | None",
    ) -> None:
        self._origin = origin
        self._waker = waker
        self._intent_log = intent_log
        self._spooling = spooling

    def open(self, target: "Target") -> "Sink":
        """Return the sink for TARGET.

        Raises OSError if it cannot be had; its filename, if there is one, says in words what
        could not be done.
        """
        sink = self._stream(target) if target.stream else self._sink(target)
        sink.least = target.least
        sink.colour = target.kind in COLOURED
        return sink

    def _sink(self, target: "Target") -> "Sink":
        if target.kind == b"syslog":
            from .sinks.syslog import Syslog

            return Syslog(target.path, self._origin, target.format)
        if target.actions:
            from .lines.stamps import KINDS
            from .sinks.directory import DirectorySink, open_log

            [output] = target.actions.outputs
            label, _ = KINDS[target.actions.stamp or b"t"]
            log = open_log(b"pysissylog", output, self._intent_log)
            return DirectorySink(log, b"pysissylog", label, age=output.age)
        if target.kind == b"udp":
            from .sinks.udp import Udp

            return Udp(target, self._origin)
        if target.kind == b"journald":
            from .sinks.journald import Journald

            return Journald(target.path, self._origin)
        from .sinks.console import Console, lines, objects, seen

        if target.kind == b"json":
            return Console(b"pysissylog", target.text, 1, objects(self._origin))
        console = Console(b"pysissylog", target.text, 2, seen if posix.isatty(2) else lines)
        console.takes_text = True
        return console

    def _stream(self, target: "Target") -> "Sink":
        from .net.stream import Stream

        tls = None
        if target.kind in (b"tls", b"relps"):
            from .net.tls import configure

            tls = configure(target)
        return Stream(target, self._protocol(target), self._waker, tls)

    def _protocol(self, target: "Target") -> "StreamProtocol":
        from ..base.retry import Retry
        from .lines.frames import framing

        relp, retry = target.kind in RELP, Retry(target.text, far=True)
        frames, backlog = framing(self._origin, target.format, relp=relp), self._backlog(target)
        if relp:
            from .net.relp import RelpProtocol

            return RelpProtocol(frames, backlog, retry)
        from .net.tcp import TcpProtocol

        return TcpProtocol(frames, backlog, retry)

    def _backlog(self, target: "Target") -> "Backlog":
        if not self._spooling:
            from .net.backlog import MemoryBacklog

            return MemoryBacklog()
        from .net.spool import KEPT, Spool

        # A server that says what it has needs to be sent nothing again of that.
        kept = 0 if target.kind in RELP else KEPT
        return Spool(self._spooling, target, self._waker.source, self._intent_log, kept)
