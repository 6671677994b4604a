"""How the originals read a status: as many bytes as they know, and no question of the sense."""

from ..supervise.status import Status, decode
from .servicefiles import OK, STATUS, Trouble, attend, read_file


class RawReader:
    """Reads the first LENGTH bytes of the status of one service after the other.

    Where that fails halfway, the originals go on with what they have: the first bytes are new,
    and the others those of the status before. That is the status of the Trouble.
    """

    def __init__(self, length: int) -> None:
        self.data = bytes(length)

    def read(self) -> Status:
        """The status of the service in the current directory, if supervised; raises Trouble."""
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
