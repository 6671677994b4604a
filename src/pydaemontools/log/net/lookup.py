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
        self._found: list[Address] | OSError = []
        self.done = False  # whether it is known what they are, or that there are none
        self.fd = posix.eventfd(0, posix.EFD_CLOEXEC | posix.EFD_NONBLOCK)
        try:
            # What is a number already needs no name server.
            self._found = self._resolve(AI_NUMERICHOST)
            self.done = True
        except gaierror:
            start_new_thread(self._wait, ())

    def result(self) -> "list[Address]":
        """Return the addresses, once it is done. Raises OSError if there are none."""
        if self.fd >= 0:
            posix.close(self.fd)
            self.fd = -1
        if isinstance(self._found, OSError):
            raise self._found
        return self._found

    def _wait(self) -> None:
        try:
            self._found = self._resolve(0)
        except OSError as error:
            self._found = error
        # After these eight bytes the fd is not ours to use.
        posix.eventfd_write(self.fd, 1)
        self.done = True

    def _resolve(self, flags: int) -> "list[Address]":
        found = getaddrinfo(self._host, self._port, 0, self._kind, 0, flags)
        return [(family, address) for family, _, _, _, address in found]
