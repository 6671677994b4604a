"""Whether who listens at a port or at a socket is the service: a place that answers is no proof.

Nobody is connected to, which a server may log or count. The kernel lists what listens, by the
inodes of the sockets: one is the service's if it was not there before the start, or if a process
of the service holds it (what somebody else starts for the service, as a container's engine does,
counts). Where there is no such list, or the service has a network of its own and a socket in our
file system, it takes a connection to find out; who listens at a socket is known by SO_PEERCRED
then.
"""

import posix
from _socket import (
    AF_INET,
    AF_INET6,
    AF_UNIX,
    SO_ERROR,
    SO_PEERCRED,
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    SOCK_STREAM,
    SOL_SOCKET,
    inet_pton,
    socket,
)
from errno import EINPROGRESS
from sys import byteorder

from ..base.unix_diag import unix_listeners
from ..jobs import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .service import Service

    # A way to be ready, and where: (b"tcp", b"127.0.0.1:80").
    Place = tuple[bytes, bytes]

LISTENS = b"0A"  # the state of a socket in /proc/net/tcp
TABLES = "/proc/net/tcp", "/proc/net/tcp6"
UCRED = 12  # bytes of struct ucred
NOWHERE = bytes(4), bytes(16)
MAPPED = bytes(10) + b"\xff\xff"  # before an address of IPv4 in one of IPv6


class Listeners:
    """Who listens at PLACES, seen before SERVICE is started."""

    def __init__(self, service: "Service", places: "Iterable[Place]") -> None:
        self._service = service
        self._before = {inode for place in places for inode in _inodes(place) or ()}

    def is_ours(self, place: "Place") -> bool:
        """Whether the service listens at PLACE."""
        inodes = _inodes(place)
        if inodes is None or (not inodes and place[0] == b"unix" and self._is_elsewhere()):
            return self._answers(place)
        if not inodes:
            return False
        if not self._before.issuperset(inodes):
            return True
        return any(_has_open(pid, inode) for pid in self._processes() for inode in inodes)

    def _processes(self) -> list[int]:
        """The processes of the service."""
        return tree.below([self._service.pid]) + self._service.strays()

    def _is_elsewhere(self) -> bool:
        """Whether the service has another network, whose sockets are not in our list."""
        try:
            theirs = posix.readlink(f"/proc/{self._service.pid}/ns/net")
            return theirs != posix.readlink("/proc/self/ns/net")
        except OSError:
            return False

    def _answers(self, place: "Place") -> bool:
        """Whether somebody accepts there; of a socket in the file system, whether it is ours."""
        family, address = _address(place)
        peer = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
        try:
            if peer.connect_ex(address) not in (0, EINPROGRESS):
                return False
            # Here at once, since nobody is far away.
            peer.getpeername()
            if family == AF_UNIX:
                credentials = peer.getsockopt(SOL_SOCKET, SO_PEERCRED, UCRED)
                return self._is_ours(int.from_bytes(credentials[:4], byteorder))
            return not peer.getsockopt(SOL_SOCKET, SO_ERROR)
        except OSError:
            return False
        finally:
            peer.close()

    def _is_ours(self, pid: int) -> bool:
        try:
            return posix.getsid(pid) == self._service.session or pid in self._processes()
        except OSError:
            return False


def _inodes(place: "Place") -> "list[int] | None":
    """The inodes of the sockets that listen at PLACE; None where nobody tells."""
    way, what = place
    if way == b"unix":
        return unix_listeners(what)
    host, port = _host_and_port(what)
    found = _tcp_listeners()
    return None if found is None else [i for h, p, i in found if p == port and _covers(h, host)]


def _tcp_listeners() -> "list[tuple[bytes, int, int]] | None":
    """Address, port and inode of each socket that listens; None where nobody tells."""
    found, seen = [], False
    for table in TABLES:
        try:
            with open(table, "rb") as lines:
                seen = True
                next(lines, b"")
                for line in lines:
                    fields = line.split()
                    # They come first; there may be very many others.
                    if fields[3] != LISTENS:
                        break
                    found.append((*_parse(fields[1]), int(fields[9])))
        except OSError:
            # IPv6 may be off.
            continue
    return found if seen else None


def _parse(local: bytes) -> tuple[bytes, int]:
    """The address and the port that the kernel writes as LOCAL: words as they are in memory."""
    host, _, port = local.decode().partition(":")
    words = (int(host[at : at + 8], 16) for at in range(0, len(host), 8))
    return b"".join(word.to_bytes(4, byteorder) for word in words), int(port, 16)


def _host_and_port(what: bytes) -> tuple[bytes, int]:
    host, _, port = what.rpartition(b":")
    text = (host.strip(b"[]") or b"127.0.0.1").decode()
    return inet_pton(AF_INET6 if ":" in text else AF_INET, text), int(port)


def _covers(listens: bytes, host: bytes) -> bool:
    """Whether what LISTENS at an address hears who connects to HOST; nowhere is everywhere."""
    if listens == host or host in NOWHERE:
        return True
    return listens == bytes(16) or listens == MAPPED + host or listens == bytes(len(host))


def _address(place: "Place") -> "tuple[int, tuple[str, int] | bytes]":
    way, what = place
    if way == b"unix":
        return AF_UNIX, what
    host, _, port = what.rpartition(b":")
    text = (host.strip(b"[]") or b"127.0.0.1").decode()
    return AF_INET6 if ":" in text else AF_INET, (text, int(port))


def _has_open(pid: int, inode: int) -> bool:
    """Whether PID has the socket INODE open, as far as one may look."""
    place, wanted = f"/proc/{pid}/fd/", f"socket:[{inode}]"
    try:
        return any(_leads_to(place + fd, wanted) for fd in posix.listdir(place))
    except OSError:
        return False


def _leads_to(link: str, wanted: str) -> bool:
    try:
        return posix.readlink(link) == wanted
    except OSError:
        # It was closed just now.
        return False
