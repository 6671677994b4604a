"""The finished files of a log: named by their time, and no more of them than were asked for."""

import posix
from _stat import S_ISREG
from errno import EISDIR, EPERM

from ...base.printable import plain
from ...base.process import fsencode
from ...base.shared_dir import link
from ...base.tai64 import after, stamp, unpack
from ..pipe import background
from .current import CURRENT
from .folder import Folder

LABEL = 25  # bytes of a name that are its time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .retention import Retention


class Finished:
    """The finished files in FOLDER: KEEP, with `current`, and TOTAL bytes if that is not 0.

    `current` is reckoned with SIZE bytes. RETENTION, once there is one, says which are too old.
    What raises an OSError may be done again.
    """

    __slots__ = (
        "_folder",
        "_keep",
        "_newest",
        "_removal",
        "_room",
        "_stays",
        "_total",
        "retention",
        "waiting",
    )

    def __init__(self, folder: Folder, keep: int, total: int, size: int) -> None:
        self._folder = folder
        self._keep = keep
        self._total = total
        self._room = total - size
        self._newest = b""  # the time in the newest name, once it was looked for
        self._stays: tuple[bytes, ...] = ()  # names of what cannot be removed, which was said
        self.retention: Retention | None = None
        self._removal: background.Job | None = None  # a thread that removes files
        self.waiting = False  # whether there are more, which have to wait for it

    @property
    def removing(self) -> bool:
        """Whether a thread is busy with removing files."""
        return bool(self._removal and not self._removal.done)

    @property
    def surplus(self) -> bool:
        """Whether files can be removed now that had to wait, or that could not be removed."""
        job = self._removal
        return bool(job and job.done and (self.waiting or job.error))

    def forget(self) -> None:
        """Look for the newest name again: the files may be others now."""
        self._newest = b""

    def file(self, name: bytes, code: bytes) -> None:
        """File NAME, if it is there, under its time and with CODE, and drop what is too old."""
        folder = self._folder
        folder.about_to(b"stat", name)
        found = folder.find(name)
        if not found:
            return
        if found.st_nlink == 1:
            if not self._newest:
                labels = filter(is_label, (old[:LABEL] for old in self._names()))
                self._newest = max(labels, default="").encode()
            folder.about_to(b"link to", name)
            label = stamp()
            if label <= self._newest:
                # The clock went back: by its time this one would be the first to be removed.
                label = after(self._newest)
            to = label + b"." + code
            link(name, to, folder.fd)
            self._newest = label
        folder.unlink(name)
        self.prune()

    def _names(self) -> list[str]:
        """Return the names of the finished files, in no order."""
        self._folder.doing = b"read " + self._folder.path
        names = posix.listdir(self._folder.fd)
        return [name for name in names if name[:1] == "@" and len(name) >= LABEL]

    def newest_line(self) -> float:
        """Return when the newest line of the log was written; 0 if there is none."""
        last = max(self._names(), default="")
        found = self._folder.find(CURRENT) or (self._folder.find(fsencode(last)) if last else None)
        return found.st_mtime if found else 0.0

    def prune(self) -> None:
        """Remove what is more than is kept, the oldest first."""
        names = sorted(self._names(), reverse=True)
        # One of the files that are kept is `current`.
        kept = names[: self._keep - 1]
        if self._total:
            kept = kept[: self._within_total(kept)]
        if self.retention:
            kept = kept[: len(kept) - self.retention.expired(self._times(reversed(kept)))]
        self._remove([fsencode(name) for name in reversed(names[len(kept) :])])

    def finish(self) -> None:
        """See removed what is to be, also what had to wait: no more files come."""
        while job := self._removal:
            job.wait()
            if job.error or not self.waiting:
                break
            self.prune()

    def _remove(self, names: list[bytes]) -> None:
        """Remove NAMES; where there is a thread for that, later. What cannot be removed by anybody
        stays, is said once, and keeps no other from being removed.
        """
        job, names = self._removal, [name for name in names if name not in self._stays]
        if not background.host:
            self._removed(names, self._folder.fd)
            return
        self.waiting = bool(names and job and not job.done)
        if job and job.done and job.error:
            self._removal = None
            self._folder.about_to(b"remove", plain(job.error.filename))
            raise job.error
        if self.waiting or not names:
            return
        # This directory may be left before that is done.
        directory = posix.dup(self._folder.fd)
        self._removal = background.host.submit(lambda: self._remove_beside(names, directory))

    def _remove_beside(self, names: list[bytes], directory: int) -> None:
        """Remove NAMES in DIRECTORY, which is closed then."""
        try:
            _remove_all(names, directory, self._let_stay)
        finally:
            posix.close(directory)

    def _removed(self, names: list[bytes], directory: int) -> None:
        """Remove NAMES in DIRECTORY now."""
        try:
            _remove_all(names, directory, self._let_stay)
        except OSError as error:
            self._folder.about_to(b"remove", plain(error.filename))
            raise

    def _let_stay(self, name: bytes) -> None:
        self._stays += (name,)

    def _times(self, names: "Iterator[str]") -> "Iterator[tuple[float, float]]":
        """Yield of each file of NAMES the time in its name and its mtime; 0 if one is not known."""
        for name in names:
            self._folder.about_to(b"stat", plain(fsencode(name)))
            found = self._folder.find(fsencode(name))
            regular = found is not None and S_ISREG(found.st_mode)
            yield (_time(name), found.st_mtime) if found and regular else (0.0, 0.0)

    def _within_total(self, names: list[str]) -> int:
        """Return how many of NAMES, the newest first, have room together."""
        room = self._room
        for count, name in enumerate(names):
            room -= self._folder.stat(fsencode(name)).st_size
            if room < 0:
                return count
        return len(names)


def _remove_all(names: list[bytes], directory: int, let_stay: "Callable[[bytes], None]") -> None:
    """Remove the files NAMES in DIRECTORY. Raises OSError with the name that it is about; for what
    is no file, or immutable, only once all others are gone, and LET_STAY knows.
    """
    trouble: OSError | None = None
    for name in names:
        try:
            posix.unlink(name, dir_fd=directory)
        except FileNotFoundError:
            pass
        except OSError as error:
            error.filename = name
            if error.errno not in {EISDIR, EPERM}:
                raise
            let_stay(name)
            trouble = error
    if trouble:
        raise trouble


def _time(name: str) -> float:
    """Return the time in NAME, in seconds of Unix time; 0 if there is none."""
    label = name[:LABEL]
    return unpack(bytes.fromhex(label[1:])) / 1e9 if is_label(label) else 0.0


def is_label(name: str) -> bool:
    """Return whether NAME is a time, and not only as long as one; before TAI64 ends."""
    return name < "@8" and not name[1:].strip("0123456789abcdef")
