"""What a supervisor has in its directory is removed or replaced while it runs: made again.

Packages are installed anew, /run and /tmp are tidied up, a release is moved into the place of
another. The supervisor would be deaf from then on, and what can be read of it would be wrong.
So every two seconds it looks whether its files are those that it knows: a few stat(2).

Another supervisor may have been quicker; then supervise/ is that one's until it leaves. It is
none of ours: they lock the directory itself as well.
"""

import posix
from errno import EACCES, EAGAIN
from time import monotonic

from ..base.locks import holder, lock, lock_directory
from ..base.shared_dir import open_directory, remove
from . import run_record
from .marks import MASK
from .servicedir import FILES, SEEN, SUPERVISE, identity, length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .service import Service
    from .servicedir import ServiceDir

LOOK = 2.0  # seconds from one look to the next
FIFOS = b"control", b"ok"
SHOWN = b"status", b"stat", b"pid", b"state"  # history is anybody's to remove
DIRECTORY = posix.O_PATH | posix.O_DIRECTORY | posix.O_CLOEXEC


class Upkeep:
    """Hears what SERVICE is told, and keeps what its FILES have in supervise/ there.

    `found` is the path where another directory is looked for; nothing if none is to be followed.
    Behind a slash at its end the name of FILES is still to be put: so many have one in common,
    all whose names are shown as they are.
    """

    __slots__ = (
        "_said",
        "_said_before",
        "_writes",
        "files",
        "found",
        "service",
    )

    def __init__(self, service: "Service", files: "ServiceDir") -> None:
        self.service = service
        self.files = files
        self.found = b""
        self._said = self._said_before = b""  # the warning of this look, and of the one before
        self._writes = -1  # how many had been written when they were looked at last
        self._hear()
        self._rest()

    def _hear(self) -> None:
        self.service.loop.watch(self.files.fd(b"control"), self._obey)

    def _obey(self) -> None:
        self.service.obey(_letters(self.files.fd(b"control")))

    def _rest(self) -> None:
        # Where there are many, others know better when.
        if self.files.dialect.native and not self.files.sparing:
            self.service.loop.at(monotonic() + LOOK, self.look)

    def look(self) -> None:
        """See whether all is as it was left, and make again what is not."""
        if self.service.left or (self.files.sparing and not self.files.answers):
            return
        self._rest()
        self._said, self._said_before = b"", self._said
        try:
            made = self._follow() or self._renew()
        except OSError as error:
            self._say_unable(error)
            return
        if made:
            self.service.warn(made)
        self._know_place()
        self._note()
        if self.files.sparing:
            self.files.rest()

    def _say(self, what: bytes, who: bytes = b"") -> None:
        """Warn of WHAT, once for as long as it is so, whoever is seen to be WHO."""
        self._said = what
        if what != self._said_before:
            self.service.warn(what + who)

    def _say_unable(self, error: OSError) -> None:
        from ..base.errors import error_str

        self._say(b"unable to make " + self.files.shown + b"supervise again: " + error_str(error))

    def _follow(self) -> bytes:
        """Go to the directory that stands where ours was found, if it is another; say so.

        One without a run is no service, or not yet. Where it cannot be, that is said and we stay.
        """
        files, place = self.files, self.found
        if place[-1:] == b"/":
            place += files.name
        if not place or _same(place, posix.stat(b".")):
            return b""
        if not posix.access(place + b"/run", posix.F_OK):
            return b""
        before, theirs = posix.open(b".", DIRECTORY), files.theirs
        supervise, stood = self._supervise(), files.stood
        posix.chdir(place)
        try:
            same = self._is_linked()
            ours = same or bool(self._renew())
        except OSError as error:
            self._say_unable(error)
            same = ours = False
        if ours and not same:
            _clear(before)
        if not ours:
            posix.fchdir(before)
            files.rest()
            if supervise >= 0:
                files.directory = posix.dup(supervise)
            files.theirs, files.stood = theirs, stood
        for fd in filter(lambda fd: fd >= 0, (before, supervise)):
            posix.close(fd)
        shown = files.shown.rstrip(b"/")
        what = b"somebody put another directory at " + shown + b": the next start is from there"
        return what if ours else b""

    def _know_place(self) -> None:
        """Have `state` say which directory it is: supervise/ may be elsewhere, and still ours."""
        which = run_record.identity(self.files.place)
        if self.files.identity not in (None, which) and which is not None:
            self.files.identity = which
            self.service.show()

    def _supervise(self) -> int:
        """The directory supervise/, open once more; -1 where it was removed with the rest."""
        try:
            return posix.dup(self.files.supervise())
        except OSError:
            return -1

    def _is_linked(self) -> bool:
        """Whether supervise/ is elsewhere, and here too the one that is ours; then lock this place.

        Raises OSError.
        """
        files = self.files
        if not _is(files.path(SUPERVISE), files.stood) or not self._stands(b"lock"):
            return False
        directory, held = lock_directory(files.place, files.shown.rstrip(b"/"), patient=False)
        if directory >= 0:
            self._replace(b".", directory)
        return not held

    def _renew(self) -> bytes:
        """Make again what is not there any more, or is another; say what. Raises OSError."""
        files = self.files
        away = not _is(files.path(SUPERVISE), files.stood)
        gone = [name for name in (b"lock", *FIFOS) if away or not self._stands(name)]
        if b"lock" in gone and not self._lock():
            return b""
        if b"control" in gone:
            self._open(b"control")
            # It may be another name of that.
            gone += [b"ok"] if files.sparing and b"ok" not in gone else []
        whole = len(gone) > len(FIFOS)
        lost = [
            name for name in SHOWN if files.marks.get(name) is not None and not self._holds(name)
        ]
        if not gone and not lost:
            return b""
        files.marks.forget(*FILES)
        files.identity = run_record.identity(files.place)
        self.service.show()
        if b"ok" in gone:
            # Who sees that we are here may read how it is.
            self._open(b"ok")
        path = files.shown + b"supervise"
        names = path if whole else b", ".join(path + b"/" + name for name in gone + lost)
        return b"somebody removed or replaced " + names + b": made again"

    def _stands(self, name: bytes) -> bool:
        """Whether supervise/NAME is the file that we have open."""
        fd = self.files.fd(name) if name == b"lock" else self.files.fifo(name)
        known = posix.fstat(fd)
        return _same(name, known, self.files.supervise())

    def _holds(self, name: bytes) -> bool:
        """Whether supervise/NAME is what we wrote, as far as a look at it can tell."""
        if self.files.writes == self._writes:
            return self._look_at(name) == self.files.marks.get(name + SEEN)
        found = self._stat(name)
        return found is not None and found.st_size == length(self.files.marks.get(name) or 0)

    def _look_at(self, name: bytes) -> int:
        """What tells the file NAME, as it is now, from another, or from itself as it was."""
        found = self._stat(name)
        return hash((found.st_ino, found.st_mtime_ns, found.st_size)) & MASK if found else 0

    def _stat(self, name: bytes) -> posix.stat_result | None:
        try:
            return posix.stat(name, dir_fd=self.files.supervise(), follow_symlinks=False)
        except OSError:
            return None

    def _note(self) -> None:
        """Know what was written when it is looked at again."""
        if self.files.writes != self._writes:
            self._writes = self.files.writes
            self.files.marks.forget(*(name + SEEN for name in SHOWN))
            for name in SHOWN:
                if self.files.marks.get(name) is not None:
                    seen = self._look_at(name)
                    self.files.marks.set(name + SEEN, seen)
                    if not seen:
                        # It has just been removed: that is for the next look.
                        self._writes = -1

    def _lock(self) -> bool:
        """Lock supervise/lock as it is now, and the directory if it is another: whether we could.

        If not, that is said. Raises OSError.
        """
        files = self.files
        held, directory = b"", -1
        if files.fd(b".") < 0 or not _same(files.place, posix.fstat(files.fd(b"."))):
            shown = files.shown.rstrip(b"/")
            directory, held = lock_directory(files.place, shown, patient=False)
        try:
            if not held:
                files.make()
                held = self._lock_file()
        except OSError:
            if directory >= 0:
                posix.close(directory)
            raise
        if held:
            if directory >= 0:
                posix.close(directory)
            files.theirs = True
            shown = files.shown + b"supervise"
            self._say(shown + b" is another supervisor's, and left alone until that ends: ", held)
            return False
        files.theirs = False
        if directory >= 0:
            self._replace(b".", directory)
        return True

    def _lock_file(self) -> bytes:
        """Lock supervise/lock; who has it if we cannot. Raises OSError."""
        fd = self.files.open_lock()
        try:
            lock(fd)
        except OSError as error:
            shown = self.files.shown + b"supervise/lock"
            held = holder(fd, shown) or shown + b" is held"
            posix.close(fd)
            if error.errno not in (EAGAIN, EACCES):
                raise
            return held
        self._replace(b"lock", fd)
        return b""

    def _replace(self, name: bytes, fd: int) -> None:
        """Have FD as that of NAME."""
        before = self.files.fd(name)
        if before < 0:
            self.files.keep(name, fd)
            return
        # By the same number: that of `.` says where the service is at home.
        posix.dup2(fd, before, inheritable=False)
        posix.close(fd)

    def _open(self, name: bytes) -> None:
        """Make the fifo NAME again; what had been said to the old one counts. Raises OSError."""
        before = self.files.fd(name)
        self.files.open_fifo(name)
        if before < 0:
            return
        if name == b"control":
            self.service.loop.forget(before)
            self._hear()
            self.service.obey(_letters(before))
        posix.close(before)


def _same(path: bytes, known: posix.stat_result, directory: int | None = None) -> bool:
    """Whether what is at PATH is the file that is KNOWN; in DIRECTORY, an fd, not by a link."""
    return _is(path, identity(known), directory)


def _is(path: bytes, wanted: int | None, directory: int | None = None) -> bool:
    """Whether what is at PATH is the file that is WANTED, as identity() has it."""
    try:
        found = posix.stat(path, dir_fd=directory, follow_symlinks=directory is None)
    except OSError:
        return False
    return identity(found) == wanted


def _clear(directory: int) -> None:
    """Have nothing in DIRECTORY, an fd, say that we are there: its next supervisor would end us."""
    for supervise in SUPERVISE, b"log/" + SUPERVISE:
        try:
            left = open_directory(supervise, directory)
        except OSError:
            # Often all of it was removed.
            continue
        for name in SHOWN:
            try:
                remove(name, left)
            except OSError:
                continue
        posix.close(left)


def _letters(control: int) -> bytes:
    try:
        return posix.read(control, 4096)
    except BlockingIOError:
        # Somebody else reads there too.
        return b""
