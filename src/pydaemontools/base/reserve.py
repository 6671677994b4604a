"""Room on a disk for what will be written to a file, whose size stays as it is: fallocate(2)."""

KEEP_SIZE = 1


def reserve(fd: int, size: int) -> bool:
    """Have room for the first SIZE bytes of FD; return whether that could be had.

    It is there until the file is cut: whoever cuts it has to reserve it again.
    """
    try:
        from .libc import Long, function

        return function("fallocate")(fd, KEEP_SIZE, Long(0), Long(size)) == 0
    except (ImportError, OSError):
        return False
