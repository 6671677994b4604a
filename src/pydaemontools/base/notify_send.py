"""Sending a datagram to where NOTIFY_SOCKET leads."""

from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, socket


def send(address: bytes, data: bytes, *, wait: bool) -> bool:
    """Send DATA to ADDRESS; whether it was one, of a path or an abstract name. Raises OSError.

    That is BlockingIOError where there is no room, and who sends does not WAIT for it.
    """
    if address[:1] not in (b"/", b"@") or b"\0" in address:
        return False
    # @ stands for the NUL of an abstract name.
    name = b"\0" + address[1:] if address[:1] == b"@" else address
    sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | (0 if wait else SOCK_NONBLOCK))
    try:
        sender.connect(name)
        sender.sendall(data)
    finally:
        sender.close()
    return True
