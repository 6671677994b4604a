"""Cuts blocks where svlogd begins its files: at the first line's end among the last bytes of one.

A line that is longer is cut where the file ends, as it is there.
"""

from .splitter import BlockSplitter, size_in_log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Size(Protocol):
        """How many bytes lines are in a log."""

        def rest(self, text: bytes) -> int:
            """How many bytes TEXT is there, the rest of a line."""

        def __call__(self, text: bytes) -> int:
            """How many bytes the whole lines of TEXT are there."""

    class LinedLog(Protocol):
        """A log whose files end at a line's end."""

        def left(self) -> int:
            """How many bytes its file gets until a line's end is the end of it."""

    class Lines(Protocol):
        """What knows of the line that a block ends in."""

        inside: bool  # whether the last block ended in one

        def follow(self, ahead: bytes) -> None:
            """Know what comes AHEAD of the next block, whose last line does not end there."""


class LineSplitter(BlockSplitter):
    """Cuts blocks for logs that have sizes of their own. Of a line that is cut, who looks at the
    MOST bytes at its beginning is told what follows.
    """

    def __init__(self, most: int) -> None:
        super().__init__(0)
        self._most = most
        self._lines: Lines | None = None
        self._sizes: list[tuple[LinedLog, Size]] = []

    def begin(
        self,
        growth: tuple[int, int, int],
        lines: "Lines",
        sizes: "list[tuple[LinedLog, Size]]",
    ) -> None:
        """Know how text grows, of what is in LINES, and the SIZES in each log."""
        self._growth = growth
        self.overhead = size_in_log(b"", *growth)
        self._lines, self._sizes = lines, sizes

    def next_part(self, block: bytes, start: int) -> bytes:
        """Return what of BLOCK, from START on, goes into one file of each log; or nothing if one
        has to go on with its next file first, which is then due.
        """
        part = super().next_part(block, start)
        if not part or not self._lines:
            return part
        inside = self._lines.inside
        for log, size in self._sizes:
            if self.part_size >= (left := log.left()):
                part = first_full(part, left, size, inside=inside)
        if part[-1:] != b"\n":
            end = start + len(part)
            self._lines.follow(block[end : end + self._most])
        return part

    def _fit_line(self, block: bytes, start: int, room: int) -> bytes:
        """Return the line at START, or what of it has room in the file: a byte at the least."""
        line = block[start : block.find(b"\n", start) + 1] or block[start:]
        inside = bool(self._lines and self._lines.inside)
        label, factor, besides = self._growth
        label = 0 if inside else label
        # Only what has no end gets one, at the end of all.
        end = line[-1:] != b"\n" or factor > 1
        self.part_size = needed = factor * len(line) + label + besides + end
        if needed <= room:
            return line
        piece = (room - label - besides - (factor > 1)) // factor
        if piece < 1 and self._turn(needed):
            return b""
        line = line[: max(1, piece)]
        self.part_size = factor * len(line) + label + besides + 1
        return line


def first_full(text: bytes, left: int, size: "Size", *, inside: bool) -> bytes:
    """Return the first lines of TEXT, up to the one with which it has LEFT bytes or more by SIZE;
    INSIDE: it begins within a line. All of it if there is none.
    """
    low = text.find(b"\n") + 1 if inside else 0
    high = text.rfind(b"\n") + 1
    if high < low or not high:
        return text
    if inside:
        rest = size.rest(text[:low])
        if rest and rest >= left:
            return text[:low]
        left -= rest
    # Of what is not selected nothing is written, and no file ends there.
    left = max(1, left)
    if size(text[low:high]) < left:
        return text
    while True:
        # Up to LOW it is less, up to HIGH it is not.
        half = (low + high) // 2
        middle = text.find(b"\n", half, high) + 1
        if not low < middle < high:
            middle = text.rfind(b"\n", low, half) + 1
            if not low < middle < high:
                return text[:high]
        here = size(text[low:middle])
        if here >= left:
            high = middle
        else:
            low, left = middle, left - here
