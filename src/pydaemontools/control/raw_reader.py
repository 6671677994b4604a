"""How the originals read a status: as many bytes as they know, and no word about the sense."""

from ..supervise.status import Status, decode
from .servicefiles import OK, STATUS, Trouble, attend, read_file


class RawReader:
    """Reads the status of the service in the current directory; `status` is the last one.

    Where reading fails halfway, the originals go on with what they have, and so does this: its
    first bytes are new, and the others those of the status before.
    """

    def __init__(self, length: int) -> None:
        self.data = bytearray(length)
        self.status: Status = decode(bytes(self.data))

    def read(self) -> None:
        """Read the status of a service whose supervisor runs; raises Trouble."""
        try:
            attend(OK)
        except OSError as error:
            raise Trouble(b"unable to open supervise/ok", error) from None
        data = read_file(STATUS, b"", len(self.data))
        self.data[: len(data)] = data
        self.status = decode(bytes(self.data))
        if len(data) < len(self.data):
            raise Trouble(b"unable to read supervise/status: bad format")
