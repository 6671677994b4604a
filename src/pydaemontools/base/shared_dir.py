"""Files in a directory that others may write to: the one room that opens them.

Whoever may write there can have anything stand at a name, at any moment: a link to a file of
ours, another name of one, a fifo, a device, a directory, a file without end. So a file is
opened by the fd of its directory, through no link, only if it is a plain one, and to write to
if it has no other name; nobody waits; what is made was not there before; and no more is read
than such a file may hold. A DIRECTORY is an fd; None is the current one. What cannot be had
raises OSError, Unsafe where something stands there that must not be used.

On the way to what is made or written to, as in its own name, a link is followed only if root or
our own account made it: see reach.py.
"""

import posix
from errno import EFBIG, EINVAL, EISDIR, ELOOP, EMLINK, ENOTDIR

from .reach import KIND, SYMLINK, Unsafe, reach
from .write import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SAFE = posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_NOCTTY | posix.O_CLOEXEC
MAKE = posix.O_CREAT | posix.O_EXCL
DIRECTORY = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC
PLAIN, FIFO, FOLDER = 0o100000, 0o010000, 0o040000
EVERYBODY = 0o004  # may read it
BLOCK = 1 << 16  # bytes that are read at once
TRIES = 10  # how often somebody may put something else there while we look
LOOKS = 10  # at one that is to be used: each time it would have to change twice
WRITES = posix.O_WRONLY | posix.O_RDWR


def _is_here(name: bytes) -> bool:
    """Whether nothing is on the way to NAME that could be a link."""
    return b"/" not in name.removeprefix(b"./")


def _reached(deed: "Callable[[bytes, int], int]", name: bytes, directory: int | None) -> int:
    """What DEED returns of what NAME is called in its directory, and that directory."""
    at, last = reach(name, directory)
    try:
        return deed(last, at)
    finally:
        posix.close(at)


def open_file(name: bytes, flags: int, directory: int | None = None, *, mode: int = 0) -> int:
    """Open the plain file NAME, which FLAGS may ask to be made: with MODE, whatever the umask."""
    writes = bool(flags & WRITES)
    if writes and not _is_here(name):
        return _reached(lambda last, at: open_file(last, flags, at, mode=mode), name, directory)
    flags, made = flags & ~(posix.O_CREAT | posix.O_TRUNC), flags & posix.O_CREAT
    for _ in range(TRIES):
        try:
            # To open a device may do something already.
            _check(posix.stat(name, dir_fd=directory, follow_symlinks=False), writes=writes)
            fd = posix.open(name, flags | SAFE, dir_fd=directory)
        except FileNotFoundError:
            if not made:
                raise
            try:
                return make_file(name, flags, directory, mode=mode)
            except FileExistsError:
                continue
        if _settled(fd, name, directory, writes=writes):
            return fd
    raise Unsafe(EINVAL, b"somebody makes and removes it again and again")


def make_file(name: bytes, flags: int, directory: int | None = None, *, mode: int) -> int:
    """Make the file NAME, which is not there, and open it: with MODE, whatever the umask."""
    fd = posix.open(name, flags | MAKE | SAFE, mode, dir_fd=directory)
    try:
        set_mode(fd, mode)
    except OSError:
        posix.close(fd)
        raise
    return fd


def make_anew(name: bytes, flags: int, directory: int | None = None, *, mode: int) -> int:
    """Make the file NAME in the place of whatever is called so, but for a directory."""
    for _ in range(TRIES):
        try:
            return make_file(name, flags, directory, mode=mode)
        except FileExistsError:
            remove(name, directory)
    raise Unsafe(EINVAL, b"somebody makes it again and again")


