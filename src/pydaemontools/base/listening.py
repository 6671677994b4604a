"""Which sockets listen at a place, by what the kernel lists; nobody is connected to.

A place is a way, tcp or unix, and where: (b"tcp", b"127.0.0.1:80"), (b"unix", b"/run/sock").
"""

import posix
from _socket import AF_INET, AF_INET6, AF_UNIX, inet_pton
from sys import byteorder

from .unix_diag import unix_listeners

TYPE_CHECKING = False
if TYPE_CHECKING:
    Place = tuple[bytes, bytes]

LISTENS = b"0A"  # the state of a socket in /proc/net/tcp
TABLES = "/proc/net/tcp", "/proc/net/tcp6"
NOWHERE = bytes(4), bytes(16)
MAPPED = bytes(10) + b"\xff\xff"  # before an address of IPv4 in one of IPv6


def inodes(place: "Place") -> "list[int] | None":
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


def is_port(what: bytes) -> bool:
    """Whether WHAT is [ADDRESS:]PORT, the address in numbers."""
    try:
        _host_and_port(what)
    except (OSError, ValueError):
        return False
    port = what.rpartition(b":")[2]
    return port.isdigit() and len(port) < 6 and 0 < int(port) < 65536


def _host_and_port(what: bytes) -> tuple[bytes, int]:
    host, _, port = what.rpartition(b":")
    text = (host.strip(b"[]") or b"127.0.0.1").decode()
    return inet_pton(AF_INET6 if ":" in text else AF_INET, text), int(port)


def _covers(listens: bytes, host: bytes) -> bool:
    """Whether what LISTENS at an address hears who connects to HOST; nowhere is everywhere."""
    if listens == host or host in NOWHERE:
        return True
    return listens == bytes(16) or listens == MAPPED + host or listens == bytes(len(host))


def address(place: "Place") -> "tuple[int, tuple[str, int] | bytes]":
    """The family and the address to connect to PLACE."""
    way, what = place
    if way == b"unix":
        return AF_UNIX, what
    host, _, port = what.rpartition(b":")
    text = (host.strip(b"[]") or b"127.0.0.1").decode()
    return AF_INET6 if ":" in text else AF_INET, (text, int(port))


def has_open(pid: int, inode: int) -> bool:
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
