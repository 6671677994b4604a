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
    from collections.abc import Mapping

    from .batch import Batch
    from .formats import Origin

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
    facility = next(name for name, number in FACILITIES.items() if number == origin.facility)
    given: dict[str, object] = {
        "time": stamp_5424(nanoseconds).decode(),
        "facility": facility.decode(),
        "host": emit.text(origin.host),
        "ident": emit.text(origin.ident),
    }
    if origin.pid is not None:
        given["pid"] = origin.pid
    made = []
    for record in entries(batch):
        one = emit.line(record, given, origin.fields)
        if len(one) <= room:
            made.append(one)
        else:
            made += _cut(record.line, record.level, given, origin.fields, room)
    return made


def _cut(
    text: bytes,
    level: int | None,
    given: "Mapping[str, object]",
    added: "Mapping[str, str]",
    room: int,
) -> list[bytes]:
    """TEXT as objects that have room, if there is anything but text in them."""
    one = emit.line(Record(level, text, {}, text), given, added)
    if len(one) <= room or len(text) <= SMALLEST:
        return [one]
    first, *rest = split(text, len(text) // 2 + 1)
    pieces = [first, *(b"+" + piece for piece in rest)]
    return [made for piece in pieces for made in _cut(piece, level, given, added, room)]
