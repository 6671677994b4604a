"""pysissylog by blocks: for places that take text, what is important is taken out of the whole.

For a place without a threshold nobody has to know what level a line has; for one with a threshold
an expression finds the lines that are less important. Lines that it does not know are read one by
one, as all are where little has come.
"""

from itertools import compress

from .batch import Batch, BlockBatch
from .level_regex import LevelRegex
from .levels import CLEAN, DEBUG, ENDED
from .severity import SeverityReader
from .severity_transform import LARGE, SeverityTransform
from .shown import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .redact import Redaction

PIECE = 4096  # bytes that are read line by line where one is not known, at first
TAIL = 1024  # bytes that tell what record a block ends with
SELDOM = 8  # blocks, of which one is tried where the expression knew few lines
MORE = b":  "  # what lines have that tell more of one before, which may be anywhere (shapes.py)


class TextTransform(SeverityTransform):
    """Makes batches of text for places that want all of it, or what is at least as important as
    one of LEAST.
    """

    def __init__(
        self, severities: SeverityReader, redaction: "Redaction | None", least: "set[int]"
    ) -> None:
        super().__init__(severities, redaction)
        self._wanted = least - {DEBUG}
        self._all = DEBUG in least
        self._empty = False  # whether there were empty lines in the last block
        self._known = LevelRegex(severities)
        self._rest = 0  # blocks that are not tried

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> Batch:
        """Return the lines of BODY: whole, but for a first that is CONTINUED, and the last."""
        if len(body) >= LARGE and body[-1:] == b"\n" and not continued:
            text = shown(body) if self._severities.forms else body
            coloured = self.keep_colour and text is not body
            if b"\r" not in text and not coloured and (made := self._block(text)):
                return made
        return super().batch(body, continued=continued, unfinished=unfinished)

    def _block(self, text: bytes) -> BlockBatch | None:
        """Return the lines of TEXT, which a terminal shows so; None if they are better read."""
        if self._redaction:
            text = self._redaction.block(text)
        levels = {min(self.least, one) for one in (*self._wanted, self.least)} - {DEBUG}
        if not levels:
            text = without_empty(text.translate(CLEAN))
            self._see_end(text)
            return BlockBatch(text, {})
        if self._rest or self._severities.sources or _structured(text):
            self._rest = max(0, self._rest - 1)
            return None
        clean = self._all or self._known.levelless
        if clean:
            text = text.translate(CLEAN)
        if self._empty:
            whole = without_empty(text)
            self._empty, text = len(whole) < len(text), whole
        found = self._at_once(text, sorted(levels), clean=clean)
        if found is None:
            whole = without_empty(text.translate(CLEAN))
            self._empty, text = len(whole) < len(text), whole
            found = self._in_pieces(text, sorted(levels))
        if found is None:
            return None
        made = BlockBatch(
            found.get(self.least, text), {one: found[min(one, self.least)] for one in self._wanted}
        )
        if self.least < DEBUG:
            self.dropped += BlockBatch(text, {}).begun - made.begun
        return made

    def _see_end(self, text: bytes) -> None:
        """Know what record TEXT ends with, as far as its last lines tell."""
        tail = text[-TAIL:]
        if len(tail) < len(text):
            tail = tail[tail.find(b"\n") + 1 :]
        self._severities.state = self._severities.default
        self._reader.route(tail, tail.split(b"\n")[:-1])

    def _at_once(self, text: bytes, levels: list[int], *, clean: bool) -> dict[int, bytes] | None:
        """What of TEXT is at least as important as each of LEVELS; None if a line is not known.

        In what is known so there is no control character; behind it there may be, if not CLEAN.
        """
        found = None if self._severities.inside else self._known.important(text, levels)
        if found is None:
            return None
        self._known.learn(missed=False)
        self._ended_with(text)
        if clean:
            return found
        return {level: part.translate(CLEAN) for level, part in found.items()}

    def _in_pieces(self, text: bytes, levels: list[int]) -> dict[int, bytes] | None:
        """What of TEXT is at least as important as each of LEVELS; None if lines of it are best
        read together.
        """
        if MORE in text or self._passed_on(text):
            return None
        parts: list[dict[int, bytes]] = []
        at, size, read = 0, PIECE, 0
        while at < len(text):
            end = at if self._severities.inside else self._known.known(text, at)
            if end > at and (found := self._known.important(text[at:end], levels)):
                self._ended_with(text[at:end])
                parts.append(found)
                at = end
            if at < len(text):
                end, found = self._read(text, at, size, levels)
                parts.append(found)
                size, read, at = 2 * size, read + end - at, end
        if not self._known.learn(missed=True) and read > len(text) >> 1:
            self._rest = SELDOM
        return {level: b"".join([one[level] for one in parts]) for level in levels}

    def _passed_on(self, text: bytes) -> bool:
        """Whether a line of TEXT may be one of several sources, that have records of their own."""
        if not self._severities.forms:
            return False
        from .sources import source_places

        return bool(source_places(b"\n" + text))

    def _ended_with(self, text: bytes) -> None:
        """Know what record TEXT ends with, of which the last line is known."""
        self._severities.route([text[text.rfind(b"\n", 0, -1) + 1 : -1].translate(CLEAN)])

    def _read(
        self, text: bytes, at: int, size: int, levels: list[int]
    ) -> tuple[int, dict[int, bytes]]:
        """Read lines of TEXT from AT on, of SIZE bytes or more, where a record may end; return
        their end, and what of them is at least as important as each of LEVELS.
        """
        reader = self._severities
        before = reader.level, reader.inside, reader.last
        while True:
            end = text.find(b"\n", at + size) + 1 or len(text)
            lines = text[at : end - 1].split(b"\n")
            found, _ = self._reader.route(text[at:end], lines)
            if reader.inside in (0, ENDED) or end == len(text):
                break
            # What comes may change the level of what was.
            reader.level, reader.inside, reader.last = before
            size *= 2
        return end, {level: _important(lines, found, level) for level in levels}


def without_empty(text: bytes) -> bytes:
    """TEXT, of whole lines, without those that are empty."""
    # From the end it is found in half the time.
    if text.rfind(b"\n\n") >= 0:
        import re

        text = re.sub(rb"\n\n+", b"\n", text)
    return text[1:] if text[:1] == b"\n" else text


def _important(lines: list[bytes], levels: list[int], least: int) -> bytes:
    """The text of those of LINES of which LEVELS say that they are as important as LEAST."""
    found = list(compress(lines, [level <= least for level in levels]))
    return b"\n".join([*found, b""]) if found else b""


def _structured(text: bytes) -> bool:
    """Whether a line of TEXT may be logfmt."""
    if b"=" not in text:
        return False
    from .logfmt import possible

    return possible(text)
