"""What a client says to a manager, and hears: one line over a socket, and the reply to its end.

The commands are zdaemon's, so that either side may be an old one: start, stop, restart, status,
kill [SIGNAL], reopen_transcript. Each may be followed by the NAME of a runner, behind the signal
where there is one; without one it is for all of them, and status is that of the first. Ours
alone is

    wait started [NAME]     "started" or "failed", and what is known of it, when it is known
    wait stopped [NAME]     "stopped", when nothing of it runs

which an old manager does not know. Whoever answers is looked at before anything is said, and
nothing that it says is evaluated.
"""

import posix
from _socket import (
    AF_UNIX,
    MSG_NOSIGNAL,
    SHUT_WR,
    SO_PEERCRED,
    SOCK_CLOEXEC,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
)
from _struct import Struct
from errno import EACCES, ECONNREFUSED, ENOENT, ENOTDIR, EPERM
from time import monotonic

from ..base.errors import error_str
from ..base.process import fsencode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

TIMEOUT = 10.0  # seconds that a manager has for a reply
MOST = 1 << 18  # bytes of a reply: a status holds the words of a program
LONGEST = 100  # bytes of a path that every system takes as an address
CREDENTIALS = Struct("iII")  # pid, uid and gid of whoever listens
UNKNOWN = "Unknown command "  # what the reply to any other command begins with


class Unanswered(Exception):
    """The manager did not answer; `reason` says why. It may run."""

    def __init__(self, socket_name: str, reason: str) -> None:
        super().__init__(f"unable to ask the manager at {socket_name}: {reason}")
        self.socket_name = socket_name
        self.reason = reason


class NotRunning(Unanswered):
    """There is no manager: no socket, or a STALE one that was left by one that was killed."""

    def __init__(self, socket_name: str, *, stale: bool = False) -> None:
        reason = "nobody listens there any more" if stale else "there is no such socket"
        super().__init__(socket_name, reason)
        self.stale = stale


class ManagerStatus:
    """What a manager says of a runner: `up` is whether there is a manager.

    `pid` is the program's, 0 if there is none; `should_be_up`, whether there is to be one;
    `testing`, whether its start test runs; `manager` its pid; `args` the words of the program,
    None if they cannot be read; `text` the whole reply, as it came.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.values = dict(line.partition("=")[::2] for line in text.splitlines())
        self.up = self._number("application") is not None
        self.pid = self._number("application") or 0
        # 2.0.x calls it its mood, which is 1 if so.
        wish = self.values.get("should_be_up", self.values.get("mood", "1"))
        self.should_be_up = self.up and wish.lstrip("-").isdigit() and int(wish[:9]) > 0
        self.testing = bool(self._number("testing"))
        self.manager = self._number("manager") or 0
        self.args = _words(self.values["args"]) if "args" in self.values else None

    def _number(self, key: str) -> int | None:
        value = self.values.get(key, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def ask(
    socket_name: str,
    line: str,
    timeout: float | None = TIMEOUT,
    accounts: "Collection[int]" = (),
) -> str:
    """What the manager at SOCKET_NAME replies to LINE, within TIMEOUT seconds (None: ever).

    It has to be root's, our own account's, or one of ACCOUNTS'. An empty reply says that it
    ended. Raises NotRunning, Unanswered.
    """
    end = None if timeout is None else monotonic() + timeout
    peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
    try:
        _connect(peer, socket_name, end)
        _check(peer, socket_name, accounts)
        # One that is about to end may have closed it: that is no reason to be killed.
        peer.sendall(line.encode("utf-8", "surrogateescape") + b"\n", MSG_NOSIGNAL)
        peer.shutdown(SHUT_WR)
        return _reply(peer, socket_name, end)
    except TimeoutError:
        reason = f"it says nothing for {timeout:g} seconds"
        raise Unanswered(socket_name, reason) from None
    except (ConnectionResetError, BrokenPipeError):
        return ""
    except OSError as error:
        reason = error_str(error).decode()
        if error.errno in (EACCES, EPERM):
            reason += _whose(socket_name)
        raise Unanswered(socket_name, reason) from None
    finally:
        peer.close()


def status(
    socket_name: str, name: str = "", accounts: "Collection[int]" = (), timeout: float = TIMEOUT
) -> ManagerStatus:
    """How the runner NAME is; not `up` if there is no manager. Raises Unanswered."""
    try:
        return ManagerStatus(ask(socket_name, f"status {name}".rstrip(), timeout, accounts))
    except NotRunning:
        return ManagerStatus()


def address(socket_name: str | bytes) -> tuple[bytes, int]:
    """Where SOCKET_NAME is, short enough for the system, and an fd to be open meanwhile or -1."""
    path = socket_name if isinstance(socket_name, bytes) else fsencode(socket_name)
    if len(path) <= LONGEST:
        return path, -1
    from ..base.reach import LINK, reach

    directory, last = reach(path, follow=True)
    try:
        # The socket itself: its name alone may be too long.
        fd = posix.open(last, LINK, dir_fd=directory)
    finally:
        posix.close(directory)
    return b"/proc/self/fd/%d" % fd, fd


def owner(peer: socket) -> tuple[int, int]:
    """The account and the group of whoever is at the other end of PEER."""
    _, uid, gid = CREDENTIALS.unpack(peer.getsockopt(SOL_SOCKET, SO_PEERCRED, CREDENTIALS.size))
    return uid, gid


def _connect(peer: socket, socket_name: str, end: float | None) -> None:
    _limit(peer, end)
    fd = -1
    try:
        place, fd = address(socket_name)
        peer.connect(place)
    except BlockingIOError:
        raise Unanswered(socket_name, "too many others are asking it") from None
    except OSError as error:
        if error.errno in (ENOENT, ENOTDIR):
            raise NotRunning(socket_name) from None
        if error.errno == ECONNREFUSED:
            raise NotRunning(socket_name, stale=True) from None
        raise
    finally:
        if fd >= 0:
            posix.close(fd)


def _check(peer: socket, socket_name: str, accounts: "Collection[int]") -> None:
    uid, _ = owner(peer)
    if uid not in (0, posix.geteuid(), *accounts):
        raise Unanswered(socket_name, f"it is another account's: {_account(uid)}")


def _whose(socket_name: str) -> str:
    """Words for the account that the socket is of, if that is known."""
    try:
        uid = posix.lstat(socket_name).st_uid
    except OSError:
        return ""
    return f": it is {_account(uid)}'s"


def _account(uid: int) -> str:
    from ..base.errors import user

    return user(uid).decode("utf-8", "replace")


def _reply(peer: socket, socket_name: str, end: float | None) -> str:
    parts: list[bytes] = []
    size = 0
    while True:
        _limit(peer, end)
        data = peer.recv(65536)
        if not data:
            return b"".join(parts).decode("utf-8", "surrogateescape")
        parts.append(data)
        size += len(data)
        if size > MOST:
            raise Unanswered(socket_name, f"its reply is longer than {MOST} bytes")


def _limit(peer: socket, end: float | None) -> None:
    """Have the next call on PEER end when the clock says END. Raises TimeoutError."""
    if end is None:
        return
    rest = end - monotonic()
    if rest <= 0:
        raise TimeoutError
    peer.settimeout(rest)


def _words(text: str) -> tuple[str, ...] | None:
    """The words that TEXT lists as Python writes a list of them; None if it is something else."""
    from ast import literal_eval

    try:
        found = literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        return None
    return tuple(found)
