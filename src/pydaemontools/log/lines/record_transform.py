"""pymultilog by records: a line and those that go on with it are selected and rotated as one.

That is what the actions m, L, r and J ask for. It takes its time for each line; without them
nobody looks at lines one by one.
"""

from . import emit
from .batch import Batch
from .block_transform import BlockTransform
from .borders import unended
from .forms import severity_reader
from .levels import BITS, INFO, WARNING
from .record import Record
from .record_filter import LevelBatch, RecordBatch, RecordFilter, is_rest
from .records import RecordReader, fold
from .repeat_limit import LONGEST
from .shown import last_shown, without_returns
from .stamps import utc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .actions import Actions
    from .level_regex import LevelRegex


# How much larger a text may be as JSON, where a byte is six (\\u001b) and an exception is there
# twice; and what there is besides.
FACTOR, OBJECT = 13, 256
LOGFMT = 3  # times as long a name and a value are in JSON: `a=` is `"a":"",`
# Digits and signs alike, and E as e.
EXPONENTS = bytes(0x30 if i in b"0123456789+-" else 0x65 if i == 0x45 else i for i in range(256))
PRINTED = bytes([*range(32, 127), 10])  # what is in JSON as it is, but for quotes and backslashes
LARGE = 4096  # bytes from which on looking at all lines at once is worth it


