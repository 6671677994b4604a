"""logtail: the last lines of a log, and what is written to it from then on."""

import os
from time import sleep

from ..base.printable import plain
from .saying import out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LINES = 10
# Bytes that zdaemon looks at for them, and that we do: a line may be long.
ITS_LAST, OUR_LAST = 1024, 65536
PIECE = 65536
NAP = 0.1  # seconds between two looks


def follow(path: str, *, native: bool, nap: "Callable[[float], object]" = sleep) -> None:
    """Print the last lines of the file PATH, and follow it until ^C. Raises OSError.

    NATIVE: also when it is renamed, and another takes its place, as in a log rotation.
    """
    fd = _opened(path)
    try:
        at = os.fstat(fd).st_size
        _show(_last(fd, at) if native else _last_as_zdaemon(fd, at))
        while True:
            size = os.fstat(fd).st_size
            if size < at:
                out("==> File truncated <==\n")
                at = 0
            while at < size and (data := os.pread(fd, min(PIECE, size - at), at)):
                _show(data)
                at += len(data)
            if native and (newer := _replaced(fd, path)) is not None:
                os.close(fd)
                fd, at = newer, 0
                continue
            nap(NAP)
    finally:
        os.close(fd)


def _opened(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)


def _replaced(fd: int, path: str) -> int | None:
    """The file that stands at PATH now, opened, if it is not the one FD is of."""
    try:
        there = os.stat(path)
        here = os.fstat(fd)
        if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino):
            return None
        return _opened(path)
    except OSError:
        # It is being rotated: the next look finds the new one.
        return None


def _show(data: bytes) -> None:
    shown = data if not os.isatty(1) else b"\n".join(map(_plain, data.split(b"\n")))
    out(shown.decode("utf-8", "surrogateescape"))


def _plain(line: bytes) -> bytes:
    return b"\t".join(map(plain, line.split(b"\t")))


def _last(fd: int, size: int) -> bytes:
    """The last LINES lines of what FD is of, which has SIZE bytes."""
    first = max(0, size - OUR_LAST)
    lines = os.pread(fd, size - first, first).split(b"\n")
    return b"\n".join(lines[-LINES - (not lines[-1]) :])


def _last_as_zdaemon(fd: int, size: int) -> bytes:
    """What zdaemon takes for them: not the first line of a file, nor one that is not whole."""
    first = max(0, size - ITS_LAST)
    data = os.pread(fd, size - first, first)
    lines = data.split(b"\n")
    # A line counts when the end of the one before it was seen.
    return b"\n".join(lines[1:][-LINES - 1 :]) if len(lines) > 1 else b""
