"""A log directory of svlogd's (runit 2.1.2): how it is had, and the old files in it.

Each is called by the time of its end, @TAI64N and a letter: s once it is done, u while it was not
marked as complete or is being processed, t what a processor makes of it. `doing` says what goes
wrong as svlogd says it, without the directory.
"""

import posix
from errno import ENOENT, ENOSPC, ENOTDIR

from ...base import shared_dir
from ...base.errors import error_str
from ...base.locks import lock
from ...base.process import fsencode
from ...base.tai64 import after, stamp
from .finished import LABEL, is_label
from .folder import APPEND, Folder

NAME = 27  # bytes of an old file's name
WRITING = b"write to current"
CONFIG = 1 << 20  # bytes of a config file, at the most

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class NoFolderError(Exception):
    """A log directory that is not to be had; its argument says why, in words."""


class SvlogdFolder(Folder):
    """The directory PATH, if it is there. SAY takes a kind of message and its text."""

    def __init__(self, path: bytes, say: "Callable[[bytes, bytes], None]") -> None:
        super().__init__(path)
        self.say = say

    def acquire(self, *, patient: bool) -> None:  # noqa: ARG002 - svlogd waits for nobody
        """Have the directory for ourselves. Raises NoFolderError."""
        try:
            self.fd = shared_dir.open_directory(self.path)
        except OSError as error:
            if error.errno != ENOTDIR:
                raise self._none(b"open log directory", error) from None
            self.say(b"info", b"close: ")
            raise self._none(b"change directory", error) from None
        try:
            self.doing = b"change directory"
            posix.stat(b".", dir_fd=self.fd)
            self.doing = b"lock directory"
            self._lock = self.open(b"lock", APPEND, 0o600)
            lock(self._lock)
        except OSError as error:
            self.say(b"info", b"close: ")
            self.release()
            raise self._none(self.doing, error) from None

    def renew(self) -> bool:
        """Have the directory that stands where ours was removed; return whether there is one."""
        other = SvlogdFolder(self.path, lambda _kind, _text: None)
        try:
            other.acquire(patient=False)
        except NoFolderError:
            return False
        self.release()
        self.fd, self._lock = other.fd, other._lock
        return True

    def _none(self, what: bytes, error: OSError) -> NoFolderError:
        return NoFolderError(self.told(what, error))

    def told(self, what: bytes, error: OSError, name: bytes = b"") -> bytes:
        """Return the words for WHAT could not be done, to the directory or NAME, for an ERROR."""
        return b"unable to " + what + b": " + (name or self.path) + b": " + error_str(error)

    def config(self) -> bytes:
        """Return what the config file says; nothing if there is none."""
        try:
            text = shared_dir.read_file(b"config", CONFIG, self.fd, follow=True)
        except OSError as error:
            if error.errno == ENOENT:
                return b""
            self.say(b"warning", self.told(b"read config", error))
            text = b""
        self.say(b"info", b"read: " + self.path + b"/config")
        return text

    def move(self, name: bytes, to: bytes, what: bytes) -> None:
        """Have the file NAME be called TO; WHAT is that in words."""
        self.doing = b"rename " + what
        shared_dir.rename(name, to, self.fd)

    def new_name(self, letter: bytes) -> bytes:
        """Return the name of a file that ends now, with that LETTER; behind those of all others.

        Where the clock went back it would be the first to be removed.
        """
        labels = filter(is_label, (name[:LABEL].decode("ascii", "replace") for name in self._old()))
        newest = max(labels, default="").encode()
        label = stamp()
        return (label if label > newest else after(newest)) + b"." + letter

    def _old(self) -> list[bytes]:
        """Return the names of the old files, the oldest first, and of what processors left."""
        names = [name for name in posix.listdir(self.fd) if name[:1] == "@"]
        return sorted(name for name in map(fsencode, names) if len(name) == NAME)

    def prune(self, keep: int) -> None:
        """Remove the oldest file if there are more than KEEP, all of them if that is 0; and what
        processors left. Those that were not marked as complete are not counted, and stay.
        """
        self.doing = b"open directory, want rotate"
        files = []
        for name in self._old():
            if name[26:] == b"t":
                self._unlink(name, b"unlink processor leftover", name)
            elif name[26:] != b"u":
                files.append(name)
        if keep and len(files) > keep:
            self.say(b"info", b"delete: " + self.path + b"/" + files[0])
            self._unlink(files[0], b"unlink oldest logfile")

    def make_room(self, error: OSError, few: int, pending: bytes) -> bool:
        """Remove the oldest file if ERROR is that the disk is full, and there are more than FEW;
        return whether one was.
        """
        if error.errno != ENOSPC or self.doing != WRITING:
            return False
        files = self._old()
        oldest = next((name for name in files if name != pending), b"")
        if len(files) <= few or not oldest:
            return False
        self.say(b"warning", b"out of disk space, delete: " + self.path + b"/" + oldest)
        return self._unlink(oldest, b"unlink oldest logfile")

    def _unlink(self, name: bytes, what: bytes, shown: bytes = b"") -> bool:
        try:
            posix.unlink(name, dir_fd=self.fd)
        except OSError as error:
            self.say(b"warning", self.told(what, error, shown))
            return False
        return True

    def drop_twins(self) -> None:
        """Remove what a processor has done with, where a kill left that beside what came of it."""
        names = self._old()
        for name in names:
            if name[26:] == b"u" and name[:26] + b"s" in names:
                self._unlink(name, b"unlink", name)
