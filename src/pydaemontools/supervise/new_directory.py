"""A new service directory on the disk: all of it, or nothing."""

import posix

from ..base import cli
from ..base.errors import owned
from ..base.write import write_all

SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+.,/:=@%"
PROGRAMS = (b"run", b"/check", b".py")


def quote(word: bytes) -> bytes:
    """WORD as a line of a script has to have it, so that it stays one word."""
    if word and not word.strip(SAFE):
        return word
    return b"'" + word.replace(b"'", b"'\\''") + b"'"


def make(directory: bytes, content: dict[bytes, bytes]) -> None:
    """Make the DIRECTORY with CONTENT, names and what is in them, and an env.

    Raises Quit, and then leaves nothing behind.
    """
    above, _, name = directory.rpartition(b"/")
    parts = sorted({file.rpartition(b"/")[0] for file in content} - {b""} | {b"env"})
    # A scanner passes over names with a dot, so that it never sees half a service.
    new = (above + b"/" if above or directory[:1] == b"/" else b"") + b"." + name + b".new"
    # The modes below hold whatever a shell had. This process makes nothing else.
    posix.umask(0o022)
    try:
        if _there(directory):
            hint = b"nothing is overwritten: take another name, or remove it"
            raise cli.fatal(b"unable to make " + directory + b": file already exists", hint=hint)
        posix.mkdir(new, 0o755)
    except OSError as error:
        missing = above + b" is no directory: make it, or set SVDIR to another"
        why = owned(above or b".") or missing
        raise cli.fatal(b"unable to make " + directory, error, why) from None
    try:
        for part in parts:
            posix.mkdir(new + b"/" + part, 0o755)
        for file, data in content.items():
            _write(new + b"/" + file, data)
        posix.rename(new, directory)
    except OSError as error:
        _remove(new, content, parts)
        raise cli.fatal(b"unable to make " + directory, error) from None


def _there(directory: bytes) -> bool:
    try:
        posix.lstat(directory)
    except FileNotFoundError:
        return False
    return True


def _write(file: bytes, data: bytes) -> None:
    mode = 0o755 if file.endswith(PROGRAMS) else 0o644
    fd = posix.open(file, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, mode)
    try:
        write_all(fd, data)
    finally:
        posix.close(fd)


def _remove(new: bytes, content: dict[bytes, bytes], parts: list[bytes]) -> None:
    """Remove what make() had made so far."""
    for remove, names in ((posix.unlink, content), (posix.rmdir, (*parts, b""))):
        for name in names:
            try:
                remove(new + b"/" + name)
            except OSError:
                # It had not come to that.
                pass
