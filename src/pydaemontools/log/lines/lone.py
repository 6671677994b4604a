"""Which lines of a block are a record each, without a look at any: nearly all are.

Of a line that begins as a reader of severities remembers it (beginnings.py) nothing goes on with
the record before, and it begins none that goes on. What may still join lines is rare enough to be
looked for in the whole block: a traceback, what stands further in, and a head with nothing behind.
"""

import re
from itertools import repeat

from .by_itself import HEADED, WITHIN
from .level_regex import LevelRegex
from .open_record import OpenRecord
from .record import Record
from .sources import source_places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Parts = Iterator[tuple[int, int] | Record]

FEW = 2  # one in so many lines, as a shift: if more may belong to others, all are looked at


def runs(
    known: LevelRegex, text: bytes, records: "Sequence[Record | None] | None" = None
) -> list[tuple[int, int]]:
    """Where in the lines of TEXT there are lines that are a record each, by what is KNOWN: their
    first ones, and their ends. Those that have one of RECORDS are.
    """
    if records and None not in records:
        return [(0, len(records))]
    block = b"\n" + text
    places = known.unknown(text)
    for one in WITHIN:
        if one in block:
            places += [found.start() - 1 for found in re.finditer(re.escape(one), block)]
    places += [found.start() for found in re.finditer(HEADED, block)] + source_places(block)
    lines = _numbers(block, sorted(places), records)
    total = len(records) if records else block.count(b"\n") - 1
    known.learn(missed=bool(lines))
    if len(lines) > total >> FEW:
        return []
    edges = zip([-1, *lines], [*lines, total], strict=True)
    return [(before + 1, end) for before, end in edges if before + 1 < end]


def _numbers(
    block: bytes, places: list[int], records: "Sequence[Record | None] | None"
) -> list[int]:
    """The numbers of the lines that PLACES in BLOCK are of, but for those that are RECORDS."""
    numbers: list[int] = []
    number, last = -1, 0
    for place in places:
        number += block.count(b"\n", last, place + 1)
        last = place + 1
        if not (records and records[number]) and number != (numbers or [-1])[-1]:
            numbers.append(number)
    return numbers


def parts(
    lines: "Sequence[bytes]",
    levels: "Sequence[int]",
    records: "Sequence[Record | None] | None",
    alone: list[tuple[int, int]],
) -> "Parts":
    """What LINES are, in their order: the first and the end of some that are a record each, as
    ALONE says; or the record that others are, by LEVELS and RECORDS (records.fold).
    """
    at, total = 0, len(lines)
    left = iter([*alone, (total, total)])
    start, end = next(left)
    while at < total:
        # Of the last one it is not known whether the next line goes on with it.
        stop = end - (end < total)
        if end <= at:
            start, end = next(left)
        elif start <= at < stop:
            yield at, stop
            at = stop
        else:
            opened = OpenRecord(
                lines[at], levels[at], records[at] if records else None, lines[at], headed=True
            )
            at += 1
            while (
                at < total
                and not (records and records[at])
                and opened.takes(lines[at], levels[at], lines[at])
            ):
                at += 1
            yield opened.record(strip=False)


def by_themselves(
    lines: "Sequence[bytes]", levels: "Sequence[int]", records: "Sequence[Record | None] | None"
) -> "Iterator[Record]":
    """LINES as records, each of which is one: its LEVEL if that is in no other place."""
    for line, level, record in zip(lines, levels, records or repeat(None), strict=False):
        if record is None:
            yield Record(level, line, {}, line)
        else:
            if record.level is None:
                record.level = level
            yield record
