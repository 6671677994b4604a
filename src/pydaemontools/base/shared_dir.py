"""Files in a directory that others may write to: opened by its fd, no link followed, no wait."""

import posix
from errno import EINVAL

WRITE = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_NOFOLLOW | posix.O_NOCTTY | posix.O_CLOEXEC
KIND, FIFO = 0o170000, 0o010000


def open_fifo(name: str, directory: int) -> int:
    """Return an fd to write to the fifo NAME in DIRECTORY, an fd. Raises OSError.

    That is ENXIO where nobody reads it, EINVAL where it is no fifo: then nothing was opened
    that might do something by being opened, but for what was put there in between.
    """
    if posix.stat(name, dir_fd=directory, follow_symlinks=False).st_mode & KIND != FIFO:
        raise OSError(EINVAL, "")
    fd = posix.open(name, WRITE, dir_fd=directory)
    if posix.fstat(fd).st_mode & KIND != FIFO:
        posix.close(fd)
        raise OSError(EINVAL, "")
    return fd
