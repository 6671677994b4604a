"""Sending a datagram to where NOTIFY_SOCKET leads."""

from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, socket


def send(address: bytes, data: bytes, *, wait: float = 0) -> bool:
    """Send DATA to ADDRESS; whether it was one, of a path or an abstract name. Raises OSError.

    That is BlockingIOError, or TimeoutError, where nobody reads and there is no room: who sends
    waits for it up to WAIT seconds.
    """
    if address[:1] not in (b"/", b"@") or b"\0" in address:
        return False
    # @ stands for the NUL of an abstract name.
    name = b"\0" + address[1:] if address[:1] == b"@" else address
    sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
    sender.settimeout(wait)
    try:
        sender.connect(name)
        sender.sendall(data)
    finally:
        sender.close()
    return True
