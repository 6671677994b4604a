"""pymultilog by blocks: lines as they are, with a time before each, and nobody looks at one."""

from .batch import Batch, StampedBatch, labelled
from .stamps import KINDS
from .transform import Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .actions import Actions
    from .batch import Buffer


class BlockTransform(Transform):
    """Makes batches of text as it is, each line with a time before it if the SCRIPT says so."""

    # What a block costs beside its lines is a tenth of all then; twice as much leaves the cache.
    block = 1 << 19

    def __init__(self, script: "Actions") -> None:
        self._label: Callable[[], bytes] | None
        self._label, self._length = KINDS.get(script.stamp, (None, 0))
        self._selections = script.selections
        # A selection of everything has nothing to see or to remember.
        every = enumerate(script.selections)
        self._choosing = [(at, one) for at, one in every if not one.everything]
        self._made: tuple[bytes, tuple[Buffer, ...]] | None = None  # a body, and that with labels

    def growth(self) -> tuple[int, int, int]:
        """Return the length of the label before each line, and that this is all."""
        return self._length, 1, 0

    @property
    def going_on(self) -> int:
        """Which selections have a line that has not ended."""
        state = 0
        for at, one in self._choosing:
            state |= one.goes_on << at
        return state

    @going_on.setter
    def going_on(self, state: int) -> None:
        for at, one in self._choosing:
            one.goes_on = bool(state >> at & 1)

    state = going_on

    def exactly(self, body: bytes) -> int | None:
        """Return how many bytes BODY is in a log: what it is there is made, and kept."""
        if not self._label or body[-1:] != b"\n":
            return None
        pieces = labelled(body, self._label(), continued=False)
        self._made = body, pieces
        return sum(map(len, pieces))

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> Batch:
        """Return the lines of BODY; one that will not be ended is ended."""
        if not unfinished and body[-1:] != b"\n":
            body += b"\n"
        if self._label:
            pieces = self._with_labels(body, continued=continued)
            batch: Batch = StampedBatch(pieces, continued=continued, unfinished=unfinished)
        else:
            batch = Batch([], text=body, continued=continued, unfinished=unfinished)
        for _, one in self._choosing:
            # Before it is noted what a successor has to know.
            one.of(batch)
        return batch

    def _with_labels(self, body: bytes, *, continued: bool) -> "tuple[Buffer, ...]":
        """BODY with a label before each line that begins in it, as it was made if it was."""
        made, self._made = self._made, None
        if made and made[0] is body:
            return made[1][continued:]
        assert self._label  # noqa: S101 - for the type checker
        return labelled(body, self._label(), continued=continued)
