"""Put a TAI64N label before each line of stdin."""

from ..base import cli
from ..base.tai64 import label
from .filter_loop import buffering, filter_loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

USAGE = (b"tai64n", b"pytai64n [-bl]")


def stamper() -> "Callable[[bytes], bytes]":
    """A function that gives a block with a label before each line that begins in it.

    Lines that came together have the same label. A line that comes in pieces has that of
    its first byte.
    """
    inside = False

    def change(block: bytes) -> bytes:
        nonlocal inside
        stamp = label()
        head = b"" if inside else stamp
        inside = block[-1:] != b"\n"
        body, end = (block, b"") if inside else (block[:-1], b"\n")
        return head + body.replace(b"\n", b"\n" + stamp) + end

    return change


def main(argv: list[bytes]) -> int:
    """Stamp stdin to its end."""
    if not cli.native(argv[0]):
        # The original does not look at its arguments.
        return filter_loop(argv[0], stamper())
    return filter_loop(argv[0], stamper(), now=buffering(argv, USAGE))
