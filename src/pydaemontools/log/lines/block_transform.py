"""pymultilog by blocks: lines as they are, with a time before each, and nobody looks at one."""

from .batch import Batch, stamped
from .stamps import KINDS
from .transform import Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .actions import Actions


class BlockTransform(Transform):
    """Makes batches of text as it is, each line with a time before it if the SCRIPT says so."""

    def __init__(self, script: "Actions") -> None:
        self._label: Callable[[], bytes] | None
        self._label, self._length = KINDS.get(script.stamp, (None, 0))
        self._selections = script.selections

    def growth(self) -> tuple[int, int, int]:
        """Return the length of the label before each line, and that this is all."""
        return self._length, 1, 0

    @property
    def going_on(self) -> int:
        """Which selections have a line that has not ended."""
        return sum(one.goes_on << at for at, one in enumerate(self._selections))

    @going_on.setter
    def going_on(self, state: int) -> None:
        for at, one in enumerate(self._selections):
            one.goes_on = bool(state >> at & 1)

    state = going_on

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> Batch:
        """Return the lines of BODY; one that will not be ended is ended."""
        if not unfinished and body[-1:] != b"\n":
            body += b"\n"
        batch = Batch([], text=body, continued=continued, unfinished=unfinished)
        if self._label:
            text = stamped(batch, self._label())
            batch = Batch([], text=text, continued=continued, unfinished=unfinished)
        for one in self._selections:
            # Before it is noted what a successor has to know.
            one.of(batch)
        return batch