class RecordTransform(BlockTransform):
    """Makes batches of records, as the SCRIPT wants them."""

    speaks = True
    by_records = True

    def __init__(self, script: "Actions") -> None:
        super().__init__(script)
        self._choices = [one for one in self._selections if isinstance(one, RecordFilter)]
        self._severities = severity_reader(INFO, script.forms)
        self._reader = RecordReader(self._severities)
        self._regex: LevelRegex | None = None
        self._json = script.stamp == b"J"
        # Then lines need not be put together, but where a record is shown as one.
        self._by_level = not self._json and all(
            [one.level_alone for one in self._choices]
            + [one.kind in (b"/", b"1", b"2") for one in script.outputs]
        )

    @property
    def state(self) -> int:
        """What a successor has to know: also what record it is in."""
        return self._severities.state | self.going_on << BITS

    @state.setter
    def state(self, state: int) -> None:
        self._severities.state = state & (1 << BITS) - 1
        self.going_on = state >> BITS
        for one in self._choices:
            one.begun = True

    def growth(self) -> tuple[int, int, int]:
        """Return the growth by a label before each line, or an object around it, and by notices."""
        limits = max((len(one.limits) for one in self._choices), default=0)
        notices = limits * (len(self._dress(LONGEST)) + 1) if limits else 0
        return (OBJECT, FACTOR, notices) if self._json else (self._length, 1, notices)

    def growth_of(self, body: bytes) -> tuple[int, int, int]:
        """Return the growth of BODY: as JSON it is that of the bytes that are in it."""
        size, factor, besides = self.growth()
        return size, _factor(body) if self._json else factor, besides

    def closely(self, body: bytes) -> int | None:
        """Return how many bytes BODY is as JSON at the most, whatever stands around it."""
        if not self._json:
            return None
        lines = body.removesuffix(b"\n").split(b"\n")
        return sum(_closely(line, alone=not lines[1:]) for line in lines)

    def whole_records(self, block: bytes) -> int:
        """Return how many bytes of BLOCK, of whole lines, are whole records."""
        return unended(block)

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> Batch:
        """Return the records of BODY; a line that will not be ended is ended."""
        if self._json:
            body = without_returns(body)
        lines = body.removesuffix(b"\n").split(b"\n")
        clean = self._clean(body, lines, continued=continued)
        levels, records = self._levels(lines, clean, continued=continued, unfinished=unfinished)
        if self._by_level:
            return self._selected(
                LevelBatch(
                    levels,
                    self._labelled(lines, continued=continued),
                    lambda: fold(lines, levels, records, continued=continued, clean=clean),
                    continued=continued,
                    unfinished=unfinished,
                )
            )
        if self._json and not (continued or unfinished) and clean is lines:
            alone = self._alone(lines, body, records)
            if alone:
                return self._selected(self._object_batch(lines, levels, records, alone))
        found = fold(lines, levels, records, continued=continued, clean=clean)
        if self._json and continued and not found[0].line:
            # Nothing is left of it, and an object has ended already.
            del found[0]
            continued = False
        seen = [record.line.partition(b"\n")[0] for record in found]
        if self._json:
            if continued:
                found[0].message = b"+" + found[0].message
            batch = RecordBatch(found, self._objects(found), seen, self._dress, rest=continued)
        else:
            texts = self._stamped(found, continued=continued)
            if self._label:
                seen = [text.partition(b"\n")[0] for text in texts]
            batch = RecordBatch(
                found,
                texts,
                seen,
                self._dress,
                rest=continued,
                continued=continued,
                unfinished=unfinished,
            )
        return self._selected(batch)

    def _alone(
        self, lines: list[bytes], body: bytes, records: list[Record | None]
    ) -> list[tuple[int, int]]:
        """Return where LINES, which are BODY, are known to be a record each, if that is enough."""
        forms = self._severities.forms
        by_level = all(one.level_alone for one in self._choices)
        if not (by_level and len(body) >= LARGE and forms and forms.everything):
            return []
        if is_rest(lines[0]):
            # Whether it is wanted was decided before.
            return []
        if not self._regex:
            from .level_regex import LevelRegex

            self._regex = LevelRegex(self._severities)
        from .lone import runs

        return runs(self._regex, body if body[-1:] == b"\n" else body + b"\n", records or None)

    def _object_batch(
        self,
        lines: list[bytes],
        levels: list[int],
        records: list[Record | None],
        alone: list[tuple[int, int]],
    ) -> LevelBatch:
        """Return the objects of LINES, of which those in ALONE are a record each."""
        from .json_objects import JsonObjects
        from .lone import by_themselves, parts

        form = JsonObjects(self._given())
        texts: list[bytes] = []
        worth: list[int] = []
        for part in parts(lines, levels, records, alone):
            if isinstance(part, Record):
                # What begins with a blank is wanted if what it goes on with is.
                rest = is_rest(part.line)
                worth.append(worth[-1] if rest else part.level or 0)
                texts.append(form.record(part).encode("utf-8", "replace"))
                continue
            some = slice(*part)
            worth += levels[some]
            found = records[some]
            if any(found):
                each = list(by_themselves(lines[some], levels[some], found))
                texts.append("\n".join(form.records(each)).encode("utf-8", "replace"))
            else:
                texts.append(form.of(levels[some], lines[some]))
        return LevelBatch(worth, None, list, text=b"\n".join([*texts, b""]))

    def _labelled(self, lines: list[bytes], *, continued: bool) -> list[bytes]:
        """Return LINES with a time before each that begins here."""
        if not self._label:
            return lines
        label = self._label()
        begun = lines[:1] if continued else []
        return begun + [label + line for line in lines[len(begun) :]]

    def _selected(self, batch: Batch) -> Batch:
        """Return BATCH, of which each selection has taken its part."""
        for one in self._selections:
            # Before it is noted what a successor has to know.
            one.of(batch)
        return batch

    @staticmethod
    def _clean(body: bytes, lines: list[bytes], *, continued: bool) -> list[bytes]:
        """Return LINES, which are BODY, as a terminal shows them; none becomes empty."""
        if last_shown(body) is body:
            # Nearly always.
            return lines
        begun = lines[:1] if continued else []
        return begun + [line and (last_shown(line) or b" ") for line in lines[len(begun) :]]

    def _levels(
        self, lines: list[bytes], clean: list[bytes], *, continued: bool, unfinished: bool
    ) -> tuple[list[int], list[Record | None]]:
        """Return the severity of each of LINES, which are CLEAN as a terminal shows them, and its
        record; no records if none is structured. An empty one has the severity of the line before.
        """
        level = self._severities.level
        fresh = [line for line in clean[continued:] if line]
        routed, found = self._reader.route(b"\n".join(fresh), fresh, unfinished=unfinished)
        if found and clean is not lines:
            came = [line for line in lines[continued:] if line]
            for record, line in zip(found, came, strict=False):
                if record:
                    record.came_as(line)
        if len(fresh) == len(lines):
            # Nearly always.
            return routed, found or []
        known = iter(zip(routed, found or [None] * len(fresh), strict=True))
        levels: list[int] = []
        records: list[Record | None] = []
        for at, line in enumerate(lines):
            record = None
            if line and (at or not continued):
                level, record = next(known)
            levels.append(level)
            records.append(record)
        return levels, records

    def _stamped(self, found: list[Record], *, continued: bool) -> list[bytes]:
        if not self._label:
            return [record.line for record in found]
        label = self._label()
        texts = [label + record.line.replace(b"\n", b"\n" + label) for record in found]
        if continued:
            texts[0] = texts[0][len(label) :]
        return texts

    def _objects(self, found: list[Record]) -> list[bytes]:
        given = self._given()
        return [emit.line(record, given) for record in found]

    @staticmethod
    def _given() -> dict[str, str]:
        """Return what each object begins with."""
        return {"time": utc().decode().rstrip()}

    def _dress(self, text: bytes) -> bytes:
        """Return TEXT, which is ours, as a line of the log."""
        record = Record(WARNING, text, {}, text)
        [made] = self._objects([record]) if self._json else self._stamped([record], continued=False)
        return made

    def due(self) -> float | None:
        """Return in how many seconds there is something to tell of lines that were left out."""
        dues = [limit.due() for one in self._choices for limit in one.limits]
        return min((due for due in dues if due is not None), default=None)

    def notices(self, *, ending: bool) -> Batch | None:
        """Return how many lines were left out."""
        if not (ending or self.due() == 0):
            return None
        batch = RecordBatch([], [], [], self._dress)
        given = [one.tell(batch, ending=ending) for one in self._choices]
        return batch if any(given) else None


def _factor(body: bytes) -> int:
    """Return how many times as long as JSON a byte of BODY may be, beside what each object has."""
    if not body.isascii() or body.translate(None, PRINTED):
        return FACTOR
    plain = 2 if b'"' in body or b"\\" in body else 1
    told = 1
    if b"=" in body:
        # In logfmt there are no quotes around a name.
        told = plain * LOGFMT
    # A number as 1e9 JSON writes in more bytes.
    if b"{" in body and b"0e0" in body.translate(EXPONENTS):
        return FACTOR
    # Text is there twice if it is an exception's, beside what it may say as a structured line.
    return min(FACTOR, 2 * plain + told)


def _closely(line: bytes, *, alone: bool) -> int:
    """Return how many bytes LINE is as JSON at the most, as text or as what it says."""
    from .parse import parse

    given = {"time": ""}
    plain = len(emit.line(Record(WARNING, line, {}, line), given))
    if record := parse(line):
        record.level = WARNING
    found = len(emit.line(record, given)) if record else 0
    # Among others it may be the message as well, and an exception's.
    return OBJECT + (max(plain, found) if alone else 2 * plain + found)
