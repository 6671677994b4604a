"""A file of two slots that are written in turn: a write that is cut short leaves the other one."""

import posix
from errno import EIO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Value = TypeVar("Value")

SLOT = 512  # bytes: one sector, so that not even a crash of the machine mixes two


class TwoSlots:
    """The file FD. Each text in it has a number, and the text with the higher one counts."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.number = 0  # the higher one

    def read(self, parse: "Callable[[bytes], tuple[int, Value] | None]") -> "Value | None":
        """Return what the newer slot says; None if neither says anything. Raises OSError.

        PARSE makes the number and the value of a slot's bytes; None if they are no whole text.
        """
        both = posix.pread(self.fd, 2 * SLOT, 0)
        found = [text for at in (0, SLOT) if (text := parse(both[at : at + SLOT]))]
        self.number, value = max(found, key=lambda text: text[0], default=(0, None))
        return value

    def write(self, text: "Callable[[int], bytes]") -> None:
        """Write what TEXT makes of the next number over the older slot. Raises OSError."""
        self.put(text(self.number + 1))

    def put(self, text: bytes) -> None:
        """Write TEXT, which has the next number, over the older slot. Raises OSError."""
        number = self.number + 1
        if posix.pwrite(self.fd, text.ljust(SLOT), number % 2 * SLOT) != SLOT:
            raise OSError(EIO, "")
        self.number = number
