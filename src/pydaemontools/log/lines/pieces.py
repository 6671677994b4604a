"""Lines that are too long for one message are cut, and so is one that comes in pieces."""

from .utf8 import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .batch import Batch

SMALLEST = 64  # bytes of a text that is not cut any more, however little a socket takes
LEAST = 1000  # bytes of a line in each message, at the least, however long its head is


def fitted(batch: "Batch", room: int) -> tuple[list[int], list[bytes]]:
    """The levels and lines of BATCH, with none of them longer than ROOM bytes.

    A piece that goes on with what came before begins with +.
    """
    lines = batch.lines
    longest = len(lines[0]) if len(lines) == 1 else max(map(len, lines), default=0)
    if longest <= room and not batch.continued:
        return batch.levels, lines
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


def with_data(
    batch: "Batch", plain: bytes, added: "Mapping[str, str]", room: int
) -> tuple[list[int], list[bytes]]:
    """The levels and lines of BATCH with structured data before each, in at most ROOM bytes.

    PLAIN is what stands before a line without fields of its own; ADDED what is added to those.
    """
    found = list(_with_data(batch, plain, added, room))
    return [level for level, _ in found], [text for _, text in found]


def _with_data(
    batch: "Batch", plain: bytes, added: "Mapping[str, str]", room: int
) -> "Iterator[tuple[int, bytes]]":
    from .emit import element, merged, one_line

    plus = b"+" if batch.continued else b""
    for level, line, record in zip(batch.levels, batch.lines, batch.records or (), strict=True):
        data, text = plain, line
        if record:
            data = element(merged(record.fields, added)) + b" "
            text = one_line(record.message)
        # Nothing may be left of a line that goes on.
        for piece in split(text, max(room - 1 - len(data), LEAST)) if text or not plus else []:
            yield level, data + plus + piece
            data, plus = plain, b"+"
        plus = b""


def halves(head: bytes, text: bytes, others: bytes) -> list[bytes] | None:
    """TEXT in two messages, the first half behind HEAD, the second behind OTHERS.

    None if it is too short for that.
    """
    if len(text) <= SMALLEST:
        return None
    first, *rest = split(text, len(text) // 2 + 1)
    return [head + first, *(others + b"+" + piece for piece in rest)]


def behind_data(text: bytes) -> int:
    """Where in TEXT, at whose head structured data stand and a blank, the rest begins."""
    if text[:1] != b"[":
        return 2
    # A bracket that is still there is no part of a value.
    plain = text.replace(rb"\\", b"__").replace(rb"\]", b"__")
    return plain.index(b"]") + 2
