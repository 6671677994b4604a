"""The directory of a spool, which is ours alone. The file `state` says up to where all was
delivered, and how much there has to be behind that; `connection` between which endpoints the last
connection was.
"""

import posix
import time
from binascii import crc32
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock

from ...base.reserve import reserve
from ...base.shared_dir import make_directory, open_directory, open_file
from ...base.two_slots import TwoSlots
from .segments import segment_ends

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.targets import Target

OPEN = posix.O_RDWR | posix.O_CREAT
ENDPOINTS = 256  # bytes in `connection`, at the most


class SpoolDir:
    """The directory PATH in PARENT, both made if they are not there. Raises OSError, whose filename
    is what could not be done, in words.
    """

    def __init__(self, parent: bytes, path: bytes) -> None:
        self.fd = self._lock = self._connection = -1
        doing = b"make the spool "
        try:
            for one in parent, path:
                try:
                    make_directory(one)
                except FileExistsError:
                    pass
            doing = b"lock the spool "
            self.fd = open_directory(path)
            self._lock = open_file(b"lock", OPEN, self.fd, mode=0o600)
            flock(self._lock, LOCK_EX | LOCK_NB)
            doing = b"open the spool "
            self.state = PositionFile(self.fd)
            self.idle = max(0.0, time.time() - self.state.changed)
            self._connection = open_file(b"connection", OPEN, self.fd, mode=0o600)
            reserve(self._connection, ENDPOINTS)
            self.connection = posix.read(self._connection, 4096)
        except OSError as error:
            self._let_go()
            error.filename = doing + path
            raise

    def connected(self, endpoints: bytes) -> None:
        """Note the connection between ENDPOINTS that is used now; none if that is empty."""
        self.connection = endpoints
        try:
            posix.ftruncate(self._connection, 0)
            # Where there was room there still is.
            reserve(self._connection, ENDPOINTS)
            posix.pwrite(self._connection, endpoints, 0)
        except OSError:
            # Then nobody waits for it if we are killed.
            pass

    def room(self) -> int:
        """Return how many bytes the disk has for us; 0 if it does not say."""
        try:
            disk = posix.fstatvfs(self.fd)
        except OSError:
            return 0
        return disk.f_bavail * disk.f_frsize

    def unlock(self) -> None:
        """Let another one have it."""
        flock(self._lock, LOCK_UN)

    def close(self) -> None:
        """Let go of it."""
        self.state.close()
        self._let_go()

    def _let_go(self) -> None:
        for fd in self._connection, self._lock, self.fd:
            if fd >= 0:
                posix.close(fd)


class SpoolState:
    """What was delivered: all before AT. And what is in, and in the pipe at the most as long as
    the intent log says so: all before END, of which LEFT bytes were not delivered.
    """

    def __init__(self, at: int = 0, end: int = 0, left: int = 0) -> None:
        self.at = at
        self.end = end
        self.left = left


class PositionFile:
    """The file `state` in DIRECTORY, what it says in two slots that are written in turn."""

    def __init__(self, directory: int) -> None:
        self._slots = TwoSlots(open_file(b"state", OPEN, directory, mode=0o600))
        self.changed = posix.fstat(self._slots.fd).st_mtime
        known = self._slots.read(_parse)
        self.known = known or SpoolState()
        self.readable = known is not None
        self.empty = not posix.fstat(self._slots.fd).st_size

    def write(self, state: SpoolState) -> None:
        """Say STATE from now on. Raises OSError."""
        self._slots.write(lambda number: _emit(number, state))
        self.known = state

    def close(self) -> None:
        """Close it."""
        posix.close(self._slots.fd)


def _emit(number: int, state: SpoolState) -> bytes:
    """Return the text of a slot: its NUMBER, the position up to where all was delivered, and a
    checksum; then the rest, which earlier releases do not know, and the sum of all that.
    """
    text = _summed(number.to_bytes(8, "big") + state.at.to_bytes(16, "big"))
    return _summed(text + state.end.to_bytes(16, "big") + state.left.to_bytes(16, "big"))


def _parse(slot: bytes) -> tuple[int, SpoolState] | None:
    """Return the number and the state in SLOT; None if they are no complete text."""
    number, at = int.from_bytes(slot[:8], "big"), int.from_bytes(slot[8:24], "big")
    # Nobody counts as far as half of what fits.
    if slot[:28] != _summed(slot[:24]) or slot[0] & 0x80:
        return None
    if slot[:64] != _summed(slot[:60]):
        return number, SpoolState(at)
    return number, SpoolState(at, *(int.from_bytes(slot[i : i + 16], "big") for i in (28, 44)))


def _summed(text: bytes) -> bytes:
    """Return TEXT with its checksum behind it."""
    return text + crc32(text).to_bytes(4, "big")


def directory_name(target: "Target", form: bytes) -> bytes:
    """Return what the directory for TARGET is called where messages are of the format FORM, which
    are framed already there: nothing in it needs to be quoted.
    """
    name = b"%b_%b_%d" % (target.kind, target.host, target.port)
    if form != b"5424":
        name += b"_" + form
    return bytes(byte if chr(byte).isalnum() or byte in b"._-" else 0x5F for byte in name)


def has_undelivered(path: bytes) -> bool:
    """Return whether there is something in the spool at PATH that was not delivered."""
    try:
        directory = open_directory(path)
    except OSError:
        return False
    try:
        state = PositionFile(directory)
        state.close()
        return any(end > state.known.at for end in segment_ends(directory))
    except OSError:
        return False
    finally:
        posix.close(directory)
