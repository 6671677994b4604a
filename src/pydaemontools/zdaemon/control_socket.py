"""The socket of a manager: made without a race, and many clients at once, each with its time."""

import posix
from _socket import (
    AF_UNIX,
    SHUT_WR,
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
)
from _stat import S_ISLNK, S_ISSOCK
from errno import EAGAIN, EEXIST
from select import POLLOUT
from time import monotonic

from ..base import shared_dir
from ..base.proc import is_shown
from ..base.reach import Unsafe, reach
from .line_protocol import address, owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..jobs.loop import Loop

LONGEST = 10_000  # bytes of a command
MANY = 200  # clients at once; others wait until one has gone
PATIENCE = 30.0  # seconds that a client has for its line, and to read the reply
SO_PEERGROUPS = 59
SHORT = 50  # bytes of a name that is given for a moment: no longer than an address may be
GROUPS = 1024  # bytes of a list of groups, of which Python asks for no more


class Client:
    """A client at the socket PEER: its line goes to OBEY, with it; what it is told is sent."""

    def __init__(
        self,
        loop: "Loop",
        peer: socket,
        obey: "Callable[[Client, str], None]",
        gone: "Callable[[Client], None]",
    ) -> None:
        self._loop = loop
        self._peer = peer
        self._obey = obey
        self._gone = gone
        self._line = b""
        self._reply = b""
        self._asked = self._last = self._waits = False
        self.on_close: Callable[[], None] = lambda: None  # called when it is gone
        self.open = True
        peer.setblocking(False)
        loop.watch(peer.fileno(), self._read)
        loop.at(monotonic() + PATIENCE, self._late)

    def tell(self, text: str, *, last: bool = True) -> None:
        """Send it TEXT, and if that is the LAST hang up."""
        if not self.open:
            return
        self._reply += text.encode("utf-8", "surrogateescape")
        self._last = last
        self._write()

    def close(self) -> None:
        """Hang up."""
        if self.open:
            self.open = False
            self._loop.forget(self._peer.fileno())
            self._peer.close()
            self.on_close()
            self._gone(self)

    def _late(self) -> None:
        """Its time is over, unless it waits for us."""
        if self.open and (not self._waits or self._reply):
            self.close()

    def _read(self) -> None:
        try:
            data = self._peer.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if self._asked:
            if not data:
                # It says nothing more, and hears us: until it is gone altogether.
                self._loop.forget(self._peer.fileno())
                self._loop.watch(self._peer.fileno(), self.close, 0)
            return
        self._line += data
        line, end, _ = self._line.partition(b"\n")
        if end:
            self._asked = self._waits = True
            self._obey(self, line.decode("utf-8", "surrogateescape"))
        elif len(self._line) > LONGEST:
            self.tell("Command exceeds 10 KB\n", last=False)
            self._drain()
        elif not data:
            self.tell("Command not terminated by newline\n")

    def _drain(self) -> None:
        """Read on to the end: who is hung up on while there is more never sees the reply."""
        if self.open:
            self._asked = True
            self._peer.shutdown(SHUT_WR)
            self._loop.watch(self._peer.fileno(), self._drop)

    def _drop(self) -> None:
        try:
            ended = not self._peer.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            ended = True
        if ended:
            self.close()

    def _write(self) -> None:
        try:
            while self._reply:
                self._reply = self._reply[self._peer.send(self._reply) :]
        except BlockingIOError:
            self._loop.forget(self._peer.fileno())
            self._loop.watch(self._peer.fileno(), self._write, POLLOUT)
            self._loop.at(monotonic() + PATIENCE, self._late)
            return
        except OSError:
            self.close()
            return
        if self._last:
            self.close()


