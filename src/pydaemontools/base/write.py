"""Writing to an fd until all of it is there."""

import posix


def write_all(fd: int, data: "bytes | memoryview") -> None:
    """Write all of DATA to FD, however often that takes. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[posix.write(fd, left) :]


def show(text: bytes) -> None:
    """Write TEXT to stdout; raises Quit. An original does not care whether it got there."""
    try:
        write_all(1, text)
    except OSError as error:
        from .cli import fatal

        raise fatal(b"unable to write to stdout", error) from None
