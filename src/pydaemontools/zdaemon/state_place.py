"""The directory beside the socket in which a manager keeps what it knows, SOCKET.d.

A service directory for each runner is in it, as pysupervise has them: so pysv can ask there too.
It is locked while a manager starts, and while one ends.
"""

import posix
from errno import EACCES, EAGAIN
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock

from ..base import shared_dir

# Of a service directory; the transcript's own note is beside them.
FILES = b"lock control ok status stat pid state history".split()
NOTE = b"/note"
TRIES = 100  # times that it is removed while we wait for it


class StatePlace:
    """The directory PATH."""

    def __init__(self, path: bytes) -> None:
        self.path = path if path[:1] == b"/" else posix.getcwdb() + b"/" + path
        self._fd = -1

    def stands(self) -> bool:
        """Whether it is there: a manager is, or was and left something to go on with."""
        return posix.access(self.path, posix.F_OK)

    def lock(self, *, wait: bool) -> bool:
        """Lock it, or WAIT until that can be; whether it is. It is made if it is not there.

        Raises OSError.
        """
        for _ in range(TRIES):
            if self._fd < 0:
                self._fd = self._open()
            try:
                flock(self._fd, LOCK_EX if wait else LOCK_EX | LOCK_NB)
            except OSError as error:
                if error.errno not in (EAGAIN, EACCES):
                    raise
                return False
            if self._is_locked():
                return True
            # It was removed meanwhile, by one that ended.
            posix.close(self._fd)
            self._fd = -1
        return False

    def is_empty(self) -> bool:
        """Whether there is nothing in it yet. Raises OSError."""
        return not posix.listdir(self.path)

    def unlock(self) -> None:
        """Let others start a manager, and see that there is one."""
        flock(self._fd, LOCK_UN)

    def make(self, name: bytes) -> bytes:
        """Make the service directory NAME, and that of its logger; return its path."""
        place = self.path + b"/" + name
        for one in (self.path, place, place + b"/log"):
            _make(one)
        return place

    def remove(self, names: list[bytes]) -> None:
        """Remove it, with the service directories NAMES, as far as there is nothing of others."""
        for name in names:
            for place in (self.path + b"/" + name + b"/log", self.path + b"/" + name):
                for file in FILES:
                    _remove(place + b"/supervise/" + file)
                _remove_directory(place + b"/supervise")
                _remove(place + NOTE)
                _remove_directory(place)
        _remove_directory(self.path)

    def _open(self) -> int:
        _make(self.path)
        return shared_dir.open_directory(self.path)

    def _is_locked(self) -> bool:
        """Whether what we have open, and locked, is what stands there."""
        try:
            found = posix.stat(self.path)
        except FileNotFoundError:
            return False
        ours = posix.fstat(self._fd)
        return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)


def _make(path: bytes) -> None:
    try:
        shared_dir.make_directory(path)
    except FileExistsError:
        pass
    except OSError as error:
        error.filename = path
        raise


def _remove(path: bytes) -> None:
    try:
        shared_dir.remove(path)
    except OSError:
        # It is no file of ours.
        pass


def _remove_directory(path: bytes) -> None:
    try:
        posix.rmdir(path)
    except OSError:
        # Something of others is in it, or it is not there.
        pass
