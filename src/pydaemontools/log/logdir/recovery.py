"""What becomes of the files that are found in a log directory.

A start goes on with `current` after a clean end, and after a kill if an intent says where; after
any other end it files what there is as cut off, as multilog does. A directory that was removed, and
is had again, may have files too: those are filed as cut off.
"""

import posix
from _stat import S_ISDIR, S_ISREG

from ..pipe.intent import Intent
from .current import CURRENT, Current, complete
from .finished import Finished
from .folder import is_ours

PIECE = 1 << 20  # bytes that are copied in one call
OLDER = 16 << 20  # and of a file, as many as multilog's have, if ours are smaller by now


class Recovery:
    """Makes good what is found where CURRENT and FINISHED are; a processor's file gets CODE."""

    __slots__ = ("code", "current", "finished", "folder")

    def __init__(self, current: Current, finished: Finished, code: bytes) -> None:
        self.folder = current.folder
        self.current = current
        self.finished = finished
        self.code = code

    def start(self, known: tuple[Intent, bool] | None) -> bool:
        """Have a `current` to go on with; return whether `previous` is still to be filed.

        KNOWN is an intent that is believed, and whether its block comes again.
        """
        unfiled = self._resume(*known) if known else None
        return self._start_plainly() if unfiled is None else unfiled

    def _resume(self, intent: Intent, again: bool) -> bool | None:  # noqa: FBT001 - of one pair
        """Go on in the file of INTENT, less what comes AGAIN; return whether `previous` is there.

        None if that cannot be: `current` is another's, or marked as complete.
        """
        found = self.folder.find(CURRENT)
        if not found:
            # Killed between two files.
            if not intent.inode:
                self.finished.file(b"previous", b"u")
            unfiled = self._finish_change()
            self.current.create()
            return unfiled
        end = found.st_size
        ours = found.st_ino == intent.inode and is_ours(found) and not found.st_mode & 0o100
        if end and not (ours and intent.offset <= end and (not again or end <= intent.limit)):
            return None
        unfiled = self._finish_change()
        self.current.append()
        if end and again:
            posix.ftruncate(self.current.fd, intent.offset)
            self.current.to_end()
        return unfiled

    def _finish_change(self) -> bool:
        """See to what a change of files left; return whether `previous` is there, all of it."""
        self._choose_processed()
        self.folder.about_to(b"stat", b"previous")
        found = self.folder.find(b"previous")
        if found and is_ours(found) and not found.st_mode & 0o100:
            # Whoever was to have it on disk was killed before that.
            self.folder.about_to(b"write to disk", b"previous")
            fd = self.folder.open(b"previous", posix.O_RDWR)
            try:
                complete(fd)
            finally:
                posix.close(fd)
        return bool(found)

    def _start_plainly(self) -> bool:
        """Go on with `current` after a clean end; after any other, file what was left."""
        self.folder.about_to(b"stat", CURRENT)
        found = self.folder.find(CURRENT)
        # A directory could not be filed either: to append to it says what it is.
        if found and found.st_mode & 0o100 and (is_ours(found) or S_ISDIR(found.st_mode)):
            self.current.append()
            self.finished.file(b"previous", b"s")
            return False
        for name in b"state", b"newstate":
            try:
                self.folder.unlink(name)
            except OSError:
                # Whatever is wrong with it shows when it is made anew.
                pass
        self.file_unfinished()
        posix.close(self.folder.create(b"state"))
        self.folder.about_to(b"write to", CURRENT)
        self.current.create()
        return False

    def file_unfinished(self) -> None:
        """File what nobody finished; the file `state` is next."""
        self._choose_processed()
        self.finished.file(b"previous", b"u")
        self.finished.file(CURRENT, b"u")
        self.folder.about_to(b"write to", b"state")

    def _choose_processed(self) -> None:
        """Keep a processor's output if it was finished; else its input."""
        found = self.folder.find(b"processed")
        if found and is_ours(found) and found.st_mode & 0o100:
            self.folder.unlink(b"previous")
            self.finished.file(b"processed", self.code)
        elif found:
            self.folder.unlink(b"processed")

    def rest(self, former: int, size: int) -> int:
        """Return from where on FORMER, which was `current`, is to be written again: 0 if nothing of
        it is there; all is where it was only called otherwise. What stands there empty goes.

        Files have up to SIZE bytes, of which no more is looked at.
        """
        self.folder.about_to(b"read", CURRENT)
        kept = posix.fstat(former).st_nlink > 0
        end = _end(former, size)
        found = self.folder.find(CURRENT)
        lacking = None
        if found and not found.st_size and S_ISREG(found.st_mode):
            self.folder.unlink(CURRENT)
        elif found and is_ours(found):
            try:
                copy = self.folder.open(CURRENT, posix.O_RDONLY)
            except PermissionError:
                return end if kept else 0
            from . import copies

            try:
                lacking = copies.lacking(copy, former, end)
            finally:
                posix.close(copy)
        return lacking or (end if kept else 0)

    def copy_rest(self, former: int, start: int, size: int) -> bool:
        """Have all that FORMER has in `previous`, closed; return whether there was anything. Or if
        START is not 0, what it has from there on in a new `current`, which goes on.

        Files have up to SIZE bytes: another account that made this one may have given it no end.
        """
        name = CURRENT if start else b"previous"
        self.folder.about_to(b"write to", name)
        end, at = _end(former, size), start
        if not (end or start):
            return False
        fd = self.folder.create(name)
        try:
            while at < end and (count := posix.sendfile(fd, former, at, min(PIECE, end - at))):
                at += count
            if start:
                self.current.fd, fd = fd, -1
                self.current.to_end()
            else:
                complete(fd)
        finally:
            if fd >= 0:
                posix.close(fd)
        return not start


def _end(former: int, size: int) -> int:
    return min(max(size, OLDER), posix.fstat(former).st_size)
