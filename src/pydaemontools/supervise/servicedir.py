"""A service directory on disk: what a supervisor finds there, and what it puts there.

Layout and modes are daemontools' and runit's: supervise/lock, control, ok, status, and
runit's pid and stat. Every file is written beside itself and renamed, so that nobody reads
half of one.
"""

import posix
from errno import EACCES, EAGAIN, ENOENT

from ..base import cli, shared_dir
from ..base.locks import holder, lock, lock_after, lock_directory
from .marks import MASK, Marks, places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .dialect import Dialect

MOST = 1 << 20  # bytes that a file in supervise/ may hold, to be read again; they have 100 kB
MOST_WORDS = 1 << 16  # and one that says what to do
SUPERVISE = b"supervise"
OPEN = b".", b"lock", b"control", b"ok"  # what may be
FILES = b"status", b"stat", b"pid", b"state", b"history"  # in supervise/, that are written
SEEN = b" as it was seen"  # stands behind the names of these
MARKED = places(*OPEN, *FILES, *(name + SEEN for name in FILES))


class ServiceDir:
    """The service directory called NAME, at PLACE or in which we are; SUB is log/ for its logger's.

    fd() are those of the files in supervise/ that stay open, and the directory's, which is called
    `.`; of the others `marks` has what they hold, as known() tells it. With many services
    one is SPARING: what can be opened again is closed at rest(), and `ok` is another name of
    `control`. If supervise/ is `theirs`, another supervisor's, nothing is changed there. Anybody
    may have been there: see shared_dir.
    """

    __slots__ = (
        "_group",
        "_state",
        "answers",
        "dialect",
        "directory",
        "identity",
        "marks",
        "name",
        "place",
        "sparing",
        "stood",
        "sub",
        "theirs",
        "writes",
    )

    def __init__(
        self,
        dialect: "Dialect",
        name: bytes,
        sub: bytes,
        place: bytes = b"",
        *,
        sparing: bool = False,
    ) -> None:
        self.dialect = dialect
        self.sub = sub
        self.place = (place + b"/" * bool(place) + sub).rstrip(b"/") or b"."
        self.identity: int | None = None  # which directory it is, as run_record.py has it
        self.name = name
        self._group: int | None = None
        self.theirs = False
        self.sparing = sparing
        self.answers = False
        self.stood: int | None = None  # which directory supervise/ is, as identity() has it
        self.marks = Marks(MARKED)
        self.directory = -1  # supervise/, while it is open
        self.writes = 0  # how often one of these was written
        self._state = -1  # the file `state` as it was written last, to be patched

    @property
    def shown(self) -> bytes:
        """What stands before a file's name in a message."""
        return self.dialect.prefix(self.name, self.sub)

    def path(self, name: bytes) -> bytes:
        """Where the file NAME of the service is."""
        return self.place + b"/" + name

    def has(self, name: bytes) -> bool:
        """Whether there is a file NAME. Raises OSError where nobody can say."""
        try:
            posix.stat(self.path(name))
        except FileNotFoundError:
            return False
        return True

    def runs(self, name: bytes) -> bool:
        """Whether there is a file NAME that its owner may run."""
        try:
            return bool(posix.stat(self.path(name)).st_mode & 0o100)
        except OSError:
            return False

    def has_any(self, name: bytes) -> bool:
        """Whether there is something called NAME, as far as access(2) knows."""
        return posix.access(self.path(name), posix.F_OK)

    def acquire(self) -> None:
        """Make supervise/ ours, and have commands come in. Raises Quit."""
        if self.dialect.native:
            self._group = self._control_group()
            self._lock_directory()
        try:
            self.make()
        except OSError as error:
            # The originals find out when they try to lock.
            if self.dialect.native:
                what = b"unable to create " + self.shown + b"supervise"
                raise cli.fatal(what, error, self._leads_nowhere(error)) from None
        self._lock()
        self._fifo(b"control")

    def _leads_nowhere(self, error: OSError) -> bytes:
        """Where supervise/ is a link to, if ERROR is that nothing is there; else nothing."""
        try:
            target = posix.readlink(self.path(SUPERVISE)) if error.errno == ENOENT else b""
        except OSError:
            return b""
        above = target.rstrip(b"/").rpartition(b"/")[0]
        above = above if target[:1] == b"/" else self.shown + above
        return target and b"it is a link to " + target + b": `mkdir -p " + above + b"` first"

    def answer(self) -> None:
        """Have supervise/ok show that a supervisor is here. Raises Quit."""
        self.answers = True
        self._fifo(b"ok")

    def write(self, name: bytes, data: bytes) -> None:
        """Have DATA in supervise/NAME, all at once, unless it is there. Raises OSError."""
        if self.theirs or self.marks.get(name) == known(data):
            return
        try:
            fd = shared_dir.replace(name, data, self.supervise(), mode=0o644)
        except OSError as error:
            # Nobody knows what is there now.
            self.marks.forget(*FILES)
            error.filename = name
            raise
        if name == b"state":
            fd, self._state = self._state, fd
        if fd >= 0:
            posix.close(fd)
        self.marks.set(name, known(data))
        self.writes += 1

    def patch(self, at: int, data: bytes) -> None:
        """Have DATA in the place AT of supervise/state, which was written. Raises OSError."""
        if self.theirs:
            return
        self.marks.forget(b"state")
        if self._state < 0 or not posix.fstat(self._state).st_nlink:
            raise FileNotFoundError(ENOENT, "")
        posix.pwrite(self._state, data, at)

    def read(self, name: bytes) -> bytes:
        """What supervise/NAME holds; nothing if there is no such file. Raises OSError."""
        try:
            return shared_dir.read_file(name, MOST, self.supervise())
        except FileNotFoundError:
            return b""
        except OSError as error:
            error.filename = name
            raise

    def status(self) -> bytes:
        """What supervise/status holds; nothing where it cannot be read."""
        try:
            return self.read(b"status")
        except OSError:
            return b""

    def remove(self, name: bytes) -> None:
        """Remove the file NAME, if there is one. Raises OSError."""
        shared_dir.remove(self.path(name))

    def remove_state(self) -> None:
        """Remove supervise/state, if it is there and ours. Raises OSError."""
        if not self.theirs:
            shared_dir.remove(b"state", self.supervise())

    def mark(self) -> None:
        """Make the file `down`. Raises OSError."""
        down = self.path(b"down")
        if not self.has_any(b"down"):
            posix.close(shared_dir.open_file(down, posix.O_WRONLY | posix.O_CREAT, mode=0o644))

    def supervise(self) -> int:
        """The directory supervise/, open. Raises OSError, also where another stands there now."""
        if self.directory >= 0:
            return self.directory
        try:
            fd = shared_dir.open_directory(self.path(SUPERVISE))
        except OSError as error:
            # Who says what could not be done knows the name of the file.
            error.filename = None
            raise
        stands = identity(posix.fstat(fd))
        if self.stood not in (None, stands):
            posix.close(fd)
            raise FileNotFoundError(ENOENT, "")
        self.directory, self.stood = fd, stands
        return fd

    def fd(self, name: bytes) -> int:
        """The fd that NAME is open as, -1 if it is not."""
        number = self.marks.get(name)
        return -1 if number is None else number

    def keep(self, name: bytes, fd: int) -> None:
        """NAME is open as FD."""
        self.marks.set(name, fd)

    def close(self) -> None:
        """Let go of the directory."""
        self.rest()
        for fd in map(self.fd, OPEN):
            if fd >= 0:
                posix.close(fd)
        self.marks.forget(*OPEN)

    def rest(self) -> None:
        """Nothing is written for a while: close what can be opened again."""
        for fd in (self.directory, self._state):
            if fd >= 0:
                posix.close(fd)
        self.directory = self._state = -1

    def make_directory(self, name: bytes) -> bool:
        """Make the directory NAME; False if it is there. Raises OSError."""
        try:
            # By a link to nothing too: it is to be elsewhere, on another file system.
            shared_dir.make_directory(self.path(name), follow=True)
        except FileExistsError:
            return False
        return True

    def make(self) -> None:
        """Make the directory supervise/, if it is not there, and open it. Raises OSError."""
        try:
            fd = shared_dir.open_directory(self.path(SUPERVISE))
        except FileNotFoundError:
            self.make_directory(SUPERVISE)
            fd = shared_dir.open_directory(self.path(SUPERVISE))
        before = self.directory
        self.directory, self.stood = fd, identity(posix.fstat(fd))
        if before >= 0:
            posix.close(before)
        if self._group is not None:
            posix.fchown(fd, -1, self._group)
            posix.fchmod(fd, 0o710)

    def _control_group(self) -> int | None:
        """The group that may ask and command, as the file control-group names it."""
        try:
            name = shared_dir.read_file(self.path(b"control-group"), MOST_WORDS, follow=True)
        except FileNotFoundError:
            return None
        except OSError as error:
            what = b"unable to read " + self.shown + b"control-group"
            raise cli.fatal(what, error) from None
        name = name.strip()
        if name.isdigit() and len(name) < 10:
            return int(name)
        from grp import getgrnam

        try:
            return getgrnam(name.decode("utf-8", "surrogateescape")).gr_gid
        except KeyError:
            what = self.shown + b"control-group: unknown group " + name
            raise cli.fatal(what) from None

    def _lock_directory(self) -> None:
        """Keep out others of our kind also where somebody removes or replaces supervise/."""
        # Who keeps many tries again, and nobody else waits meanwhile.
        patient = not self.sparing
        fd, held = lock_directory(self.place, self.shown.rstrip(b"/"), patient=patient)
        if held:
            what = b"unable to acquire " + self.shown + b"supervise/lock"
            raise cli.fatal(what, OSError(EAGAIN, ""), held)
        if fd >= 0:
            self.keep(b".", fd)

    def be_home(self, fd: int) -> None:
        """Have FD, the directory too, hold its lock if there is one: that stays open anyway."""
        if (before := self.fd(b".")) >= 0:
            posix.dup2(before, fd, inheritable=False)
            posix.close(before)
        self.keep(b".", fd)

    def open_lock(self) -> int:
        """The file supervise/lock, open, and made if it is not there. Raises OSError."""
        flags = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND
        return shared_dir.open_file(b"lock", flags, self.supervise(), mode=0o600)

    def _lock(self) -> None:
        """Flock as daemontools and runit, fcntl as s6: none of them starts beside us."""
        shown = self.shown + b"supervise/lock"
        verb = b"unable to open " if self.dialect.runit else b"unable to acquire "
        try:
            fd = self.open_lock()
        except OSError as error:
            raise cli.fatal(verb + shown, error) from None
        self.keep(b"lock", fd)
        verb = b"unable to lock " if self.dialect.runit else b"unable to acquire "
        try:
            (lock_after if self.dialect.native and not self.sparing else lock)(fd)
        except OSError as error:
            if error.errno not in (EAGAIN, EACCES):
                raise cli.fatal(verb + shown, error) from None
            busy = OSError(EAGAIN, "")
            raise cli.fatal(verb + shown, busy, holder(fd, shown)) from None

    def _fifo(self, name: bytes) -> None:
        try:
            self.open_fifo(name)
        except OSError as error:
            what = b"unable to open " + self.shown + b"supervise/" + name
            raise cli.fatal(what, error) from None

    def open_fifo(self, name: bytes) -> None:
        """A fifo that has a reader as long as we live, and never sees the end of its file.

        Raises OSError.
        """
        if self.sparing and name == b"ok":
            shared_dir.remove(name, self.supervise())
            shared_dir.link(b"control", name, self.supervise())
            return
        # Nobody writes to `ok`, and what is open for both has a writer.
        flags = posix.O_RDWR if name == b"control" else posix.O_RDONLY
        mode, group = (0o600, -1) if self._group is None else (0o620, self._group)
        self.keep(name, shared_dir.make_fifo(name, flags, self.supervise(), mode, group))

    def fifo(self, name: bytes) -> int:
        """The fd of the fifo NAME."""
        return self.fd(b"control" if self.sparing else name)


def known(data: bytes) -> int:
    """What is remembered of DATA, which may be long: its hash, and its length in the last bits."""
    return (hash(data) * 2 * MOST + len(data)) & MASK


def length(remembered: int) -> int:
    """The length of the data that known() gave REMEMBERED for."""
    return remembered % (2 * MOST)


def identity(found: posix.stat_result) -> int:
    """Which file was FOUND: its device and inode."""
    return found.st_dev << 64 | found.st_ino
