"""The file `current` of a log directory.

daemontools 0.76, multilog: the execute bit of a file says that all of it is on disk. So `current`
is 0644 while it is written and 0744 after a clean end.
"""

import posix

from ..pipe import background
from .folder import Folder

CURRENT = b"current"
SEEK_END = 2


class Current:
    """The file `current` in FOLDER, open as `fd`, of which `written` bytes are used.

    While there is none, `fd` is -1.
    """

    __slots__ = ("_job", "_synced", "fd", "folder", "written")

    def __init__(self, folder: Folder) -> None:
        self.fd = -1
        self.written = 0
        self.folder = folder
        self._job: background.Job | None = None  # that has what was written on disk
        self._synced = -1  # how much was written when it began

    def create(self) -> None:
        """Begin an empty file."""
        self.fd = self.folder.create(CURRENT)
        self.written = 0

    def append(self) -> None:
        """Go on with the file that is there, and is complete no more."""
        self.folder.about_to(b"append to", CURRENT)
        # Without O_APPEND, which keeps bytes from being moved to it.
        self.fd = self.folder.open(CURRENT, posix.O_RDWR | posix.O_CREAT, 0o644)
        posix.fchmod(self.fd, 0o644)
        self.to_end()

    def to_end(self) -> None:
        """Go on at the end of the file."""
        self.written = posix.lseek(self.fd, 0, SEEK_END)

    def inside(self) -> bool:
        """Return whether the file ends within a line."""
        size = posix.fstat(self.fd).st_size if self.fd >= 0 else 0
        return size > 0 and posix.pread(self.fd, 1, size - 1) != b"\n"

    def removed(self) -> bool:
        """Return whether the file that is open has no name any more."""
        return self.fd >= 0 and not posix.fstat(self.fd).st_nlink

    def missing(self) -> bool:
        """Return whether what was not found is `current`; or, if there is none, the directory."""
        if self.fd < 0:
            return self.folder.removed()
        found = self.folder.find(CURRENT)
        return not found or found.st_ino != posix.fstat(self.fd).st_ino

    def syncing(self) -> bool:
        """Return whether a thread is busy with having all on disk, which it begins if need be."""
        if not background.host or self.fd < 0:
            return False
        if not self._job or (self._job.done and self._synced != self.written):
            fd, self._synced = self.fd, self.written
            self._job = background.host.submit(lambda: posix.fsync(fd))
        return not self._job.done

    def sync(self) -> None:
        """Have all that was written on disk."""
        job = self._job
        if job and job.done and not job.error and self._synced == self.written:
            return
        if self.fd >= 0:
            self.folder.doing = b"write " + self.folder.path + b"/current to disk"
            posix.fsync(self.fd)

    def seal(self) -> None:
        """Have all of the file on disk, and its mode say so."""
        self.sync()
        self.folder.about_to(b"set mode of", CURRENT)
        posix.fchmod(self.fd, 0o744)

    def close(self) -> None:
        """Close the file, as it is."""
        fd, self.fd = self.fd, -1
        job, self._job = self._job, None
        if job:
            # Or another file would be in its place.
            job.wait()
        if fd >= 0:
            posix.close(fd)


def complete(fd: int) -> None:
    """Have all of the file FD on disk, and its mode say so. Raises OSError."""
    posix.fsync(fd)
    posix.fchmod(fd, 0o744)
