"""A service directory from outside: whether anybody is there, what it says, what it is told.

AT stands before each name: nothing for the current directory, or "web/" for another. The
originals go into each directory and come back, since that is what their errors speak of.
"""

import posix
from errno import EISDIR, ENOENT, ENXIO

from ..base import cli, shared_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..base.status import Status

READ = posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC
OK = b"supervise/ok"
STATUS = b"supervise/status"
CONTROL = b"supervise/control"
MOST = 1 << 20  # bytes that one of these files may hold


class Trouble(Exception):
    """Why a service cannot be looked at: what failed, the error if the system gave one.

    status: what an original goes on with.
    """

    status: "Status | None" = None

    def __init__(self, text: bytes, error: OSError | None = None) -> None:
        super().__init__(text, error)
        self.text = text
        self.error = error

    @property
    def nobody(self) -> bool:
        """Whether it is that no supervisor runs here: then a fifo of its has no reader."""
        fifo = self.text != b"unable to open " + STATUS
        return fifo and self.error is not None and self.error.errno == ENXIO

    @property
    def unsupervised(self) -> bool:
        """Whether no supervisor runs here, or none ever has: to a person that is the same."""
        error = self.error.errno if self.error else 0
        return self.nobody or (self.text == b"unable to open " + OK and error == ENOENT)

    @property
    def begins(self) -> bool:
        """Whether a supervisor runs here that has just begun, with many others."""
        error = self.error.errno if self.error else 0
        return self.text == b"unable to open " + STATUS and error == ENOENT

    def words(self) -> bytes:
        """The trouble in one line, in djb's words."""
        return self.text if self.error is None else self.text + b": " + reason(self.error)

    def plainly(self) -> bytes:
        """The trouble in one line, to a person who need not know the names of files."""
        if self.unsupervised:
            return b"supervise not running"
        if self.begins:
            return b"its supervisor has not yet said how it is"
        return self.words()


def reason(error: OSError) -> bytes:
    """The reason of ERROR, in djb's words."""
    from ..base.errors import error_str

    return error_str(error)


def attend(name: bytes) -> None:
    """Return if somebody reads the fifo NAME; raises OSError, ENXIO if nobody does."""
    posix.close(shared_dir.open_fifo(name))


def open_control() -> int:
    """The fifo by which the supervisor of the current directory is told; raises OSError."""
    return shared_dir.open_fifo(CONTROL)


def read_file(name: bytes, at: bytes, length: int | None = None) -> bytes:
    """The file NAME, or its first LENGTH bytes; raises Trouble.

    Of what is read to its end, which only our own supervisor writes, there may be nothing.
    """
    try:
        fd = shared_dir.open_file(at + name, posix.O_RDONLY)
    except OSError as error:
        if length is None and error.errno == ENOENT:
            return b""
        # A directory could be opened, and not read.
        verb = b"unable to read " if error.errno == EISDIR else b"unable to open "
        raise Trouble(verb + name, error) from None
    try:
        # What has a length is told by its beginning.
        return shared_dir.read_fd(fd, MOST) if length is None else posix.read(fd, length)
    except OSError as error:
        raise Trouble(b"unable to read " + name, error) from None
    finally:
        posix.close(fd)


class RawReader:
    """Reads the first LENGTH bytes of the status of one service after the other.

    Where that fails halfway, the originals go on with what they have: the first bytes are new,
    and the others those of the status before. That is the status of the Trouble.
    """

    def __init__(self, length: int) -> None:
        self.data = bytes(length)

    def read(self) -> "Status":
        """The status of the service in the current directory, if supervised; raises Trouble."""
        # Only those who read one import what it consists of.
        from ..base.status import decode

        try:
            attend(OK)
        except OSError as error:
            raise Trouble(b"unable to open supervise/ok", error) from None
        length = len(self.data)
        try:
            data = read_file(STATUS, b"", length)
            self.data = data + self.data[len(data) :]
            if len(data) < length:
                raise Trouble(b"unable to read supervise/status: bad format")
        except Trouble as trouble:
            trouble.status = decode(self.data)
            raise
        return decode(self.data)


def normally_up(at: bytes = b"") -> bool:
    """Whether there is no file `down`; raises OSError where that cannot be told."""
    try:
        posix.stat(at + b"down")
    except OSError as error:
        if error.errno != ENOENT:
            raise
        return True
    return False


class Home:
    """The directory we are in, to come back to; raises Quit if it cannot be opened.

    An original has to be able to read it. We have not: O_PATH is enough to come back.
    """

    def __init__(self, *, own: bool) -> None:
        flags = posix.O_PATH if own else READ
        try:
            self.fd = posix.open(b".", flags | posix.O_CLOEXEC)
        except OSError as error:
            raise cli.fatal(b"unable to open current directory", error) from None

    def back(self) -> None:
        """Go back; raises Quit where that is not to be."""
        try:
            posix.fchdir(self.fd)
        except OSError as error:
            raise cli.fatal(b"unable to set directory", error) from None
