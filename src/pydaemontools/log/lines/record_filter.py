"""Which records go where: by pattern, by level, and not one too many."""

from itertools import compress

from .batch import Batch
from .levels import DEBUG
from .record import Record
from .repeat_limit import RepeatLimit
from .selection import BatchFilter
from .shown import last_shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .selection import Selection


class RecordBatch(Batch):
    """The records FOUND; their TEXTS are the lines of it. A pattern sees the lines in SEEN.

    With REST the first one goes on with what came before. DRESS makes a text of what we have
    to say ourselves.
    """

    __slots__ = ("dress", "found", "rest", "seen")

    def __init__(
        self,
        found: list[Record],
        texts: list[bytes],
        seen: list[bytes],
        dress: "Callable[[bytes], bytes]",
        *,
        rest: bool = False,
        continued: bool = False,
        unfinished: bool = False,
    ) -> None:
        super().__init__([], texts, continued=continued, unfinished=unfinished)
        self.found = found
        self.seen = seen
        self.dress = dress
        self.rest = rest


class LevelBatch(Batch):
    """Lines with their levels; FOLDED gives the records that they are to whom that matters."""

    __slots__ = ("_folded",)

    def __init__(
        self,
        levels: list[int],
        lines: list[bytes] | None,
        folded: "Callable[[], list[Record]]",
        *,
        text: bytes | None = None,
        continued: bool = False,
        unfinished: bool = False,
    ) -> None:
        super().__init__(levels, lines, text=text, continued=continued, unfinished=unfinished)
        self._folded = folded

    @property
    def found(self) -> list[Record]:
        """The records."""
        return self._folded()


class RecordFilter(BatchFilter):
    """What of a stream of records is wanted: what SELECTION selects, if it is at least as
    important as the severity LEAST, and not one too many for any of LIMITS.
    """

    def __init__(self, selection: "Selection", least: int, limits: list[RepeatLimit]) -> None:
        self.limits = limits
        self.begun = False  # whether there was a record before
        self._selection = selection
        self._least = least

    def choose(self, batch: Batch) -> Batch:
        """What of BATCH, which is Records, or lines with their levels, is wanted."""
        if batch.levels:
            return self._by_level(batch)
        assert isinstance(batch, RecordBatch)  # noqa: S101 - for the type checker
        chosen: list[bytes] = []
        first = False
        for at, record in enumerate(batch.found):
            if at == batch.rest:
                chosen += self._next_notices(batch)
            if at >= batch.rest:
                # A record may have been cut in two: this, or an empty line, is the rest.
                if not self.begun or not is_rest(record.line):
                    self.goes_on = self._wants(record, batch.seen[at])
                self.begun = True
            if self.goes_on:
                first = first or not at
                chosen.append(batch.lines[at])
        return Batch(
            [],
            chosen,
            continued=batch.continued and first,
            unfinished=batch.unfinished and self.goes_on,
        )

    @property
    def level_alone(self) -> bool:
        """Whether nothing but its level decides whether a record is wanted."""
        return not self.limits and self._selection.everything

    def _by_level(self, batch: Batch) -> Batch:
        """What lines of BATCH are wanted, where the lines of a record have its level."""
        self.begun = True
        if self._least == DEBUG:
            self.goes_on = True
            return batch
        keep = [level <= self._least for level in batch.levels]
        if batch.continued:
            keep[0] = self.goes_on
        self.goes_on = keep[-1]
        return Batch(
            [],
            list(compress(batch.lines, keep)),
            continued=batch.continued and keep[0],
            unfinished=batch.unfinished and keep[-1],
        )

    def tell(self, batch: RecordBatch, *, ending: bool) -> bool:
        """Have as our part of BATCH what there is to tell, now or at the END; whether it is any."""
        texts: list[bytes] = []
        while more := self._next_notices(batch, ending=ending):
            texts += more
        self._batch, self._part = batch, Batch([], texts)
        return bool(texts)

    def _next_notices(self, batch: RecordBatch, *, ending: bool = False) -> list[bytes]:
        """One thing for each limit, at the most: that is what is reckoned with for a batch."""
        found = [limit.next_notice(ending=ending) for limit in self.limits]
        return [batch.dress(text) for text in found if text]

    def _wants(self, record: Record, seen: bytes) -> bool:
        if record.level is not None and record.level > self._least:
            return False
        if not self._selection.selects(seen):
            return False
        return all(limit.passes(record.line.partition(b"\n")[0]) for limit in self.limits)


def is_rest(text: bytes) -> bool:
    """Whether TEXT of a record goes on with the one before: as a terminal shows it."""
    if text[:1] not in b" \t":
        return False
    return last_shown(text.partition(b"\n")[0])[:1] in b" \t"
