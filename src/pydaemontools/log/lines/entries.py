"""What a batch is to a place that has more than lines: its records, their fields, as JSON.

A line that continues a record is part of it here, and a piece that goes on with what came
before begins with +, as in pieces.py.
"""

from . import emit
from .formats import FACILITIES, stamp_5424
from .record import Record
from .records import fold
from .shown import coloured
from .utf8 import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .batch import Batch
    from .formats import Origin
    from .json_objects import JsonObjects

SMALLEST = 64  # bytes of a text that is not cut any more, however small the room


def entries(batch: "Batch") -> list[Record]:
    """The records that BATCH is. Each has a level."""
    lines, continued = batch.heads or batch.lines, batch.continued
    found = fold(
        lines,
        batch.levels,
        batch.records,
        continued=continued,
        strip=batch.heads is not None,
        stripped=batch.lines if batch.heads else None,
    )
    if batch.kept:
        _recolour(found, batch, batch.kept)
    if continued:
        first = found[0]
        first.message, first.line = b"+" + first.message, b"+" + first.line
        # Nothing may be left of a line that goes on.
        return found[first.message == b"+" :]
    return found


def _recolour(found: list[Record], batch: "Batch", kept: list[bytes]) -> None:
    """Give the messages of what was FOUND in BATCH the escape sequences that its lines have."""
    whole = batch.heads or batch.lines
    begin = 0
    for record in found:
        end = begin + record.line.count(b"\n") + 1
        # What a structured line says stands in none of its lines.
        if not (batch.records and any(batch.records[begin:end])):
            texts = record.message.split(b"\n")
            record.message = b"\n".join(map(coloured, kept[begin:end], whole[begin:end], texts))
        begin = end


def objects(batch: "Batch", origin: "Origin", nanoseconds: int, room: int) -> list[bytes]:
    """BATCH at that time as JSON, an object a record, in at most ROOM bytes each.

    A record that needs more is cut, as the text that it came in.
    """
    texts = object_texts(batch, origin, nanoseconds, room)
    return [one for text in texts for one in text.split(b"\n")]


def object_texts(
    batch: "Batch", origin: "Origin", nanoseconds: int, room: int
) -> "Iterator[bytes]":
    """The same, with a newline between two objects, in pieces."""
    facility = next(name for name, number in FACILITIES.items() if number == origin.facility)
    given: dict[str, object] = {
        "time": stamp_5424(nanoseconds).decode(),
        "facility": facility.decode(),
        "host": emit.text(origin.host),
        "ident": emit.text(origin.ident),
    }
    if origin.pid is not None:
        given["pid"] = origin.pid
    from .json_objects import BYTES, JsonObjects

    form = JsonObjects(given, origin.fields)
    if not batch.alone:
        for record in entries(batch):
            yield _object(record, form, room)
        return
    from .lone import by_themselves, parts

    for part in parts(batch.lines, batch.levels, batch.records, batch.alone):
        if isinstance(part, Record):
            yield _object(part, form, room)
            continue
        some = slice(*part)
        levels, lines = batch.levels[some], batch.lines[some]
        found = batch.records[some] if batch.records else None
        if not (found and any(found)) and form.most(lines) <= room:
            yield form.of(levels, lines)
            continue
        records = list(by_themselves(lines, levels, found))
        texts = form.records(records)
        if BYTES * max(map(len, texts)) <= room:
            yield "\n".join(texts).encode("utf-8", "replace")
        else:
            yield from (_object(record, form, room) for record in records)


def _object(record: Record, form: "JsonObjects", room: int) -> bytes:
    """RECORD as an object; in more than one, with newlines between, if it has no ROOM."""
    one = form.record(record).encode("utf-8", "replace")
    return one if len(one) <= room else b"\n".join(_cut(record.line, record.level, form, room))


def _cut(text: bytes, level: int | None, form: "JsonObjects", room: int) -> list[bytes]:
    """TEXT as objects that have room, if there is anything but text in them."""
    one = form.record(Record(level, text, {}, text)).encode("utf-8", "replace")
    if len(one) <= room or len(text) <= SMALLEST:
        return [one]
    first, *rest = split(text, len(text) // 2 + 1)
    pieces = [first, *(b"+" + piece for piece in rest)]
    return [made for piece in pieces for made in _cut(piece, level, form, room)]