class ControlSocket:
    """The socket PATH of a manager; OBEY is called with each client and its line.

    GROUP is one whose members may say something too, beside root and the account of the manager.
    Raises OSError.
    """

    def __init__(
        self,
        loop: "Loop",
        path: bytes,
        obey: "Callable[[Client, str], None]",
        group: int | None = None,
    ) -> None:
        self.path = path
        self._loop = loop
        self._obey = obey
        self._group = group
        self._clients: set[Client] = set()
        self._listener = _listen(path, group)
        self._identity = posix.stat(path).st_ino
        loop.watch(self._listener.fileno(), self._accept)

    def add(self, peer: socket) -> Client:
        """Have PEER, which is connected already, as a client that has been heard."""
        client = Client(self._loop, peer, self._obey, self._clients.discard)
        self._clients.add(client)
        return client

    def stands(self) -> bool:
        """Whether the socket is where it was made. Those who tidy up /tmp remove old ones."""
        try:
            return posix.stat(self.path).st_ino == self._identity
        except OSError:
            return False

    def renew(self) -> None:
        """Make it again: who was connected stays so. Raises OSError, also if another's is there."""
        listener = _listen(self.path, self._group)
        self._loop.forget(self._listener.fileno())
        self._listener.close()
        self._listener, self._identity = listener, posix.stat(self.path).st_ino
        self._loop.watch(listener.fileno(), self._accept)

    def close(self) -> None:
        """Hear no more, and remove the socket if it is still ours."""
        self._loop.forget(self._listener.fileno())
        if self.stands():
            try:
                shared_dir.remove(self.path)
            except OSError:
                # Who starts the next one sees that nobody listens there.
                pass
        self._listener.close()

    def _accept(self) -> None:
        try:
            fd, _ = self._listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001 - of the C module
        except OSError:
            # It has gone, or there is no fd: then it waits.
            return
        peer = socket(AF_UNIX, SOCK_STREAM, 0, fileno=fd)
        posix.set_inheritable(fd, False)
        if not self._may_ask(peer):
            peer.close()
            return
        client = Client(self._loop, peer, self._obey, self._left)
        self._clients.add(client)
        if len(self._clients) >= MANY:
            self._loop.forget(self._listener.fileno())

    def _left(self, client: Client) -> None:
        self._clients.discard(client)
        if self._listener.fileno() >= 0 and len(self._clients) == MANY - 1:
            self._loop.watch(self._listener.fileno(), self._accept)

    def _may_ask(self, peer: socket) -> bool:
        """Whether PEER is root's, our account's, or a member of the group."""
        uid, gid = owner(peer)
        if uid in (0, posix.geteuid()) or self._group is None:
            return uid in (0, posix.geteuid())
        try:
            groups = memoryview(peer.getsockopt(SOL_SOCKET, SO_PEERGROUPS, GROUPS)).cast("I")
        except OSError:
            # Linux before 4.13 tells of one only.
            return gid == self._group
        return self._group in [gid, *groups]


def _listen(path: bytes, group: int | None) -> socket:
    """A socket that listens at PATH, where there is none that anybody listens at.

    It gets its mode under another name, so that nobody can connect before.
    """
    directory, name = reach(path)
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
    own = name[:SHORT] + b".%d" % posix.getpid()
    try:
        shared_dir.remove(own, directory)
        listener.bind(_address(path, own, directory))
        try:
            posix.chmod(own, 0o700 if group is None else 0o770, dir_fd=directory)
            if group is not None:
                posix.chown(own, -1, group, dir_fd=directory, follow_symlinks=False)
            listener.listen(128)
            _name(own, name, directory, path)
        finally:
            shared_dir.remove(own, directory)
    except OSError:
        listener.close()
        raise
    finally:
        posix.close(directory)
    return listener


def _address(path: bytes, name: bytes, directory: int) -> bytes:
    """Where NAME in the DIRECTORY of PATH is, short enough for the system where /proc is there."""
    if is_shown():
        return b"/proc/self/fd/%d/" % directory + name
    return path.rpartition(b"/")[0] + b"/" * (b"/" in path) + name


def _name(own: bytes, name: bytes, directory: int, path: bytes) -> None:
    """Have the socket OWN be called NAME, which is PATH, in place of one that nobody listens at."""
    for _ in range(10):
        try:
            shared_dir.link(own, name, directory)
        except FileExistsError:
            if _is_live(path):
                raise OSError(EAGAIN, "") from None
            _check_socket(name, directory)
            shared_dir.remove(name, directory)
        else:
            return
    raise OSError(EAGAIN, "")


def _check_socket(name: bytes, directory: int) -> None:
    """Raise Unsafe where NAME is a file that somebody may want to keep: it is no manager's."""
    try:
        mode = posix.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if not (S_ISSOCK(mode) or S_ISLNK(mode)):
        error = Unsafe(EEXIST, b"there is a file that is no socket")
        error.filename = name.decode("utf-8", "surrogateescape")
        raise error


def _is_live(path: bytes) -> bool:
    """Whether somebody listens at PATH."""
    peer, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC), -1
    try:
        peer.settimeout(1.0)
        place, fd = address(path)
        peer.connect(place)
    except (ConnectionRefusedError, FileNotFoundError):
        return False
    except OSError:
        return True
    finally:
        peer.close()
        if fd >= 0:
            posix.close(fd)
    return True
