"""One connection to a server, from the first of its addresses that answers; nothing waits.

What was written counts as arrived when the kernel of the other machine has said so: Linux
tells how much of it has not been acknowledged (SIOCOUTQ).
"""

import _socket as socket
from errno import ECONNRESET, EINPROGRESS, ETIMEDOUT
from select import POLLOUT, poll
from sys import byteorder

from ...base.sockets import unsent
from .phases import CLOSING, CONNECTING, HANDSHAKING, OPENING, SHUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lookup import Address
    from .tls import Tls

PIECE = 65536  # bytes that are read at once
IDLE = 60  # seconds of silence before the system asks whether the other machine is there
PROOF = 200  # milliseconds in which the other machine shows that it has closed in order
ASKED = 20, 6  # seconds between two times that it asks, and how often without an answer
GONE = 120.0  # seconds without an acknowledgement, after which it is not
UNACKED, LAST_ACK = 24, 56  # where struct tcp_info of linux/tcp.h has them, four bytes each


class Ended(OSError):
    """The server has closed the connection; `closed` tells whether a reset follows."""

    def __init__(self) -> None:
        super().__init__(ECONNRESET, "")


class Connection:
    """A connection to one of ADDRESSES, with TLS over it if there is some."""

    def __init__(self, addresses: "list[Address]", tls: "Tls | None" = None) -> None:
        self._addresses = addresses
        self.tls = tls
        self._socket: socket.socket | None = None
        self._pending = memoryview(b"")  # what the socket did not take yet
        self.written = 0  # bytes for the wire, in all
        self.phase = CONNECTING
        self._connect()

    def fileno(self) -> int:
        """The fd to watch."""
        return self._socket.fileno() if self._socket else -1

    @property
    def endpoints(self) -> bytes:
        """Both of its addresses, as in /proc/net/tcp. Raises OSError once there is no other."""
        if not self._socket:
            return b""
        both = self._socket.getsockname(), self._socket.getpeername()
        return b" ".join(_endpoint(self._socket.family, *one[:2]) for one in both)

    @property
    def wants_room(self) -> bool:
        """Whether it is to be watched for room to write too."""
        return bool(self._pending) or self.phase == CONNECTING

    @property
    def full(self) -> bool:
        """Whether nothing more can be written now."""
        return bool(self._pending)

    def step(self) -> bool:
        """Go on until the phase is OPENING; return whether it is that now. Raises OSError."""
        while self.phase < OPENING and self._socket and _ready(self._socket, POLLOUT):
            number = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number and self._addresses:
                self._connect()
                continue
            if number:
                raise OSError(number, "")
            if self.tls:
                return self._shake(self.tls)
            self.phase = OPENING
        return self.phase >= OPENING

    def write(self, text: bytes) -> None:
        """Send TEXT, or as much as can be sent now. Not while it is full. Raises OSError."""
        self._send(self.tls.encrypt(text) if self.tls else text)

    def push(self) -> None:
        """Send what the socket did not take before. Raises OSError."""
        while self._pending and self._socket:
            try:
                self._pending = self._pending[self._socket.send(self._pending) :]
            except BlockingIOError:
                break

    def read(self) -> bytes:
        """Return some of what the server said; nothing if there is nothing now.

        No more than PIECE at once: who talks all the time must not keep us from the rest.
        Raises OSError at the end, once all before it was given; Ended if that is no reset.
        """
        came = self._receive()
        if came and self.tls:
            came = self.tls.decrypt(came)
        if came is None:
            return b""
        if not came:
            raise Ended
        return came

    def arrived(self) -> int:
        """Return how many of the written bytes the other machine has. Raises OSError."""
        return self.written - len(self._pending) - unsent(self.fileno())

    def check(self) -> None:
        """Raise OSError if what was sent has had no acknowledgement for GONE.

        A server that takes nothing for a while acknowledges that it is asked to; but that is no
        reason for the system to go on, if it has a time (TCP_USER_TIMEOUT).
        """
        if not self._socket:
            return
        info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_ACK + 4)
        unacked, last = (int.from_bytes(info[at : at + 4], byteorder) for at in (UNACKED, LAST_ACK))
        if unacked and last >= 1000 * GONE:
            raise OSError(ETIMEDOUT, "")

    def finish(self) -> None:
        """Say that nothing more comes, if that can be done without waiting. Raises OSError."""
        if self._socket and OPENING <= self.phase <= CLOSING and not self._pending:
            self.phase = SHUT
            if self.tls:
                self._send(self.tls.farewell())
            if not self._pending:
                self._socket.shutdown(socket.SHUT_WR)

    def closed(self) -> bool:
        """Return whether the end of the server was in order, and no reset follows it.

        What it had not read when it closed brings a reset, also after a farewell; so does what
        comes later. Waits for PROOF at the most.
        """
        if not self._socket:
            return False
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            # Both have closed already, or there was a reset: SO_ERROR tells.
            pass
        return _ready(self._socket, 0, PROOF) and not self._socket.getsockopt(
            socket.SOL_SOCKET, socket.SO_ERROR
        )

    def close(self) -> None:
        """Be gone, with a farewell if it is in time."""
        try:
            self.finish()
        except OSError:
            # Then it is gone already.
            pass
        if self._socket:
            self._socket.close()
            self._socket = None

    def _connect(self) -> None:
        """Begin with the next address. Raises OSError if it is the last, and no good."""
        while True:
            family, address = self._addresses.pop(0)
            old = self._socket
            self._socket = socket.socket(
                family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
            )
            if old:
                # Only now: what is watched by its number must not get that of another.
                old.close()
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, ASKED[0])
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, ASKED[1])
            number = self._socket.connect_ex(address)
            if number in {0, EINPROGRESS}:
                return
            if not self._addresses:
                raise OSError(number, "")

    def _shake(self, tls: "Tls") -> bool:
        """Go on with TLS's handshake; return whether it is over. Raises OSError."""
        self.phase = HANDSHAKING
        self.push()
        came = self._receive() if self.written else b""
        if came is None:
            return False
        if not came and self.written:
            raise Ended
        try:
            self._send(tls.handshake(came))
        except OSError:
            if self._socket and (alert := tls.alert()):
                self._socket.send(alert)
            raise
        if tls.established:
            self.phase = OPENING
        return tls.established

    def _send(self, data: bytes) -> None:
        self.written += len(data)
        # Without a copy where nothing waits.
        self._pending = memoryview(bytes(self._pending) + data if self._pending else data)
        self.push()

    def _receive(self) -> bytes | None:
        """Return what has come; nothing at the end, None while there is none."""
        try:
            return self._socket.recv(PIECE) if self._socket else b""
        except BlockingIOError:
            return None


def _endpoint(family: int, host: str, port: int) -> bytes:
    """Return HOST and PORT in hexadecimal, in the byte order of this machine."""
    address = socket.inet_pton(family, host.partition("%")[0])
    words = [address[at : at + 4] for at in range(0, len(address), 4)]
    return b"%b:%04X" % (b"".join(b"%08X" % int.from_bytes(w, byteorder) for w in words), port)


def _ready(one: socket.socket, events: int, milliseconds: int = 0) -> bool:
    waiter = poll()
    waiter.register(one.fileno(), events)
    return bool(waiter.poll(milliseconds))
