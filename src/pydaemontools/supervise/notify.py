"""NOTIFY_SOCKET: a service tells its supervisor how it is (sd_notify(3)).

A datagram holds lines NAME=VALUE. What is understood: READY=1, RELOADING=1, STOPPING=1,
STATUS=text, MAINPID=pid, WATCHDOG=1, WATCHDOG=trigger. The kernel says who sent a datagram
(SCM_CREDENTIALS); root and the account of the service are believed.
"""

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

LARGEST = 65536  # bytes of one message
UCRED = 12  # bytes of struct ucred: pid, uid, gid


class Notices:
    """A socket that a service of any account can reach: its name is an abstract one.

    `address` is what NOTIFY_SOCKET has to be.
    """

    def __init__(self) -> None:
        self._socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
        self._socket.setsockopt(SOL_SOCKET, SO_PASSCRED, 1)
        # Linux finds a name that nobody has.
        self._socket.bind(b"")
        name: bytes = self._socket.getsockname()
        self.address = b"@" + name[1:]

    def fileno(self) -> int:
        """The fd to wait on."""
        return self._socket.fileno()

    def read(self) -> list[tuple[int, dict[str, str]]]:
        """What came since the last time: the sender's uid, and what it said."""
        found: list[tuple[int, dict[str, str]]] = []
        while True:
            try:
                data, extra, _, _ = self._socket.recvmsg(LARGEST, CMSG_SPACE(UCRED))
            except BlockingIOError:
                return found
            uid = next((_uid(value) for _, kind, value in extra if kind == SCM_CREDENTIALS), -1)
            found.append((uid, parse(data)))


def _uid(credentials: bytes) -> int:
    return int.from_bytes(credentials[4:8], sys.byteorder)


def parse(data: bytes) -> dict[str, str]:
    """The assignments in one message; what is none is passed over."""
    lines = data.decode("utf-8", "replace").split("\n")
    return dict(line.split("=", 1) for line in lines if "=" in line)
