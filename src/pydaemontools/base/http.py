"""Whether a URL answers well: asked by a child of the supervisor, which it may cost any time.

Plain HTTP is a few lines of text. For https Python's ssl is imported, there and then only; nobody's
certificate is looked at, since nothing is told to whoever answers.
"""

from _socket import SOCK_CLOEXEC, SOCK_STREAM, getaddrinfo, socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Peer(Protocol):
        """A connection of either kind."""

        def sendall(self, data: bytes, /) -> None:
            """Send all of DATA."""

        def recv(self, size: int, /) -> bytes:
            """What came, at most SIZE bytes; nothing at the end."""

        def close(self) -> None:
            """End it."""


PORTS = {b"http": 80, b"https": 443}
MOST = 65536  # bytes of an answer, until its status has to be there
PRINTABLE = bytes(range(33, 127))
HOST = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:"


def parse(url: bytes) -> tuple[bool, bytes, int, bytes] | None:
    """Whether URL is https, its host, port and target; None if it is no URL that can be asked."""
    scheme, mark, rest = url.partition(b"://")
    scheme = scheme.lower()
    if scheme not in PORTS or not mark or url.translate(None, PRINTABLE):
        return None
    rest = rest.partition(b"#")[0]
    # A query may follow at once.
    where = rest.partition(b"/")[0].partition(b"?")[0]
    target = rest[len(where) :]
    if where[:1] == b"[":
        host, bracket, port = where[1:].partition(b"]")
        port = port.removeprefix(b":") if bracket else b"-"
    else:
        host, _, port = where.partition(b":")
    if not host or host.strip(HOST):
        return None
    port = port or b"%d" % PORTS[scheme]
    if not port.isdigit() or len(port) > 5 or not 0 < int(port) < 65536:
        return None
    return scheme == b"https", host, int(port), target if target[:1] == b"/" else b"/" + target


def ask(url: bytes) -> int:
    """0 if URL answers with a status of 200 to 399, 1 if it does not."""
    found = parse(url)
    try:
        return 0 if found and 200 <= _status(*found) < 400 else 1
    except OSError:
        return 1


def _status(tls: bool, host: bytes, port: int, target: bytes) -> int:  # noqa: FBT001 - of parse()
    """The status of the answer, 0 if it is none. Raises OSError."""
    peer = _encrypted(host, port) if tls else _connected(host, port)
    try:
        return _answer(peer, b"[" + host + b"]" if b":" in host else host, port, target)
    finally:
        peer.close()


def _answer(peer: "Peer", host: bytes, port: int, target: bytes) -> int:
    peer.sendall(
        b"GET %s HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: pysupervise\r\n"
        b"Accept: */*\r\nConnection: close\r\n\r\n" % (target, host, port)
    )
    data = b""
    while len(data) < MOST and (more := peer.recv(MOST)):
        data += more
        # One that begins with 1 says that the answer follows.
        while data[:5] == b"HTTP/" and data[8:10] == b" 1" and b"\r\n\r\n" in data:
            data = data.partition(b"\r\n\r\n")[2]
        if len(data) > 12 and data[8:10] != b" 1":
            break
    status = data[9:12]
    return int(status) if data[:7] == b"HTTP/1." and status.isdigit() else 0


def _connected(host: bytes, port: int) -> "Peer":
    error = OSError()
    for family, kind, protocol, _, address in getaddrinfo(host, port, type=SOCK_STREAM):
        peer = socket(family, kind | SOCK_CLOEXEC, protocol)
        try:
            peer.connect(address)
        except OSError as refused:
            peer.close()
            error = refused
        else:
            return peer
    raise error


def _encrypted(host: bytes, port: int) -> "Peer":
    import ssl
    from socket import create_connection

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = host.decode()
    return context.wrap_socket(create_connection((name, port)), server_hostname=name)
