"""How it looks to a person: colours where they are wanted, times in words."""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GREEN, YELLOW, RED, FAINT = b"32", b"33", b"31", b"2"
COLOURS = {
    b"run": GREEN,
    b"ok": GREEN,
    b"up": GREEN,
    b"down": YELLOW,
    b"finish": YELLOW,
    b"wait": YELLOW,
    b"starting": YELLOW,
    b"paused": YELLOW,
    b"warning": YELLOW,
    b"failed": RED,
    b"fail": RED,
    b"timeout": RED,
    b"kill": RED,
    b"unknown": RED,
}
# By the number of the severity.
SEVERITIES = (RED, RED, RED, RED, YELLOW, b"1", b"", FAINT)
UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


def coloured() -> bool:
    """Whether to use colours: on a terminal that has them, unless NO_COLOR says no."""
    if posix.environ.get(b"NO_COLOR"):
        return False
    if posix.environ.get(b"FORCE_COLOR"):
        return True
    return terminal()


def terminal() -> bool:
    """Whether stdout is a terminal that can do more than print."""
    return posix.isatty(1) and posix.environ.get(b"TERM", b"dumb") != b"dumb"


def paint(text: bytes, word: bytes) -> bytes:
    """TEXT in the colour that WORD has."""
    colour = COLOURS.get(word)
    return b"\x1b[" + colour + b"m" + text + b"\x1b[0m" if colour else text


def duration(seconds: int) -> str:
    """SECONDS in the two units that matter: 59s, 12m03s, 5h00m, 3d04h."""
    parts: list[str] = []
    for size, unit in UNITS:
        if seconds >= size or parts:
            parts.append(f"{seconds // size:02d}{unit}" if parts else f"{seconds // size}{unit}")
            seconds %= size
    parts.append(f"{seconds:02d}s" if parts else f"{seconds}s")
    return "".join(parts[:2])


def table(rows: list[list[bytes]], *, colour: bool) -> bytes:
    """ROWS in columns, the first row being their names; the second column says how it is."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [_padded(cell, width) for cell, width in zip(row, widths, strict=True)]
        if colour:
            cells[1] = paint(cells[1], row[1])
        lines.append(b"  ".join(cells).rstrip() + b"\n")
    return b"".join(lines)


def _width(cell: bytes) -> int:
    return len(cell.decode(sys.getfilesystemencoding(), "surrogateescape"))


def _padded(cell: bytes, width: int) -> bytes:
    return cell + b" " * (width - _width(cell))


def severity(text: bytes, level: int) -> bytes:
    """TEXT in the colour of the severity LEVEL."""
    colour = SEVERITIES[level]
    return b"\x1b[" + colour + b"m" + text + b"\x1b[0m" if colour and text else text


def for_terminal() -> "Callable[[bytes], bytes]":
    """What makes lines fit for stdout: a terminal must not be driven, a pipe gets all."""
    if not posix.isatty(1):
        return bytes
    from ..base.printable import PLAIN, plain

    # A tab does no harm.
    text = PLAIN[:9] + b"\t" + PLAIN[10:]
    return lambda line: plain(line, text)
