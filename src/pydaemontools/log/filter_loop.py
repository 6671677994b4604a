"""A filter: what comes in on stdin goes out on stdout, changed, a block at a time."""

import posix
from _signal import SIG_DFL, SIGXFSZ, signal
from errno import EBADF

from ..base import cli, process
from ..base.write import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Bytes read together, at the most. What is made of more would be too large for the memory
# that malloc keeps: each block would have the kernel clear new pages.
BLOCK = 32768
FULL = 65536  # and written together, where somebody wants full blocks: what a pipe holds


def all_of(data: bytes) -> int:
    """How much of DATA is to be written now: all of it."""
    return len(data)


def whole_lines(data: bytes) -> int:
    """How much of DATA is to be written now: whole lines, and a line that nobody can hold."""
    return data.rfind(b"\n") + 1 or (len(data) if len(data) >= FULL else 0)


def full_blocks(data: bytes) -> int:
    """How much of DATA is to be written now: full blocks."""
    return len(data) - len(data) % FULL


def buffering(argv: list[bytes], synopsis: "cli.Usage") -> "Callable[[bytes], int]":
    """How much is to be written now, as the options of a tool's own name say. Raises Quit."""
    found, rest = cli.options(argv, synopsis, more=b"bl")
    if rest:
        raise cli.usage(argv[0], synopsis, hint=b"it reads stdin, and takes no arguments")
    ways = {b"b": full_blocks, b"l": whole_lines}
    return ways[found[-1][0]] if found else all_of


def filter_loop(
    who: bytes,
    change: "Callable[[bytes], bytes]",
    rest: "Callable[[], bytes]" = bytes,
    now: "Callable[[bytes], int]" = all_of,
) -> int:
    """Write what CHANGE makes of stdin, and at its end the REST; give the exit code.

    NOW says how much of what is ready is written before more is read.
    """
    process.title(who)
    if not cli.native(who):
        # CPython ignores it; an original dies by it.
        signal(SIGXFSZ, SIG_DFL)
    ready = b""
    while new := read(who):
        ready += change(new)
        count = now(ready)
        _write(who, ready[:count])
        ready = ready[count:]
    _write(who, ready + rest())
    return 0


def failed(who: bytes, what: bytes, error: OSError) -> cli.Quit:
    """The end because of ERROR; an original says nothing of it."""
    if not cli.native(who):
        return cli.Quit(111)
    # Whoever feeds it is to see it end.
    cli.lasts(who)
    return cli.fatal(what, error)


def read(who: bytes) -> bytes:
    """What stdin has, as soon as there is something; empty at its end. Raises Quit."""
    try:
        if 0 in process.opened:
            raise OSError(EBADF, "")
        return posix.read(0, BLOCK)
    except OSError as error:
        raise failed(who, b"unable to read stdin", error) from None


def _write(who: bytes, data: bytes) -> None:
    try:
        if data and 1 in process.opened:
            raise OSError(EBADF, "")
        write_all(1, data)
    except OSError as error:
        raise failed(who, b"unable to write to stdout", error) from None
