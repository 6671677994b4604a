"""The directory of a spool, which is ours alone. The file `state` says up to where all was
delivered, and `connection` between which ends the last connection was.
"""

import posix
import time
from _struct import Struct
from binascii import crc32
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock

from .segments import ends

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.targets import Target

STATE = Struct(">Q16sI")  # which of the two slots is newer, a position, a checksum
SLOT = 512  # bytes: one sector, so that not even a crash of the machine mixes two
DIRECTORY = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC
OPEN = posix.O_RDWR | posix.O_CREAT | posix.O_CLOEXEC | posix.O_NOFOLLOW


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
                    posix.mkdir(one, 0o700)
                except FileExistsError:
                    pass
            doing = b"lock the spool "
            self.fd = posix.open(path, DIRECTORY)
            self._lock = posix.open(b"lock", OPEN, 0o600, dir_fd=self.fd)
            flock(self._lock, LOCK_EX | LOCK_NB)
            doing = b"open the spool "
            self.state = State(self.fd)
            self.idle = max(0.0, time.time() - self.state.changed)
            self._connection = posix.open(b"connection", OPEN, 0o600, dir_fd=self.fd)
            self.connection = posix.read(self._connection, 4096)
        except OSError as error:
            self._let_go()
            raise OSError(error.errno, "", doing + path) from None

    def connected(self, ends: bytes) -> None:
        """What follows is sent over the connection between ENDS; over none if that is empty."""
        self.connection = ends
        try:
            posix.ftruncate(self._connection, 0)
            posix.pwrite(self._connection, ends, 0)
        except OSError:
            # Then nobody waits for it if we are killed.
            pass

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


class State:
    """The file `state` in DIRECTORY: a position, in two slots that are written in turn."""

    def __init__(self, directory: int) -> None:
        self._fd = posix.open(b"state", OPEN, 0o600, dir_fd=directory)
        slots = [posix.pread(self._fd, STATE.size, at) for at in (0, SLOT)]
        found = [STATE.unpack(slot)[:2] for slot in slots if _whole(slot)]
        self.changed = posix.fstat(self._fd).st_mtime
        self._number, at = max(found, default=(0, b""))
        self.at = int.from_bytes(at, "big")

    def write(self, at: int) -> None:
        """Say AT from now on. Raises OSError."""
        number = self._number + 1
        text = number.to_bytes(8, "big") + at.to_bytes(16, "big")
        posix.pwrite(self._fd, text + crc32(text).to_bytes(4, "big"), number % 2 * SLOT)
        self._number, self.at = number, at

    def close(self) -> None:
        """Close it."""
        posix.close(self._fd)


def _whole(slot: bytes) -> bool:
    return len(slot) == STATE.size and crc32(slot[:-4]).to_bytes(4, "big") == slot[-4:]


def name(place: "Target", form: bytes) -> bytes:
    """What the directory of PLACE is called for messages of the format FORM, which are framed
    already there: nothing in it needs to be quoted.
    """
    where = b"%b_%b_%d" % (place.kind, place.host, place.port)
    if form != b"5424":
        where += b"_" + form
    return bytes(byte if chr(byte).isalnum() or byte in b"._-" else 0x5F for byte in where)


def left(path: bytes) -> bool:
    """Whether there is something in the spool at PATH that was not delivered."""
    try:
        directory = posix.open(path, DIRECTORY)
    except OSError:
        return False
    try:
        state = State(directory)
        state.close()
        return any(end > state.at for end in ends(directory))
    except OSError:
        return False
    finally:
        posix.close(directory)
