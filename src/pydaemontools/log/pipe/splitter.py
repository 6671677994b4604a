"""What of a block has room in one file of each log, and how much it will be there at the most.

A note promises that no more is written for a block than it says, so that whoever comes after a
kill knows what to cut off. That has to be known before the block is made into what is written.
"""

from ..lines.utf8 import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class JoinedLog(Protocol):
        """What a note is kept for: a log directory, or a spool."""

        due: bool  # whether the next file has to be begun before the next write
        noted: bool  # whether a note says how far it is

        def room(self) -> int:
            """How many bytes its file may still get."""

        def largest(self) -> int:
            """How many bytes a file gets."""

        def fresh(self) -> bool:
            """Whether its file is empty, so that another one has no more room."""

        def position(self) -> tuple[int, int]:
            """Which file is written, by its inode, and where it ends; 0 and 0 if there is none."""


NO_END = 1 << 60  # bytes of room, where no file is known


def cost(body: bytes, label: int, factor: int = 1, besides: int = 0) -> int:
    """How many bytes the lines of BODY are in a log directory, with LABEL bytes before each."""
    if not label:
        return factor * len(body) + 1 + besides
    # To replace them is a good deal faster than to count them.
    newlines = len(body) - len(body.replace(b"\n", b""))
    return factor * len(body) + label * (newlines + (body[-1:] != b"\n")) + 1 + besides


def cut(body: bytes, room: int, label: int, factor: int = 1, besides: int = 0) -> tuple[bytes, int]:
    """Whole lines from the beginning of BODY that have room in ROOM bytes; what they cost."""
    if (most := len(body) * (factor + label) + label + 1 + besides) <= room:
        # Even if it were nothing but ends of lines: there is no need to count them.
        return body, most
    while body and (needed := cost(body, label, factor, besides)) > room:
        body = body[: body.rfind(b"\n", 0, len(body) * max(0, room) // needed) + 1]
    return body, needed if body else 0


class BlockSplitter:
    """Cuts blocks for its `logs`. LABEL, FACTOR and BESIDES say by how much text is longer there
    (form.py), and CLOSELY how long one gets where that is much less. With WHOLE_RECORDS a record
    of several lines is in one file.
    """

    def __init__(
        self,
        label: int,
        factor: int = 1,
        besides: int = 0,
        *,
        closely: "Callable[[bytes], int | None] | None" = None,
        whole_records: bool = False,
    ) -> None:
        self.logs: list[JoinedLog] = []
        self.cost = 0  # bytes of what was found to fit, at the most
        self.least = cost(b"", label, factor, besides)  # bytes of no line at all
        self._growth = label, factor, besides
        self._closely = closely
        self._whole_records = whole_records

    def of(self, block: bytes, start: int) -> bytes:
        """What of BLOCK, from START on, has room in one file of each directory.

        Nothing if one has to go on with its next file first; that file is then due.
        """
        room = min((log.room() for log in self.logs), default=NO_END)
        body = block[start : start + room]
        if start + room < len(block):
            body = body[: body.rfind(b"\n") + 1]
        body, self.cost = cut(body, room, *self._growth)
        if not self._whole_records or start + len(body) == len(block):
            return body or self._fit_line(block, start, room)
        return self._fit_records(block, start, body, room)

    def _fit_records(self, block: bytes, start: int, body: bytes, room: int) -> bytes:
        """BODY, which has room, less the record that would be cut in two at its end."""
        from ..lines.records import border, record_end

        whole = body[: border(block, start, start + len(body)) - start]
        if whole:
            return whole
        record = block[start : record_end(block, start)]
        needed = self._needed(record, room)
        if needed <= room:
            self.cost = needed
            return record
        if self._turn(needed):
            return b""
        # It is larger than a file.
        return body or self._fit_line(block, start, room)

    def _fit_line(self, block: bytes, start: int, room: int) -> bytes:
        """The same where there is no room for even one line, or for one of unknown length."""
        line = block[start : block.find(b"\n", start) + 1] or block[start:]
        self.cost = needed = self._needed(line, room)
        if needed <= room:
            return line
        if self._turn(needed):
            return b""
        piece = max(1, (room - self.least) // self._growth[1])
        line = line[: boundary(line, piece)]
        self.cost = cost(line, *self._growth)
        return line

    def _needed(self, text: bytes, room: int) -> int:
        """How many bytes TEXT needs, looked at closely if that is what gives it ROOM."""
        needed = cost(text, *self._growth)
        if needed > room >= len(text) and self._closely and (length := self._closely(text)):
            return min(needed, length + self._growth[2])
        return needed

    def _turn(self, needed: int) -> bool:
        """Have a new file wherever there is no room for what is NEEDED; whether there can be.

        What no new file of some log has room for is cut to have it there, and needs no more.
        """
        sizes = [log.room() if log.fresh() else log.largest() for log in self.logs]
        needed = min([needed, *sizes])
        small = [log for log in self.logs if log.room() < needed and not log.fresh()]
        for log in small:
            log.due = True
        return bool(small)
