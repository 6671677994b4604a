"""Writing to an fd until all of it is there, or without a SIGPIPE."""

import posix
from _signal import SIG_IGN, SIGPIPE, signal


def write_all(fd: int, data: "bytes | memoryview") -> None:
    """Write all of DATA to FD, however often that takes. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[posix.write(fd, left) :]


def tell(fd: int, letters: bytes) -> None:
    """Write LETTERS to the fifo FD, whose reader may just have gone: OSError then, and no SIGPIPE,
    which would end us without a word.
    """
    before = signal(SIGPIPE, SIG_IGN)
    try:
        posix.write(fd, letters)
    finally:
        signal(SIGPIPE, before)


def show(text: bytes) -> None:
    """Write TEXT to stdout; raises Quit. An original does not care whether it got there."""
    try:
        write_all(1, text)
    except OSError as error:
        from .cli import fatal

        raise fatal(b"unable to write to stdout", error) from None