def replace(name: bytes, data: bytes, directory: int | None = None, *, mode: int) -> int:
    """Have DATA in the file NAME, all at once; return the fd of it, to write to."""
    if not _is_here(name):
        return _reached(lambda last, at: replace(last, data, at, mode=mode), name, directory)
    new = name + b".new"
    fd = make_anew(new, posix.O_WRONLY, directory, mode=mode)
    try:
        write_all(fd, data)
        posix.rename(new, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        posix.close(fd)
        raise
    return fd


def rename(name: bytes, to: bytes, directory: int) -> None:
    """Have the file NAME be called TO."""
    posix.rename(name, to, src_dir_fd=directory, dst_dir_fd=directory)


def link(name: bytes, to: bytes, directory: int) -> None:
    """Have the file NAME be called TO as well; of a symbolic link, the link itself."""
    fds = {"src_dir_fd": directory, "dst_dir_fd": directory}
    posix.link(name, to, follow_symlinks=False, **fds)


def set_mode(fd: int, mode: int) -> None:
    """Have FD, a file of ours, in MODE; a file system that knows none is as it is."""
    if posix.fstat(fd).st_mode & 0o7777 != mode:
        try:
            posix.fchmod(fd, mode)
        except PermissionError:
            pass


def remove(name: bytes, directory: int | None = None) -> None:
    """Remove the file NAME, or the link that is called so, if there is one."""
    try:
        posix.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        pass


def read_file(
    name: bytes, most: int, directory: int | None = None, *, follow: bool = False
) -> bytes:
    """All that the file NAME holds: MOST bytes, or it is Unsafe. A fifo without a writer: nothing.

    What has another name may be a secret of ours: then everybody has to be able to read it.
    FOLLOW a link if root or our own account made it.
    """
    fd = _open_to_read(name, directory, follow=follow)
    try:
        return read_fd(fd, most)
    finally:
        posix.close(fd)


def read_head(name: bytes, most: int) -> bytes:
    """The first MOST bytes of the file NAME, or of that which a link of ours leads to."""
    fd = _open_to_read(name, None, follow=True)
    try:
        return posix.read(fd, most)
    finally:
        posix.close(fd)


def read_fd(fd: int, most: int) -> bytes:
    """What is still to be read from FD: MOST bytes, or it is Unsafe."""
    data = b""
    while len(data) <= most:
        block = posix.read(fd, min(BLOCK, most + 1 - len(data)))
        if not block:
            return data
        data += block
    raise Unsafe(EFBIG, b"more than %d bytes" % most)


def open_directory(name: bytes, directory: int | None = None) -> int:
    """Open the directory NAME, or the one that a link of root's or of our account leads to."""
    if _is_here(name):
        try:
            return posix.open(name, DIRECTORY, dir_fd=directory)
        except OSError as error:
            # It may be a link.
            if error.errno not in (ELOOP, ENOTDIR):
                raise
    at, last = reach(name, directory, follow=True)
    try:
        return posix.open(last, DIRECTORY, dir_fd=at)
    finally:
        posix.close(at)


def make_directory(name: bytes, *, follow: bool = False) -> None:
    """Make the directory NAME, for our account alone; or FOLLOW a link that leads to nothing."""
    if _is_here(name):
        try:
            posix.mkdir(name, 0o700)
        except FileExistsError:
            # It may be a link.
            if not follow:
                raise
        else:
            return
    at, last = reach(name, follow=follow)
    try:
        posix.mkdir(last, 0o700, dir_fd=at)
    finally:
        posix.close(at)


def open_fifo(name: bytes | str, directory: int | None = None) -> int:
    """Open the fifo NAME to write to; ENXIO where nobody reads it."""
    _check_kind(posix.stat(name, dir_fd=directory, follow_symlinks=False), FIFO)
    return _fifo(name, posix.O_WRONLY, directory)


def make_fifo(name: bytes, flags: int, directory: int, mode: int, group: int = -1) -> int:
    """Open the fifo NAME, made if it is none; a new one, or with a GROUP, gets that and MODE."""
    for _ in range(TRIES):
        try:
            posix.mkfifo(name, mode, dir_fd=directory)
            made = True
        except FileExistsError:
            made = False
        try:
            fd = _fifo(name, flags, directory)
        except Unsafe:
            # Somebody wrote to it when nobody was there to make it.
            remove(name, directory)
            continue
        except FileNotFoundError:
            continue
        if group >= 0:
            posix.fchown(fd, -1, group)
        if made or group >= 0:
            set_mode(fd, mode)
        return fd
    raise Unsafe(EINVAL, b"somebody makes it again and again")


def _fifo(name: bytes | str, flags: int, directory: int | None) -> int:
    try:
        fd = posix.open(name, flags | SAFE, dir_fd=directory)
    except OSError as error:
        if error.errno == ELOOP:
            raise Unsafe(ELOOP, b"a symbolic link") from None
        raise
    try:
        _check_kind(posix.fstat(fd), FIFO)
    except Unsafe:
        posix.close(fd)
        raise
    return fd


def _open_to_read(name: bytes, directory: int | None, *, follow: bool) -> int:
    found = posix.stat(name, dir_fd=directory, follow_symlinks=False)
    if follow and found.st_mode & KIND == SYMLINK:
        at, last = reach(name, directory, follow=True)
        try:
            return _open_to_read(last, at, follow=False)
        finally:
            posix.close(at)
    for _ in range(TRIES):
        _check(found, fifo=True)
        fd = posix.open(name, posix.O_RDONLY | SAFE, dir_fd=directory)
        if _settled(fd, name, directory, fifo=True):
            return fd
        found = posix.stat(name, dir_fd=directory, follow_symlinks=False)
    raise Unsafe(EINVAL, b"somebody makes and removes it again and again")


def _settled(
    fd: int, name: bytes, directory: int | None, *, writes: bool = False, fifo: bool = False
) -> bool:
    """Whether FD may be used. If not it is closed: somebody changed what NAME is, or Unsafe.

    A second name of a file of ours, removed when it has been opened, leaves that with one: so
    it has to have this one still, again and again.
    """
    settled = False
    try:
        found = posix.fstat(fd)
        _check(found, writes=writes, fifo=fifo)
        private = writes or not found.st_mode & EVERYBODY
        for _ in range(LOOKS if private else 0):
            named = posix.stat(name, dir_fd=directory, follow_symlinks=False)
            if (named.st_dev, named.st_ino) != (found.st_dev, found.st_ino):
                break
            _check(named, writes=writes, fifo=fifo)
            _check(posix.fstat(fd), writes=writes, fifo=fifo)
        else:
            settled = True
    except FileNotFoundError:
        pass
    finally:
        if not settled:
            posix.close(fd)
    return settled


def _check(found: posix.stat_result, *, writes: bool = False, fifo: bool = False) -> None:
    """Raise Unsafe unless what was FOUND is a plain file, alone if one WRITES to it."""
    if not (fifo and found.st_mode & KIND == FIFO):
        _check_kind(found, PLAIN)
    if found.st_nlink > 1 and (writes or not found.st_mode & EVERYBODY):
        raise Unsafe(EMLINK, b"another file, with a second name")


def _check_kind(found: posix.stat_result, kind: int) -> None:
    was = found.st_mode & KIND
    if was == kind:
        return
    if was == SYMLINK:
        raise Unsafe(ELOOP, b"a symbolic link")
    if was == FOLDER:
        raise Unsafe(EISDIR, b"is a directory")
    raise Unsafe(EINVAL, b"not a fifo" if kind == FIFO else b"not a plain file")
