"""Lines that are too long for one message are cut, and so is one that comes in pieces."""

from .utf8 import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .batch import Batch

LEAST = 1000  # bytes of a line in each message, at the least, however long its head is


def fitted(batch: "Batch", room: int) -> tuple[list[int], list[bytes]]:
    """The levels and lines of BATCH, with none of them longer than ROOM bytes.

    A piece that goes on with what came before begins with +.
    """
    if not batch.continued and max(map(len, batch.lines), default=0) <= room:
        return batch.levels, batch.lines
    pieces = list(_pieces(batch, max(room - 1, LEAST)))
    return [level for level, _ in pieces], [piece for _, piece in pieces]


def _pieces(batch: "Batch", room: int) -> "Iterator[tuple[int, bytes]]":
    plus = b"+" if batch.continued else b""
    for level, line in zip(batch.levels, batch.lines, strict=True):
        # Nothing may be left of a line that goes on.
        for piece in split(line, room) if line or not plus else []:
            yield level, plus + piece
            plus = b"+"
        plus = b""
