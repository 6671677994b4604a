"""What is made of the bytes that come in, before any place gets them."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .batch import Batch


class Transform:
    """Lines as they are; a subclass makes more of them."""

    state = 0  # what a successor in the middle of the stream has to know; 0 at the start

    def growth(self) -> tuple[int, int, int]:
        """How much longer text is in a log: bytes before each line, as how many each of its own
        is there, and bytes besides in each batch. At the most.
        """
        return 0, 1, 0

    def closely(self, body: bytes) -> int | None:  # noqa: ARG002
        """How many bytes the lines of BODY are in a log, where that may be much less."""
        return None

    def batch(self, body: bytes, *, continued: bool, unfinished: bool) -> "Batch":
        """The batch that BODY is: whole lines, but for the first and the last as it says."""
        raise NotImplementedError

    def whole(self, block: bytes) -> int:
        """How many bytes of BLOCK, which is whole lines, may be passed on before more comes."""
        return len(block)

    def due(self) -> float | None:
        """In how many seconds there will be something to say that nobody printed, if ever."""
        return None

    def said(self, *, ending: bool) -> "Batch | None":  # noqa: ARG002
        """What there is to say now, or at the END, that nobody printed."""
        return None
