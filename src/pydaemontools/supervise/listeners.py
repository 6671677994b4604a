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
    AF_UNIX,
    SO_ERROR,
    SO_PEERCRED,
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
)
from errno import EINPROGRESS
from sys import byteorder

from ..base.listening import address, has_open, inodes
from ..jobs import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..base.listening import Place
    from .service import Service

UCRED = 12  # bytes of struct ucred


class Listeners:
    """Who listens at PLACES, seen before SERVICE is started."""

    def __init__(self, service: "Service", places: "Iterable[Place]") -> None:
        self._service = service
        self._before = {inode for place in places for inode in inodes(place) or ()}

    def is_ours(self, place: "Place") -> bool:
        """Whether the service listens at PLACE."""
        found = inodes(place)
        if found is None or (not found and place[0] == b"unix" and self._is_elsewhere()):
            return self._answers(place)
        if not found:
            return False
        if not self._before.issuperset(found):
            return True
        return any(has_open(pid, inode) for pid in self._processes() for inode in found)

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
        family, where = address(place)
        peer = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
        try:
            if peer.connect_ex(where) not in (0, EINPROGRESS):
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
