"""Whether a line was passed on by another program (sources.py): for nearly all, no is said at once.

`re` comes with the first line that may have been.
"""

DEEP = 2  # so many sources may stand before one another
LONGEST = 140  # bytes of the name of a source, with what stands behind it


def source(line: bytes) -> tuple[bytes, int]:
    """From which source LINE came, and how many bytes of it say that; nothing and 0 if none do."""
    dated = line[9:10] == b":" or line[10:11] == b"T"
    if not dated and not _may_be_alone(line):
        return b"", 0
    from .sources import source

    return source(line)


def behind(line: bytes) -> bytes:
    """What LINE says behind the names of its sources; LINE itself if it names none."""
    for _ in range(DEEP):
        length = source(line)[1]
        if not length:
            break
        line = line[length:] or b" "
    return line


def alone(line: bytes) -> bool:
    """Whether LINE names a source in a way that counts before any format."""
    if not _may_be_alone(line):
        return False
    from .sources import ALONE

    return ALONE.match(line) is not None


def _may_be_alone(line: bytes) -> bool:
    return b"|" in line[:LONGEST] or line[:5] == b"[pod/"
