"""NOTIFY_SOCKET: a service tells its supervisor how it is (sd_notify(3)).

A datagram holds lines NAME=VALUE. What is understood: READY=1, RELOADING=1, STOPPING=1,
STATUS=text, MAINPID=pid, WATCHDOG=1, WATCHDOG=trigger, WATCHDOG_USEC and EXTEND_TIMEOUT_USEC. The
kernel says who sent a datagram (SCM_CREDENTIALS); root and the account of the service are believed.
Where that account is not known, without /proc, whoever is in the session of the service is.
"""

import posix
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
from _struct import unpack
from time import monotonic

LARGEST = 65536  # bytes of one message
MANY = 64  # messages at once: whoever sends all the time does not get all of ours
FLOOD = 500  # messages in a second: what comes beyond them has to wait
UCRED = 12  # bytes of struct ucred: pid, uid, gid


class NotifySocket:
    """A socket that a service of any account can reach: its name is an abstract one.

    `address` is the value of NOTIFY_SOCKET; the ADDRESS is one that a service has already.
    Raises OSError.
    """

    def __init__(self, address: bytes = b"") -> None:
        self._socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
        self._socket.setsockopt(SOL_SOCKET, SO_PASSCRED, 1)
        # Without one Linux finds a name that nobody has.
        self._socket.bind(address.replace(b"@", b"\0", 1))
        name: bytes = self._socket.getsockname()
        self.address = b"@" + name[1:]
        self.last = (0, -1)  # who sent the last message: its pid and account
        self._second, self._count = 0.0, 0  # since when messages are counted, and how many came
        self._owner = -1  # the account of the service, as it was seen last

    def fileno(self) -> int:
        """The fd to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()

    def read(self, pid: int) -> list[dict[str, str]]:
        """The messages that came since the last time from root, us or the account of PID."""
        found: list[dict[str, str]] = []
        # It may have ended, and been reaped, since it said it.
        owner = _owner(pid)
        self._owner = owner if owner >= 0 else self._owner
        believed = (0, posix.getuid(), self._owner)
        for _ in range(MANY):
            try:
                data, extra, _, _ = self._socket.recvmsg(LARGEST, CMSG_SPACE(UCRED))
            except BlockingIOError:
                break
            self._count += 1
            told = [value for _, kind, value in extra if kind == SCM_CREDENTIALS]
            sender, uid, _ = unpack("3i", told[0]) if told else (0, -1, -1)
            self.last = sender, uid
            if pid and (uid in believed or (self._owner < 0 and _session(sender) == _session(pid))):
                found.append(parse(data))
        return found

    def rest(self) -> float:
        """For how many seconds nothing is to be read, since there was a flood; 0 if none was."""
        now = monotonic()
        if now >= self._second + 1:
            self._second, self._count = now, 0
        return self._second + 1 - now if self._count > FLOOD else 0.0


def _session(pid: int) -> int:
    """The session of the process PID, which led one itself if it has ended."""
    try:
        return posix.getsid(pid) if pid > 0 else -1
    except OSError:
        return pid


def _owner(pid: int) -> int:
    try:
        return posix.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1


def seconds(microseconds: str) -> float | None:
    """The time that MICROSECONDS say, None if they are no number."""
    is_number = microseconds.isascii() and microseconds.isdigit() and len(microseconds) < 21
    return int(microseconds) / 1e6 if is_number else None


def parse(data: bytes) -> dict[str, str]:
    """The assignments in the DATA of a message; what is none is passed over."""
    lines = data.decode("utf-8", "replace").split("\n")
    return dict(line.split("=", 1) for line in lines if "=" in line)
