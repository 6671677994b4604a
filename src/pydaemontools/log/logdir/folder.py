"""A directory that we alone write to, where each thing that is done can be told in words.

Its owner may do what he likes there all the same: base/shared_dir opens all of it.
"""

import posix
from _stat import S_ISREG
from errno import ENOENT

from ...base import shared_dir
from ...base.locks import lock, lock_after
from ...base.printable import plain

ENDING = 1.0  # seconds that a logger whose input has ended has to write the rest
# For reading too: what is in a file that was removed has to be had from the open one.
APPEND = posix.O_RDWR | posix.O_APPEND | posix.O_CREAT


class Folder:
    """The directory PATH. What raises an OSError has said in `doing` what could not be done."""

    __slots__ = ("_lock", "doing", "fd", "path")

    def __init__(self, path: bytes) -> None:
        self.path = path
        self.doing = b""  # what is tried, in words for a message
        self.fd = self._lock = -1

    def acquire(self, *, patient: bool) -> None:
        """Have the directory for ourselves, made if it is not there; PATIENT: after one that ends.

        What is in our pipe would go with the supervisor, if that is killed before we come again.
        The cause of the OSError without a directory is why it could not be made.
        """
        self.doing = b"open directory " + self.path
        refused = None
        try:
            shared_dir.make_directory(self.path)
        except OSError as error:
            refused = error
        try:
            self.fd = shared_dir.open_directory(self.path)
        except FileNotFoundError as error:
            raise error from refused
        self.doing = b"lock directory " + self.path
        self._lock = self.open(b"lock", APPEND, 0o600)
        if patient:
            lock_after(self._lock, patience=ENDING)
        else:
            lock(self._lock)

    def release(self) -> None:
        """Leave the directory to others."""
        for fd in self._lock, self.fd:
            if fd >= 0:
                posix.close(fd)
        self._lock = self.fd = -1

    def removed(self) -> bool:
        """Return whether nobody finds the directory any more."""
        return not posix.fstat(self.fd).st_nlink

    def enter(self) -> None:
        """Make it the current directory."""
        posix.fchdir(self.fd)

    def about_to(self, verb: bytes, name: bytes) -> None:
        """Say that what is tried next is VERB, with the file NAME."""
        self.doing = verb + b" " + self.path + b"/" + name

    def open(self, name: bytes, flags: int, mode: int = 0) -> int:
        """Open the file NAME in the directory."""
        return shared_dir.open_file(name, flags, self.fd, mode=mode)

    def create(self, name: bytes) -> int:
        """Make the file NAME anew, 0644 whatever the umask is, and open it."""
        return shared_dir.make_anew(name, posix.O_RDWR, self.fd, mode=0o644)

    def stat(self, name: bytes) -> posix.stat_result:
        """Return what is known of the file NAME."""
        return posix.stat(name, dir_fd=self.fd, follow_symlinks=False)

    def find(self, name: bytes) -> posix.stat_result | None:
        """Return what is known of the file NAME; None if it is not there."""
        try:
            return self.stat(name)
        except FileNotFoundError:
            return None

    def rename(self, name: bytes, to: bytes) -> None:
        """Have the file NAME be called TO."""
        self.doing = b"rename " + name + b" to " + to + b" in directory " + self.path
        shared_dir.rename(name, to, self.fd)

    def unlink(self, name: bytes) -> None:
        """Remove the file NAME, if it is there."""
        self.about_to(b"remove", plain(name))
        try:
            posix.unlink(name, dir_fd=self.fd)
        except OSError as error:
            if error.errno != ENOENT:
                raise


def is_ours(found: posix.stat_result) -> bool:
    """Return whether what was FOUND is a plain file without another name, as we make them."""
    return S_ISREG(found.st_mode) and found.st_nlink == 1


def cause(error: OSError) -> OSError:
    """Return what ERROR came of, if that is known, or ERROR itself."""
    return error.__cause__ if isinstance(error.__cause__, OSError) else error


def remedy(error: OSError, path: bytes) -> bytes:
    """Return what to do about ERROR, for which the directory PATH could not be had; or nothing."""
    above = path.rstrip(b"/").rpartition(b"/")[0]
    if cause(error).errno == ENOENT and above and not posix.access(above, posix.F_OK):
        return b"only the last directory is made: make " + above
    return b""
