"""The straight way: lines that are logged as they are go from the pipe to the log by splice(2).

Nobody reads them but for the end of the last one. What was moved is in the file, and what was not
is in the pipe, at any moment: so a logger that is killed there leaves nothing to make good. Its
intent says only that bytes are moved, and holds as long as the file is the same. Where a file has
to be changed, or something is odd, lines go the ordinary way.

So does a line that came alone and gets a time before it: the time is written, and the line moved
behind it. A logger that is killed between the two leaves a log that ends within a line, and the
line in the pipe: its successor goes on there.
"""

from errno import EINVAL, ENOSYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from .intent_log import IntentLog
    from .source import PipeSource
    from .splitter import JoinedLog

    class StraightLog(JoinedLog, Protocol):
        """A log that bytes may be moved to: a log directory."""

        def spare(self) -> int:
            """Return how many bytes its file may get with nothing else to be done."""

        def receive(self, source: PipeSource, count: int) -> int:
            """Have up to COUNT bytes moved from SOURCE; return how many were. Raises OSError."""

        def inside(self) -> bool:
            """Return whether its file ends within a line."""

        def begin_line(self, label: bytes) -> bool:
            """Write LABEL, which has room; False if it is not there. Raises OSError."""


class Straight:
    """Moves lines from SOURCE to LOG, the only one of INTENT_LOG; LABEL, if there is one, gives
    what stands before each.
    """

    def __init__(
        self,
        source: "PipeSource",
        intent_log: "IntentLog",
        log: "StraightLog",
        label: "Callable[[], bytes] | None" = None,
    ) -> None:
        self.inside = False  # whether the log ends within a line
        self._source = source
        self._intent_log = intent_log
        self._log = log
        self._label = label
        self._can = True  # whether the file system has it

    def carry(self) -> int:
        """Move whole lines, and return how many bytes that were. Something that goes wrong keeps
        the rest for the ordinary way, which meets it again and says what it is.
        """
        if self._label or not self._can or not (count := self._ready()):
            return 0
        moved = self._move(count)
        if 0 < moved < count and self._log.inside():
            self._stop_inside()
        return moved

    def carry_little(self, block: bytes) -> int:
        """Move BLOCK, whole lines that are all that is there, as carry() does, or the only one
        behind its label; return how many bytes of it that was.
        """
        log, label, count = self._log, b"", len(block)
        if self._label:
            if block.find(b"\n") + 1 < count:
                return 0
            label = self._label()
        if not self._can or len(label) + count > log.spare():
            return 0
        try:
            if not self._intent_log.straight(log) or (label and not log.begin_line(label)):
                return 0
        except OSError:
            return 0
        moved = self._move(count)
        if moved < count and (label or (moved and log.inside())):
            self._stop_inside()
        return moved

    def _move(self, count: int) -> int:
        """Move COUNT bytes, or as many of them as can be; return how many it were."""
        moved = 0
        try:
            while moved < count and (more := self._log.receive(self._source, count - moved)):
                moved += more
        except OSError as error:
            self._can = error.errno not in {EINVAL, ENOSYS}
        return moved

    def _stop_inside(self) -> None:
        """Know that the log ends within a line, whose rest is still to come."""
        self.inside = True
        self._intent_log.state |= 1

    def _ready(self) -> int:
        """Return how many bytes of whole lines may be moved, after the intent to do so."""
        log = self._log
        try:
            most = min(self._source.fill(), log.spare())
            count = self._source.lines_end(most) if most > 0 else 0
        except OSError:
            return 0
        # It is seen there whether somebody has removed the file.
        told = count > 0 and self._intent_log.straight(log)
        return count if told and count <= log.spare() else 0
