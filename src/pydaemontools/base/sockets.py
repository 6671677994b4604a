"""What the system knows of a socket, beyond what Python's has methods for."""

from fcntl import ioctl

SIOCOUTQ = 0x5411

# The module array would import collections.
_count = memoryview(bytearray(4)).cast("i")


def unsent(fd: int) -> int:
    """Return how many bytes that were sent over the socket FD are not with the other end.

    Over TCP: not acknowledged; over a unix socket: not read. Raises OSError where the system
    cannot tell.
    """
    ioctl(fd, SIOCOUTQ, _count)
    return _count[0]
