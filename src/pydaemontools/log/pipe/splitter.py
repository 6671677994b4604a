"""What of a block has room in one file of each log, and how large it will be there at the most.

An intent promises that no more is written for a block than it says. So that has to be known before
the block is made into what is written.
"""

from ..lines.utf8 import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class JoinedLog(Protocol):
        """What intents are kept for: a log directory, or a spool."""

        due: bool  # whether the next file has to be begun before the next write
        joined: bool  # whether an intent says how far it is

        @property
        def most_lines(self) -> int:
            """How many lines a part may have, if their records are no longer."""

        def room(self) -> int:
            """Return how many bytes its file may still get."""

        def largest(self) -> int:
            """Return how many bytes a file gets."""

        def fresh(self) -> bool:
            """Return whether its file is empty, so that another one has no more room."""

        def position(self) -> tuple[int, int]:
            """Return the inode of the file that is written, and its end; 0 and 0 if none is."""


NO_END = 1 << 60  # bytes of room, where no file is known


def size_in_log(body: bytes, label: int, factor: int = 1, besides: int = 0) -> int:
    """Return how many bytes BODY is in a log at the most, with LABEL bytes before each line."""
    if not label:
        return factor * len(body) + 1 + besides
    # To replace them is a good deal faster than to count them.
    newlines = len(body) - len(body.replace(b"\n", b""))
    return factor * len(body) + label * (newlines + (body[-1:] != b"\n")) + 1 + besides


def fit(
    body: bytes,
    room: int,
    label: int,
    factor: int = 1,
    besides: int = 0,
    *,
    exactly: "Callable[[bytes], int | None] | None" = None,
) -> tuple[bytes, int]:
    """Return the first lines of BODY that have room in ROOM bytes, and their size there: EXACTLY
    says it where most have room.
    """
    if (most := len(body) * (factor + label) + label + 1 + besides) <= room:
        # Even if it were nothing but ends of lines: there is no need to count them.
        return body, most
    if exactly and 2 * len(body) <= room and (size := exactly(body)) and size <= room:
        return body, size
    while body and (needed := size_in_log(body, label, factor, besides)) > room:
        body = body[: body.rfind(b"\n", 0, len(body) * max(0, room) // needed) + 1]
    return body, needed if body else 0


def first_lines(text: bytes, count: int) -> bytes:
    """Return the first COUNT lines of TEXT."""
    end = 0
    for _ in range(count):
        end = text.find(b"\n", end) + 1
        if not end:
            return text
    return text[:end]


class BlockSplitter:
    """Cuts blocks into parts for its `logs`. LABEL, FACTOR and BESIDES say by how much text is
    longer there (transform.py), GROWTH_OF by how much some text is, if that may be less, and
    CLOSELY how long one gets where that is much less; EXACTLY says how long a part gets where it
    is as well made as counted. With WHOLE_RECORDS a record of several lines is in one file.
    """

    __slots__ = (
        "_closely",
        "_exactly",
        "_growth",
        "_growth_of",
        "_whole_records",
        "logs",
        "overhead",
        "part_size",
    )

    def __init__(
        self,
        label: int,
        factor: int = 1,
        besides: int = 0,
        *,
        growth_of: "Callable[[bytes], tuple[int, int, int]] | None" = None,
        closely: "Callable[[bytes], int | None] | None" = None,
        exactly: "Callable[[bytes], int | None] | None" = None,
        whole_records: bool = False,
    ) -> None:
        self.logs: list[JoinedLog] = []
        self.part_size = 0  # bytes of the last part in a log, at the most
        self.overhead = size_in_log(b"", label, factor, besides)  # bytes of no line at all
        self._growth = label, factor, besides
        self._growth_of = growth_of
        self._closely = closely
        self._exactly = exactly
        self._whole_records = whole_records

    def next_part(self, block: bytes, start: int) -> bytes:
        """Return what of BLOCK, from START on, has room in one file of each log.

        Nothing if one has to go on with its next file first; that file is then due.
        """
        if len(self.logs) == 1:
            [log] = self.logs
            room, most = log.room(), log.most_lines
            if not (start or self._growth_of) and len(block) <= most:
                label, factor, besides = self._growth
                self.part_size = len(block) * (factor + label) + label + 1 + besides
                if self.part_size <= room:
                    # As what is little nearly always has: see fit().
                    return block
        else:
            room = min([log.room() for log in self.logs], default=NO_END)
            most = min([log.most_lines for log in self.logs], default=NO_END)
        part = block[start : start + room]
        if start + room < len(block):
            part = part[: part.rfind(b"\n") + 1]
        if most < len(part):
            part = first_lines(part, most)
        growth = self._growth_of(part) if self._growth_of else self._growth
        part, self.part_size = fit(part, room, *growth, exactly=self._exactly)
        if not self._whole_records or start + len(part) == len(block):
            return part or self._fit_line(block, start, room)
        return self._fit_records(block, start, part, room)

    def _fit_records(self, block: bytes, start: int, part: bytes, room: int) -> bytes:
        """Return PART, which has room, less the record that would be cut in two at its end."""
        from ..lines.borders import border, record_end

        if records := part[: border(block, start, start + len(part)) - start]:
            return records
        record = block[start : record_end(block, start)]
        needed = self._needed(record, room)
        if needed <= room:
            self.part_size = needed
            return record
        if self._turn(needed):
            return b""
        # It is larger than a file.
        return part or self._fit_line(block, start, room)

    def _fit_line(self, block: bytes, start: int, room: int) -> bytes:
        """Return the line at START, or what of it has room, where not even one line is known to."""
        line = block[start : block.find(b"\n", start) + 1] or block[start:]
        self.part_size = needed = self._needed(line, room)
        if needed <= room:
            return line
        if self._turn(needed):
            return b""
        piece = max(1, (room - self.overhead) // self._growth[1])
        line = line[: boundary(line, piece)]
        self.part_size = size_in_log(line, *self._growth)
        return line

    def _needed(self, text: bytes, room: int) -> int:
        """Return how many bytes TEXT needs, looked at closely if that is what gives it ROOM."""
        needed = size_in_log(text, *self._growth)
        if needed > room >= len(text) and self._closely and (length := self._closely(text)):
            return min(needed, length + self._growth[2])
        return needed

    def _turn(self, needed: int) -> bool:
        """Have a new file due wherever there is no room for what is NEEDED; return whether any is.

        What no new file of some log has room for is cut to have it there, and needs no more.
        """
        sizes = [log.room() if log.fresh() else log.largest() for log in self.logs]
        needed = min([needed, *sizes])
        small = [log for log in self.logs if log.room() < needed and not log.fresh()]
        for log in small:
            log.due = True
        return bool(small)
