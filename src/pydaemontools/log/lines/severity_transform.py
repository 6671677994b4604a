"""From bytes to lines that have a severity: what pysissylog makes of what it reads."""

from .batch import Batch
from .records import RecordReader, unended
from .severity import CLEAN, DEBUG, SeverityReader
from .shown import last_shown, shown
from .transform import Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .record import Record
    from .redact import Redaction


class SeverityTransform(Transform):
    """Makes batches of which SEVERITIES gives each line its severity; REDACTION hides secrets."""

    by_records = True

    def __init__(self, severities: SeverityReader, redaction: "Redaction | None" = None) -> None:
        self._severities = severities
        self._reader = RecordReader(severities)
        self._redaction = redaction
        self.least = DEBUG  # what is less important is dropped
        self.strip = False  # whether heads are taken off
        self.dropped = 0  # lines that were not important enough

    @property
    def state(self) -> int:
        """Return what a successor in the middle of the stream has to know."""
        return self._severities.in_traceback | self._severities.level << 1

    @state.setter
    def state(self, state: int) -> None:
        self._severities.in_traceback = bool(state & 1)
        self._severities.level = state >> 1 & 7

    def whole_records(self, block: bytes) -> int:
        """Return how many bytes of BLOCK, of whole lines, are whole records."""
        return unended(block)

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> Batch:
        """Return the lines of BODY: whole, but for a first that is CONTINUED, and the last."""
        if self._severities.forms:
            body = shown(body)
        if self._redaction:
            body = self._redaction.block(body)
        text = body.translate(CLEAN)
        lines = text.split(b"\n")
        if text[-1:] == b"\n":
            lines.pop()
        going_on = lines[:1] if continued else []
        fresh = lines[len(going_on) :]
        if b"" in fresh:
            fresh = [line for line in fresh if line]
        first = [self._severities.level] * len(going_on)
        read = fresh
        if self._severities.forms and b"\r" in body:
            text = last_shown(body).translate(CLEAN)
            read = [line for line in text.split(b"\n")[len(going_on) :] if line]
        levels, records = self._reader.route(text, read, unfinished=unfinished)
        nothing: list[Record | None] = [None] * len(going_on)
        batch = Batch(
            first + levels,
            going_on + (list(map(self._severities.strip, read)) if self.strip else fresh),
            records=nothing + records if records else None,
            heads=going_on + fresh if self.strip else None,
            continued=continued,
            unfinished=unfinished,
        )
        if self.least == DEBUG:
            return batch
        kept = batch.important(self.least)
        # What goes on from another batch was counted there.
        self.dropped += len(levels) - (len(kept.levels) - kept.continued)
        return kept
