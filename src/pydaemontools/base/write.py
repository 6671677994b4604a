"""Writing to an fd until all of it is there."""

import posix


def write_all(fd: int, data: "bytes | memoryview") -> None:
    """Write all of DATA to FD, however often that takes. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[posix.write(fd, left) :]
