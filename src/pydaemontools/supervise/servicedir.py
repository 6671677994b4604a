"""A service directory on disk: what a supervisor finds there, and what it puts there.

Layout and modes are daemontools' and runit's: supervise/lock, control, ok, status, and
runit's pid and stat. Every file is written beside itself and renamed, so that nobody reads
half of one.
"""

import posix
from errno import EACCES, EAGAIN

from ..base import cli
from ..base.locks import holder, lock, lock_after, lock_directory
from ..base.write import write_all
from ..chain.envdir import contents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .dialect import Dialect

READ_WRITE = posix.O_RDWR | posix.O_NONBLOCK | posix.O_CLOEXEC
READ = posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC
WRITE = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_CLOEXEC


class ServiceDir:
    """The service directory NAME, in which we are; SUB is log/ for that of its logger.

    `shown` stands before a file's name in messages. `fds` are those of the files in
    supervise/ that stay open, and the directory's own, which is called `.`; `written` is what
    the others hold. If supervise/ is `theirs`, another supervisor's, nothing is changed there.
    """

    def __init__(self, dialect: "Dialect", name: bytes, sub: bytes) -> None:
        self.dialect = dialect
        self.sub = sub
        self.place = sub.rstrip(b"/") or b"."
        self.identity = b""  # as run_record.py has it
        self.shown = dialect.prefix(name, sub)
        self._group: int | None = None
        self.fds: dict[bytes, int] = {}
        self.theirs = False
        self.written: dict[bytes, bytes] = {}
        self.writes = 0  # how often one of these was written

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
                raise cli.fatal(what, error) from None
        self._lock()
        self._fifo(b"control")

    def answer(self) -> None:
        """Have supervise/ok show that a supervisor is here. Raises Quit."""
        self._fifo(b"ok")

    def write(self, name: bytes, data: bytes) -> None:
        """Have DATA in supervise/NAME, all at once, unless it is there. Raises OSError."""
        if self.theirs or self.written.get(name) == data:
            return
        file = self.path(b"supervise/" + name)
        new = file + b".new"
        try:
            fd = posix.open(new, WRITE | posix.O_CREAT | posix.O_TRUNC, 0o644)
            try:
                write_all(fd, data)
            finally:
                posix.close(fd)
            posix.rename(new, file)
        except OSError as error:
            # Nobody knows what is there now.
            self.written.clear()
            raise OSError(error.errno, "", name) from None
        self.written[name] = data
        self.writes += 1

    def patch(self, name: bytes, at: int, data: bytes) -> None:
        """Have DATA in the place AT of supervise/NAME, which is there. Raises OSError."""
        if self.theirs:
            return
        self.written.pop(name, None)
        fd = posix.open(self.path(b"supervise/" + name), WRITE)
        try:
            posix.pwrite(fd, data, at)
        finally:
            posix.close(fd)

    def read(self, name: bytes) -> bytes:
        """What supervise/NAME holds; nothing if there is no such file. Raises OSError."""
        try:
            return contents(self.path(b"supervise/" + name))
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise OSError(error.errno, "", name) from None

    def status(self) -> bytes:
        """What supervise/status holds; nothing where it cannot be read."""
        try:
            return self.read(b"status")
        except OSError:
            return b""

    def remove(self, name: bytes) -> None:
        """Remove the file NAME, if there is one. Raises OSError."""
        if self.theirs and name[:10] == b"supervise/":
            return
        try:
            posix.unlink(self.path(name))
        except FileNotFoundError:
            pass

    def mark(self) -> None:
        """Make the file `down`. Raises OSError."""
        posix.close(posix.open(self.path(b"down"), WRITE | posix.O_CREAT, 0o644))

    def make_directory(self, name: bytes) -> bool:
        """Make the directory NAME; False if it is there. Raises OSError."""
        link = self.path(name)
        try:
            posix.mkdir(link, 0o700)
        except FileExistsError:
            try:
                posix.stat(link)
            except FileNotFoundError:
                # A link to nothing: the directory is to be elsewhere, on another file system.
                target = posix.readlink(link)
                posix.mkdir(target if target[:1] == b"/" else self.path(target), 0o700)
            else:
                return False
        return True

    def make(self) -> None:
        """Make the directory supervise/, if it is not there. Raises OSError."""
        link = self.path(b"supervise")
        self.make_directory(b"supervise")
        if self._group is not None:
            posix.chown(link, -1, self._group)
            posix.chmod(link, 0o710)

    def _control_group(self) -> int | None:
        """The group that may ask and command, as the file control-group names it."""
        try:
            name = contents(self.path(b"control-group")).strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            what = b"unable to read " + self.shown + b"control-group"
            raise cli.fatal(what, error) from None
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
        fd, held = lock_directory(self.place, self.shown.rstrip(b"/"), patient=True)
        if held:
            what = b"unable to acquire " + self.shown + b"supervise/lock"
            raise cli.fatal(what, OSError(EAGAIN, ""), held)
        self.fds[b"."] = fd

    def open_lock(self) -> int:
        """The file supervise/lock, open, and made if it is not there. Raises OSError."""
        path = self.path(b"supervise/lock")
        return posix.open(path, WRITE | posix.O_CREAT | posix.O_APPEND, 0o600)

    def _lock(self) -> None:
        """Flock as daemontools and runit, fcntl as s6: none of them starts beside us."""
        shown = self.shown + b"supervise/lock"
        verb = b"unable to open " if self.dialect.runit else b"unable to acquire "
        try:
            fd = self.fds[b"lock"] = self.open_lock()
        except OSError as error:
            raise cli.fatal(verb + shown, error) from None
        verb = b"unable to lock " if self.dialect.runit else b"unable to acquire "
        try:
            (lock_after if self.dialect.native else lock)(fd)
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
        path = self.path(b"supervise/" + name)
        try:
            posix.mkfifo(path, 0o600)
        except FileExistsError:
            if posix.stat(path).st_mode & 0o170000 != 0o010000:
                # Somebody wrote to it when nobody was there to make it.
                posix.unlink(path)
                posix.mkfifo(path, 0o600)
        if self._group is not None:
            posix.chown(path, -1, self._group)
            posix.chmod(path, 0o620)
        # Nobody writes to `ok`, and what is open for both has a writer.
        self.fds[name] = posix.open(path, READ_WRITE if name == b"control" else READ)
