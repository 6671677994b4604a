"""What a daemon wrote into its files since it was started: its last lines, for an error."""

import os

from ..base import shared_dir
from ..base.printable import plain

MANY = 20  # lines that are told
MOST = 8192  # bytes that are looked at


class LastLines:
    """The last lines of the files PATHS that are written from now on."""

    def __init__(self, paths: list[str]) -> None:
        self._before = {path: _size(path) for path in paths}

    def read(self) -> list[str]:
        """The lines by now; of the first file that has some."""
        for path, before in self._before.items():
            if lines := _lines(path, before):
                return lines
        return []


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _lines(path: str, before: int) -> list[str]:
    try:
        fd = shared_dir.open_file(os.fsencode(path), os.O_RDONLY)
    except OSError:
        return []
    try:
        size = os.fstat(fd).st_size
        begin = max(before if size >= before else 0, size - MOST)
        data = os.pread(fd, MOST, begin)
    finally:
        os.close(fd)
    lines = [plain(line).decode("utf-8", "replace") for line in data.splitlines()]
    return lines[-MANY:]
