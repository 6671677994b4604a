"""The fifo by which a scanner is told: .pysvscan/control in its directory."""

import posix
from time import monotonic

from ..base import cli, shared_dir
from ..base.errors import error_str
from ..base.overview import CONTROL, PLACE
from ..jobs.loop import Loop
from .scanner import WHO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

AGAIN = 5.0  # seconds until it is tried again to make it


class ScanControl:
    """Calls HEAR with each letter that comes in by the fifo in the current directory."""

    def __init__(self, loop: Loop, hear: "Callable[[str], None]") -> None:
        self._loop = loop
        self._hear_letter = hear
        self._fd = -1
        self._said = b""
        self._look()

    def _look(self) -> None:
        """Make it, if it is not there; it is looked after."""
        self._loop.at(monotonic() + AGAIN, self._look)
        try:
            if not self._stands():
                self._open()
        except OSError as error:
            said = b"unable to create " + PLACE + b"/" + CONTROL + b": " + error_str(error)
            if said != self._said:
                self._said = said
                cli.say(WHO + b": warning: " + said)

    def _stands(self) -> bool:
        try:
            found = posix.stat(PLACE + b"/" + CONTROL)
        except FileNotFoundError:
            return False
        return self._fd >= 0 and found.st_ino == posix.fstat(self._fd).st_ino

    def _open(self) -> None:
        try:
            shared_dir.make_directory(PLACE)
        except FileExistsError:
            pass
        place = shared_dir.open_directory(PLACE)
        try:
            fd = shared_dir.make_fifo(CONTROL, posix.O_RDWR, place, 0o600)
        finally:
            posix.close(place)
        if self._fd >= 0:
            self._loop.forget(self._fd)
            posix.close(self._fd)
        self._fd = fd
        self._loop.watch(fd, self._hear)

    def _hear(self) -> None:
        try:
            letters = posix.read(self._fd, 4096)
        except BlockingIOError:
            return
        for letter in letters.decode("latin-1"):
            self._hear_letter(letter)
