"""Show the last of what comes in on stdin in ps, as this process's own last argument."""

import posix
import sys

from ..base import cli
from ..base.title import show
from ..chain import pathexec
from .filter_loop import read

USAGE = (b"readproctitle label ... dots", b"pyreadproctitle [label ...] dots")
LEAST = 5  # an argument that is shorter could not show anything


class Title:
    """The last argument of this process, in its own memory, where ps reads it."""

    def __init__(self, room: int) -> None:
        with open("/proc/self/stat", "rb", buffering=0) as stat:
            # The name of the process is in parentheses, and may hold some itself.
            fields = stat.read().rpartition(b")")[2].split()
        self._end = int(fields[46]) - 1
        self._room = room
        self._memory = posix.open("/proc/self/mem", posix.O_RDWR | posix.O_CLOEXEC)
        self._shown = b"." * room

    def holds(self, word: bytes) -> bool:
        """Whether it is WORD that stands there, and the end of it."""
        there = posix.pread(self._memory, len(word) + 2, self._end - len(word) - 1)
        return there == b"\0" + word + b"\0"

    def add(self, text: bytes) -> None:
        """Shift TEXT in at the right; the first three dots stay."""
        tail = (self._shown + text.replace(b"\0", b""))[3 - self._room :]
        self._shown = b"..." + tail
        posix.pwrite(self._memory, self._shown, self._end - self._room)


def opened(argv: list[bytes]) -> Title:
    """The memory of the last word of ARGV.

    Where this process was forked by a supervisor, or has changed its account, that is not
    there or not to be written: then it starts anew, once. Raises Quit.
    """
    try:
        title = Title(len(argv[-1]))
        if title.holds(argv[-1]):
            return title
        error = None
    except OSError as trouble:
        error = trouble
    if sys.argv[0] != "-c" and _can_start():
        program = pathexec.signature(argv[0].decode())
        words = [sys.executable.encode(), b"-IS", b"-c", program, *argv[1:]]
        try:
            pathexec.execute(words[0], words, to_ours=True)
        except OSError as trouble:
            error = trouble
    raise cli.fatal(b"unable to write to the arguments of this process", error)


def _can_start() -> bool:
    """Whether this account may read what an interpreter needs for a start."""
    files = sys.modules["encodings"].__file__ or "", __file__
    return all(posix.access(file, posix.R_OK, effective_ids=True) for file in files)


def main(argv: list[bytes]) -> int:
    """Show stdin, to its end."""
    who = argv[0]
    words = cli.options(argv, USAGE)[1] if cli.native(who) else argv[1:]
    if not words or len(words[-1]) < LEAST:
        # The original says nothing.
        raise cli.usage(who, USAGE) if cli.native(who) else cli.Quit(100)
    title = opened(argv)
    show(who, None)
    title.add(b"")
    while new := read(who):
        title.add(new)
    return 0
