"""A new service directory on the disk: all of it, or nothing; and known again.

The file .pysv in it says what was put there, and how each file was, so that `pysv remove` can
tell what is somebody else's, or was changed by somebody.
"""

import posix
from binascii import crc32
from errno import EACCES, ENOENT, ENOTDIR, EPERM

from ..base import cli
from ..base.errors import owned
from ..base.reach import KIND, SYMLINK, Unsafe
from ..base.shared_dir import FOLDER, PLAIN, read_file
from ..base.write import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MADE = b".pysv"
MAIN = b"main"  # the log of a logger that has no directory
HEAD = b"# What pysv has put here; pysv remove removes that.\n"
MOST = 1 << 20  # bytes of a file that is looked at
IS_DIRECTORY = b"directory"
SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+.,/:=@%"
REFUSALS = EACCES, EPERM, ENOENT, ENOTDIR
PROGRAMS = (b"run", b"/check", b".py")


def quote(word: bytes) -> bytes:
    """WORD as a line of a script has to have it, so that it stays one word."""
    if word and not word.strip(SAFE):
        return word
    return b"'" + word.replace(b"'", b"'\\''") + b"'"


class Parts:
    """What is to be in a service directory: FILES, what they are in, and an env.

    files: what is in each; links: where each leads; places: directories, and what each is to
    be like, None for usual.
    """

    def __init__(self, files: dict[bytes, bytes] | None = None) -> None:
        self.files = files or {}
        self.links: dict[bytes, bytes] = {}
        self.places: dict[bytes, posix.stat_result | None] = {}
        if files:
            above = {file.rpartition(b"/")[0] for file in files} - {b""}
            self.places = dict.fromkeys(sorted(above | {b"env"}))

    def leave_out(self, names: "Iterable[bytes]") -> None:
        """Have none of NAMES, nor what is below them."""
        for name in names:
            for some in (self.files, self.links, self.places):
                for part in [one for one in some if (one + b"/").startswith(name + b"/")]:
                    del some[part]


def beside(directory: bytes, ending: bytes) -> bytes:
    """A name beside DIRECTORY that no scanner takes for a service: it begins with a dot."""
    above, slash, name = directory.rpartition(b"/")
    return above + slash + b"." + name + ending


def make(directory: bytes, parts: Parts) -> None:
    """Make the DIRECTORY with its PARTS; raises Quit, and then leaves nothing behind.

    Logs that `pysv remove` has kept of a service of that name are its own again.
    """
    new, old = beside(directory, b".new"), beside(directory, b"")
    # The modes below hold whatever a shell had. This process makes nothing else.
    posix.umask(0o022)
    _check(directory)
    kept = [log for log in kept_logs(old) if log.partition(b"/")[0] in parts.places]
    parts.leave_out(kept)
    _begin(new, directory)
    try:
        _fill(new, parts)
        _place(new, directory, old, kept)
    except OSError as error:
        _remove(new, parts)
        raise cli.fatal(b"unable to make " + directory, error) from None


def _check(directory: bytes) -> None:
    """Raise Quit unless DIRECTORY can be made."""
    try:
        posix.lstat(directory)
    except FileNotFoundError:
        return
    except OSError as error:
        raise cli.fatal(b"unable to make " + directory, error) from None
    hint = b"nothing is overwritten: take another name, or remove it"
    raise cli.fatal(b"unable to make " + directory + b": file already exists", hint=hint)


def _begin(new: bytes, directory: bytes) -> None:
    """Make the directory NEW, which is to be DIRECTORY; raises Quit."""
    above = directory.rpartition(b"/")[0]
    try:
        posix.mkdir(new, 0o755)
    except FileExistsError as error:
        hint = new + b" is there: another pysv makes it now, or was killed; then remove that"
        raise cli.fatal(b"unable to make " + directory, error, hint) from None
    except OSError as error:
        missing = above + b" is no directory: make it, or set SVDIR to another"
        # Whose the directory is matters only to who may not write there.
        why = owned(above or b".") or missing if error.errno in REFUSALS else b""
        raise cli.fatal(b"unable to make " + directory, error, why) from None


