"""From bytes to lines that have a severity: what pysissylog makes of what it reads."""

from .batch import Batch
from .borders import unended
from .by_itself import by_itself
from .levels import CLEAN, DEBUG
from .records import RecordReader
from .severity import SeverityReader
from .shown import kept, last_shown, shown
from .transform import Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .level_regex import LevelRegex
    from .record import Record
    from .redact import Redaction

LARGE = 16384  # bytes from which on looking at all lines at once is worth it


class SeverityTransform(Transform):
    """Makes batches of which SEVERITIES gives each line its severity; REDACTION hides secrets."""

    by_records = True

    def __init__(self, severities: SeverityReader, redaction: "Redaction | None" = None) -> None:
        self._severities = severities
        self._reader = RecordReader(severities)
        self._redaction = redaction
        # Whether a line has to be looked at though one that began so was.
        self._looks = bool(redaction or (severities.forms and severities.forms.access))
        self.least = DEBUG  # what is less important is dropped
        self.strip = False  # whether heads are taken off
        self.keep_colour = False  # whether batches also have what a terminal does not show
        self.objects = False  # whether a place gets records, and not just lines
        self._regex: LevelRegex | None = None
        self.dropped = 0  # lines that were not important enough

    @property
    def state(self) -> int:
        """Return what a successor in the middle of the stream has to know."""
        return self._severities.state

    @state.setter
    def state(self, state: int) -> None:
        self._severities.state = state

    def whole_records(self, block: bytes) -> int:
        """Return how many bytes of BLOCK, of whole lines, are whole records."""
        return unended(block)

    def known(self, block: bytes) -> Batch | None:
        """Return the lines of BLOCK, which is little, if each is by itself, and one that began so
        was looked at before.
        """
        if self._looks or self.strip:
            return None
        lines = block[:-1].split(b"\n")
        levels = []
        for line in lines:
            level = self._severities.known(line) if line and by_itself(line) else None
            if level is None or level > self.least:
                return None
            levels.append(level)
        self._severities.follow(lines, levels)
        return Batch(levels, lines)

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> Batch:
        """Return the lines of BODY: whole, but for a first that is CONTINUED, and the last."""
        came = body
        if self._severities.forms:
            body = shown(body)
        plain = body
        if self._redaction:
            body = self._redaction.block(body)
        text = body.translate(CLEAN)
        lines = text.split(b"\n")
        if text[-1:] == b"\n":
            lines.pop()
        going_on = lines[:1] if continued else []
        fresh = lines[len(going_on) :]
        coloured = None
        if self.keep_colour and came is not plain:
            coloured = _kept(lines, came, plain, continued=continued)
        if b"" in fresh:
            fresh = [line for line in fresh if line]
        first = [self._severities.level] * len(going_on)
        read = fresh
        if self._severities.forms and b"\r" in body:
            text = self._last_shown(came).translate(CLEAN)
            read = [line for line in text.split(b"\n")[len(going_on) :] if line]
        levels, records = self._reader.route(text, read, unfinished=unfinished)
        if records and not self.keep_colour:
            _without_colours(text, records)
        nothing: list[Record | None] = [None] * len(going_on)
        batch = Batch(
            first + levels,
            going_on + fresh,
            records=nothing + records if records else None,
            kept=coloured,
            continued=continued,
            unfinished=unfinished,
        )
        if self.strip:
            batch = self._stripped(batch, going_on, read)
        elif self.objects and len(body) >= LARGE and read is fresh:
            batch.alone = self._alone(batch)
        return batch if self.least == DEBUG else self._important(batch)

    def _important(self, batch: Batch) -> Batch:
        """Return what of BATCH is not dropped."""
        kept = batch.important(self.least)
        # What goes on from another batch was counted there.
        self.dropped += batch.begun - kept.begun
        return kept

    def _alone(self, batch: Batch) -> "list[tuple[int, int]]":
        """Return where the lines of BATCH are known to be a record each."""
        forms = self._severities.forms
        plain = not (batch.continued or batch.unfinished or batch.kept)
        if not (plain and forms and forms.everything):
            return []
        if batch.records and None not in batch.records:
            return [(0, len(batch.records))]
        if not self._regex:
            from .level_regex import LevelRegex

            self._regex = LevelRegex(self._severities)
        from .lone import runs

        return runs(self._regex, batch.text, batch.records)

    def _stripped(self, batch: Batch, going_on: list[bytes], read: list[bytes]) -> Batch:
        """Return BATCH with what stands behind the levels of the lines that were READ."""
        heads, kept = going_on + read, batch.kept
        if kept:
            # Where something was written over nobody knows which colour stands where.
            trio = zip(batch.lines, heads, kept, strict=True)
            kept = [one if line == head else head for line, head, one in trio]
        return Batch(
            batch.levels,
            going_on + list(map(self._severities.strip, read)),
            records=batch.records,
            heads=heads,
            kept=kept,
            continued=batch.continued,
            unfinished=batch.unfinished,
        )

    def _last_shown(self, body: bytes) -> bytes:
        """Return of BODY what a terminal shows at the end, without secrets."""
        text = last_shown(body)
        return self._redaction.block(text) if self._redaction else text


def _kept(lines: list[bytes], came: bytes, plain: bytes, *, continued: bool) -> list[bytes]:
    """Those of LINES that are not empty as they were in what CAME, of which a terminal shows what
    is PLAIN. One in which a secret was masked stays as it is.
    """
    made = []
    for at, (line, source, text) in enumerate(
        zip(lines, came.split(b"\n"), plain.split(b"\n"), strict=False)
    ):
        if line or (continued and not at):
            same = source is text or source == text or line != text.translate(CLEAN)
            made.append(line if same else kept(source))
    return made


def _without_colours(text: bytes, records: "list[Record | None]") -> None:
    """Take escape sequences out of what RECORDS, of lines of TEXT, call their message."""
    # However an escape is written, there is its number.
    for record in records if b"1b" in text or b"1B" in text else ():
        if record and b"\x1b" in record.message:
            record.message = shown(record.message)
