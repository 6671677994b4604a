"""The addresses of a host, found while everything else goes on.

The system's lookup waits for name servers and cannot be told not to. So it has a thread of
its own, which says on an eventfd when it is through. It is never given up before that: its
fd would be another's by then.
"""

import posix
from _socket import AI_NUMERICHOST, SOCK_STREAM, gaierror, getaddrinfo
from _thread import start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    Address = tuple[int, tuple[object, ...]]  # the family, and what connect() takes


class Lookup:
    """The addresses of HOST with PORT; `fd` can be read from when they are known."""

    def __init__(self, host: bytes, port: int, kind: int = SOCK_STREAM) -> None:
        self._host = host
        self._port = port
        self._kind = kind
        self._found: list[Address] | OSError | None = None
        self.fd = posix.eventfd(0, posix.EFD_CLOEXEC | posix.EFD_NONBLOCK)
        try:
            # What is a number already needs no name server.
            self._found = self._ask(AI_NUMERICHOST)
        except gaierror:
            start_new_thread(self._look, ())

    def take(self) -> "list[Address] | None":
        """The addresses; None while nobody knows. Raises OSError if there are none."""
        if self._found is None:
            return None
        if self.fd >= 0:
            posix.close(self.fd)
            self.fd = -1
        if isinstance(self._found, OSError):
            raise self._found
        return self._found

    def _look(self) -> None:
        try:
            found: list[Address] | OSError = self._ask(0)
        except OSError as error:
            found = error
        fd = self.fd
        # From here on the fd is not ours to use, but for these eight bytes.
        posix.eventfd_write(fd, 1)
        self._found = found

    def _ask(self, flags: int) -> "list[Address]":
        found = getaddrinfo(self._host, self._port, 0, self._kind, 0, flags)
        return [(family, address) for family, _, _, _, address in found]
