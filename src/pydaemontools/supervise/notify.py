"""NOTIFY_SOCKET: a service tells its supervisor how it is (sd_notify(3)).

A datagram holds lines NAME=VALUE. What is understood: READY=1, RELOADING=1, STOPPING=1,
STATUS=text, MAINPID=pid, WATCHDOG=1, WATCHDOG=trigger. The sender has to be the service or
one of its session: the kernel says who sent a datagram (SCM_CREDENTIALS).
"""

import posix
import sys
from _socket import (
    AF_UNIX,
    CMSG_SPACE,
    SCM_CREDENTIALS,
    SO_PASSCRED,
    SOCK_CLOEXEC,
    SOCK_DGRAM,
    SOCK_NONBLOCK,
    SOL_SOCKET,
    socket,
)

LARGEST = 4096  # bytes of one message


class Notices:
    """The socket at PATH, made anew. Raises OSError."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        try:
            posix.unlink(path)
        except FileNotFoundError:
            pass
        self._socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
        self._socket.bind(path)
        posix.chmod(path, 0o666)
        self._socket.setsockopt(SOL_SOCKET, SO_PASSCRED, 1)

    def fileno(self) -> int:
        """The fd to wait on."""
        return self._socket.fileno()

    def read(self) -> list[tuple[int, dict[str, str]]]:
        """What came since the last time: the sender's pid, and what it said."""
        found = []
        while True:
            try:
                data, extra, _, _ = self._socket.recvmsg(LARGEST, CMSG_SPACE(12))
            except BlockingIOError:
                return found
            pid = next((_pid(value) for _, kind, value in extra if kind == SCM_CREDENTIALS), 0)
            found.append((pid, parse(data)))


def _pid(credentials: bytes) -> int:
    # struct ucred begins with the pid.
    return int.from_bytes(credentials[:4], sys.byteorder)


def parse(data: bytes) -> dict[str, str]:
    """The assignments in one message; what is none is passed over."""
    lines = data.decode("utf-8", "replace").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
