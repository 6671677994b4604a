"""What stands where a file stood that is still written to: a copy of it, as sed -i leaves one.

The copy is what the file was a while ago, changed here and there. What was written since is known
by what comes before it in both: as much of the end of the copy as is in the file, or, if that was
changed, of the beginning of its last line.
"""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 1 << 20  # bytes that are read at once
TAIL = 4096  # bytes of the end that are looked for, at the most
SURE = 8  # and at the least: fewer may be there by chance


def lacking(copy: int, original: int, end: int) -> int | None:
    """Return from where on ORIGINAL, up to END, is not in its COPY; None if that is no copy."""
    size = posix.fstat(copy).st_size
    if 0 < size <= end and _same(copy, original, size):
        return size
    tail = posix.pread(copy, TAIL, max(0, size - TAIL))
    line = b"\n" + tail[tail.rfind(b"\n", 0, -1) + 1 :]
    at = _known(original, end, lambda count: tail[len(tail) - count :], len(tail))
    if at is None:
        at = _known(original, end, lambda count: line[:count], len(line))
        # The rest of that line was there in other words.
        rest = posix.pread(original, PIECE, at) if at else b""
        at = at and at + rest.find(b"\n") + 1
    return at


def _same(copy: int, original: int, size: int) -> bool:
    """Return whether both begin with the same SIZE bytes."""
    for at in range(0, size, PIECE):
        count = min(PIECE, size - at)
        if posix.pread(copy, count, at) != posix.pread(original, count, at):
            return False
    return True


def _known(original: int, end: int, part: "Callable[[int], bytes]", most: int) -> int | None:
    """Return where the longest PART, of MOST bytes or fewer, ends in ORIGINAL, up to END; None if
    it is there more than once, or too short to tell.
    """
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        if _ends(original, end, part(middle)):
            least = middle
        else:
            most = middle - 1
    ends = _ends(original, end, part(least)) if least >= SURE else []
    return ends[0] if len(ends) == 1 else None


def _ends(original: int, end: int, part: bytes) -> list[int]:
    """Return where PART ends in ORIGINAL, up to END: the first two times."""
    ends: list[int] = []
    at, data = 0, b""
    while at < end and (piece := posix.pread(original, min(PIECE, end - at), at)):
        # Not what was found already.
        data = data[max(0, len(data) - len(part) + 1) :] + piece
        at += len(piece)
        found = data.find(part)
        while found >= 0 and len(ends) < 2:
            ends.append(at - len(data) + found + len(part))
            found = data.find(part, found + 1)
        if len(ends) == 2:
            break
    return ends
