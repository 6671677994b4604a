"""What is made of the bytes that come in, before any sink gets them."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .batch import Batch


class Transform:
    """Makes batches of blocks; a subclass says how."""

    speaks = False  # whether there may be notices
    by_records = False  # whether lines that belong together are to come in one block
    block = 0  # bytes that are best looked at together, where that is more than usual
    state = 0  # what a successor in the middle of the stream has to know; 0 at the start

    def growth(self) -> tuple[int, int, int]:
        """Return how much longer text is in a log: bytes before each line, as how many each of
        its own is there, and bytes besides in each batch. At the most.
        """
        return 0, 1, 0

    def growth_of(self, body: bytes) -> tuple[int, int, int]:  # noqa: ARG002
        """Return how much longer BODY is in a log, and each beginning of it: as growth(), or less,
        if that is seen without a look at each line.
        """
        return self.growth()

    def closely(self, body: bytes) -> int | None:  # noqa: ARG002
        """Return how many bytes the lines of BODY are in a log, where that may be much less."""
        return None

    def exactly(self, body: bytes) -> int | None:  # noqa: ARG002
        """Return how many bytes BODY is in a log, if to make that is as cheap as to reckon it."""
        return None

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> "Batch":
        """Return the batch that BODY is: whole lines, but for a first that is CONTINUED and a last
        that is UNFINISHED. A last line that lacks its end, and is not UNFINISHED, is ended.
        """
        raise NotImplementedError

    def known(self, block: bytes) -> "Batch | None":  # noqa: ARG002
        """Return the batch that BLOCK is, whole lines, if that is known without a look at how they
        belong together.
        """
        return None

    def whole_records(self, block: bytes) -> int:
        """Return how many bytes of BLOCK, of whole lines, are whole records."""
        raise NotImplementedError

    def due(self) -> float | None:
        """Return in how many seconds there will be notices, if ever."""
        return None

    def notices(self, *, ending: bool) -> "Batch | None":  # noqa: ARG002
        """Return what there is to say now, or at the END, that nobody printed."""
        return None
