"""Which sockets listen at a path: asked of the kernel (sock_diag(7)), else read from /proc.

The kernel knows the file by its inode, whatever name it was bound by. /proc/net/unix has only that
name, which may be relative to another directory, or stand in another root.
"""

import posix
from _socket import SOCK_CLOEXEC, SOCK_RAW, socket
from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    # The inode of a socket, that of its file or 0, the device of that, and its name.
    Row = tuple[int, int, int, bytes]

AF_NETLINK, NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 16, 4, 20
AF_UNIX = 1
LISTENING = 1 << 10
SHOW_NAME, SHOW_FILE = 1, 2  # which attributes an answer is to have
NAME, FILE = 0, 1  # an attribute
REQUEST, DUMP = 1, 0x300  # flags of a message
ERROR, DONE = 2, 3  # types of a message
HEADER = Struct("=IHHII")  # length, type, flags, sequence, port
ASK = Struct("=BBHIIIII")  # family, protocol, padding, states, inode, what to show, cookie
ANSWER = Struct("=BBBBIII")  # family, type, state, padding, inode, cookie
ATTRIBUTE = Struct("=HH")  # length, type
PLACE = Struct("=II")  # inode, device
ALL = 0xFFFFFFFF
BLOCK = 65536
LIMIT = 1.0  # seconds for an answer, which the kernel gives at once
PROC = "/proc/net/unix"
ACCEPTS = 0x10000  # in the flags that /proc shows


def unix_listeners(path: bytes) -> "list[int] | None":
    """The inodes of the sockets that listen at PATH; None where nobody tells."""
    rows = _ask_kernel()
    if rows is None:
        return _read_proc(path)
    try:
        found = posix.stat(path)
    except OSError:
        return []
    device = posix.major(found.st_dev) << 20 | posix.minor(found.st_dev)
    base = _base(path)
    # Of a file in an overlay stat tells another device than the kernel does.
    return [
        inode
        for inode, file, on, name in rows
        if file == found.st_ino & ALL and (on == device or _base(name) == base)
    ]


def _ask_kernel() -> "list[Row] | None":
    """All sockets that listen; None where it cannot be asked."""
    ask = ASK.pack(AF_UNIX, 0, 0, LISTENING, 0, SHOW_NAME | SHOW_FILE, ALL, ALL)
    message = HEADER.pack(HEADER.size + len(ask), SOCK_DIAG_BY_FAMILY, REQUEST | DUMP, 1, 0) + ask
    try:
        kernel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)
    except OSError:
        return None
    rows: list[Row] = []
    try:
        kernel.settimeout(LIMIT)
        kernel.sendto(message, (0, 0))
        while True:
            block = kernel.recv(BLOCK)
            while block:
                length, kind, _, _, _ = HEADER.unpack_from(block)
                if kind == DONE:
                    return rows
                if kind == ERROR:
                    return None
                rows.append(_row(block[HEADER.size : length]))
                block = block[_aligned(length) :]
    except OSError:
        return None
    finally:
        kernel.close()


def _row(answer: bytes) -> "Row":
    _, _, _, _, inode, _, _ = ANSWER.unpack_from(answer)
    file = device = 0
    name = b""
    rest = answer[ANSWER.size :]
    while rest:
        length, kind = ATTRIBUTE.unpack_from(rest)
        value = rest[ATTRIBUTE.size : length]
        if kind == NAME:
            name = value.rstrip(b"\0")
        elif kind == FILE:
            file, device = PLACE.unpack(value)
        rest = rest[_aligned(length) :]
    return inode, file, device, name


def _aligned(length: int) -> int:
    return max(4, (length + 3) & ~3)


def _read_proc(path: bytes) -> "list[int] | None":
    """The inodes of what /proc names so: by the file that a name leads to, or its last part."""
    try:
        with open(PROC, "rb") as table:
            lines = table.read().splitlines()[1:]
    except OSError:
        return None
    rows = [line.split(None, 7) for line in lines]
    return [
        int(row[6])
        for row in rows
        if len(row) == 8 and int(row[3], 16) & ACCEPTS and _is_name_of(row[7], path)
    ]


def _is_name_of(name: bytes, path: bytes) -> bool:
    if name[:1] != b"/":
        return _base(name) == _base(path)
    try:
        one, other = posix.stat(name), posix.stat(path)
    except OSError:
        return False
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _base(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]
