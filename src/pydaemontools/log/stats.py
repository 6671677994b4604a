"""What pysissylog tells of itself: on USR1 and at the end, for a person or as OpenMetrics."""

import posix

from ..base.cli import say
from ..base.errors import error_str
from ..base.shared_dir import replace
from .lines.levels import SEVERITIES
from .pipe.sink import Sink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines.batch import Batch
    from .lines.severity_transform import SeverityTransform

FEW = 8  # lines that are as well counted one by one
HELP = {
    "pysissylog_lines": "counter Lines that were read and not dropped, by their level.",
    "pysissylog_dropped_lines": "counter Lines that were less important than -p says.",
    "pysissylog_given_lines": "counter Lines that a place was given.",
    "pysissylog_held_bytes": "gauge Bytes that wait in memory for a place.",
    "pysissylog_spooled_bytes": "gauge Bytes that wait in the spool of a place.",
    "pysissylog_connects": "counter Connections to a place that came about.",
}


class Stats(Sink):
    """A sink that counts lines, and tells of SINKS and TRANSFORM when it is asked to: on
    stderr, or in FILE; with one, or with `-`, at the end too.
    """

    held = 0
    stalled = False

    def __init__(
        self, sinks: list[Sink], transform: "SeverityTransform", file: bytes | None
    ) -> None:
        super().__init__(file if file and file != b"-" else b"stderr")
        self.asked = False
        self._sinks = sinks
        self._transform = transform
        self._file = None if file == b"-" else file
        self._at_end = file is not None
        self._levels = [0] * 8
        self._others = 0  # lines of which no place had to know the level

    def put(self, batch: "Batch") -> None:
        """Count BATCH. What goes on from another was counted there."""
        levels = batch.levels[batch.continued :] if batch.continued else batch.levels
        if not levels:
            self._others += batch.begun
        if len(levels) > FEW:
            for level, count in enumerate(map(bytes(levels).count, range(8))):
                self._levels[level] += count
            return
        for level in levels:
            self._levels[level] += 1

    def due(self) -> float | None:
        """Now, if somebody asked."""
        return 0.0 if self.asked else None

    def flush(self) -> None:
        """Tell, if somebody asked."""
        if self.asked:
            self.asked = False
            self.tell()

    def close(self) -> None:
        """Tell a last time, if that was asked for."""
        if self._at_end:
            self.tell()

    def tell(self) -> None:
        """Tell how it is now. A disk without room is no reason to end."""
        if not self._file:
            say(*self._lines())
            return
        try:
            posix.close(replace(self._file, metrics(self._samples()), mode=0o644))
        except OSError as error:
            say(b"pysissylog: warning: unable to write " + self._file + b": " + error_str(error))

    def _lines(self) -> list[bytes]:
        """What a person is told."""
        levels = zip(SEVERITIES, self._levels, strict=True)
        counts = [f"{name} {count}" for name, count in levels if count]
        if self._others:
            counts.append(f"of any level {self._others}")
        if self._transform.dropped:
            counts.append(f"dropped {self._transform.dropped}")
        lines = [b"pysissylog: lines: " + (", ".join(counts) or "none").encode()]
        for one in self._sinks:
            held = b"given %d, %d bytes held" % (one.lines, one.held)
            if one.connects is not None:
                held += b", %d bytes spooled, connected %d times" % (one.spooled, one.connects)
            lines.append(b"pysissylog: " + one.path + b": " + held)
        return lines

    def _samples(self) -> "list[tuple[str, str, int]]":
        """Each number: the name of its metric, its labels, and the number."""
        levels = zip(SEVERITIES, self._levels, strict=True)
        samples = [("pysissylog_lines", f'level="{name}"', count) for name, count in levels]
        samples.append(("pysissylog_dropped_lines", "", self._transform.dropped))
        for one in self._sinks:
            label = f'to="{escaped(one.path)}"'
            samples.append(("pysissylog_given_lines", label, one.lines))
            samples.append(("pysissylog_held_bytes", label, one.held))
            if one.connects is not None:
                samples.append(("pysissylog_spooled_bytes", label, one.spooled))
                samples.append(("pysissylog_connects", label, one.connects))
        return samples


def metrics(samples: "list[tuple[str, str, int]]") -> bytes:
    """SAMPLES as OpenMetrics writes them: those of one name stand together."""
    lines = []
    for name, help_ in HELP.items():
        kind, _, text = help_.partition(" ")
        found = [sample for sample in samples if sample[0] == name]
        if found:
            lines += [f"# TYPE {name} {kind}", f"# HELP {name} {text}"]
        end = "_total" if kind == "counter" else ""
        for _, labels, number in found:
            lines.append(f"{name}{end}{{{labels}}} {number}" if labels else f"{name}{end} {number}")
    return "\n".join([*lines, "# EOF", ""]).encode()


def escaped(value: bytes) -> str:
    """VALUE as a label's value."""
    text = value.decode("utf-8", "backslashreplace")
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