def kept_logs(directory: bytes) -> list[bytes]:
    """The log directories in DIRECTORY, if that is what `pysv remove` has left of a service."""
    try:
        found = set(posix.listdir(directory))
        if found == {MAIN, MADE} and posix.lstat(directory + b"/" + MAIN).st_mode & KIND == FOLDER:
            return [MAIN]
        if found != {b"log", MADE}:
            return []
        names = posix.listdir(directory + b"/log")
        kinds = {posix.lstat(directory + b"/log/" + name).st_mode & KIND for name in names}
    except OSError:
        return []
    if kinds != {FOLDER} or b"supervise" in names:
        return []
    return [b"log/" + name for name in sorted(names)]


def _fill(new: bytes, parts: Parts) -> None:
    """Put the PARTS into the directory NEW, and what is known of them; raises OSError."""
    for place, like in parts.places.items():
        posix.mkdir(new + b"/" + place, 0o755)
        if like:
            _be_like(new + b"/" + place, like)
    for file, data in parts.files.items():
        _write(new + b"/" + file, data)
    for link, target in parts.links.items():
        posix.symlink(target, new + b"/" + link)
    lines = [IS_DIRECTORY + b" " + place + b"\n" for place in parts.places]
    lines += [mark(new + b"/" + one) + b" " + one + b"\n" for one in (*parts.files, *parts.links)]
    _write(new + b"/" + MADE, HEAD + b"".join(lines))


def _be_like(place: bytes, like: posix.stat_result) -> None:
    posix.chmod(place, like.st_mode & 0o7777)
    if (like.st_uid, like.st_gid) != (posix.geteuid(), posix.getegid()):
        posix.chown(place, like.st_uid, like.st_gid)


def _place(new: bytes, directory: bytes, old: bytes, kept: list[bytes]) -> None:
    """Have NEW stand at DIRECTORY, with the logs that are KEPT in OLD; raises OSError."""
    moved = []
    try:
        for name in kept:
            posix.rename(old + b"/" + name, new + b"/" + name)
            moved.append(name)
        posix.rename(new, directory)
    except OSError:
        for name in moved:
            posix.rename(new + b"/" + name, old + b"/" + name)
        raise
    if kept:
        for remove, name in ((posix.unlink, MADE), (posix.rmdir, b"log"), (posix.rmdir, b"")):
            _try(remove, old + b"/" + name)


def mark(name: bytes, directory: int | None = None) -> bytes:
    """What the file or link NAME is known by while nobody changes it; nothing for other kinds."""
    kind = posix.stat(name, dir_fd=directory, follow_symlinks=False).st_mode & KIND
    if kind == SYMLINK:
        return b"%08x" % crc32(b"-> " + posix.readlink(name, dir_fd=directory))
    if kind != PLAIN:
        return b""
    try:
        return b"%08x" % crc32(read_file(name, MOST, directory))
    except Unsafe:
        return b""


def marks(directory: int) -> dict[bytes, bytes]:
    """What pysv has made in DIRECTORY, an fd, and its marks; raises OSError where it made none."""
    lines = read_file(MADE, MOST, directory).removeprefix(HEAD).splitlines()
    return {name: mark for mark, _, name in (line.partition(b" ") for line in lines)}


def _write(file: bytes, data: bytes) -> None:
    mode = 0o755 if file.endswith(PROGRAMS) else 0o644
    fd = posix.open(file, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, mode)
    try:
        write_all(fd, data)
    finally:
        posix.close(fd)


def _remove(new: bytes, parts: Parts) -> None:
    """Remove what make() had made so far."""
    for name in (*parts.files, *parts.links, MADE):
        _try(posix.unlink, new + b"/" + name)
    for name in (*reversed(parts.places), b""):
        _try(posix.rmdir, new + b"/" + name)


def _try(deed: "Callable[[bytes], None]", path: bytes) -> None:
    try:
        deed(path)
    except OSError:
        # It had not come to that.
        pass
