"""The way to a file, where others may have put links: what of shared_dir a chain needs.

A link is looked at by its own fd, and followed only if root or our own account made it.
"""

import posix
from errno import ELOOP, ENOENT

LINK = posix.O_PATH | posix.O_NOFOLLOW | posix.O_CLOEXEC
WAY = posix.O_PATH | posix.O_DIRECTORY | posix.O_CLOEXEC
KIND, SYMLINK = 0o170000, 0o120000
LINKS = 40  # that are followed one after the other, as the kernel does


class Unsafe(OSError):
    """What must not be used: `words` says why."""

    def __init__(self, number: int, words: bytes) -> None:
        super().__init__(number, words.decode())
        self.words = words


def reach(name: bytes, directory: int | None = None, *, follow: bool = False) -> tuple[int, bytes]:
    """The directory that NAME is in, open for close(), and what it is called there.

    Links on the way are followed if root or our own account made them, with FOLLOW the last one
    too. Who owns a directory on the way would have us go anywhere by others.
    """
    if not name:
        raise FileNotFoundError(ENOENT, "")
    words, links = _words(name), 0
    at = posix.open(_top(name), WAY, dir_fd=directory)
    try:
        while words and (follow or len(words) > 1):
            try:
                found = posix.open(words[0], LINK, dir_fd=at)
            except FileNotFoundError:
                if len(words) > 1:
                    raise
                break
            leads = _leads(found)
            if leads is None and len(words) == 1:
                posix.close(found)
                break
            words = words[1:]
            if leads is not None:
                posix.close(found)
                links += 1
                if links > LINKS:
                    raise OSError(ELOOP, "")
                words = _words(leads) + words
                if leads[:1] != b"/":
                    continue
                found = posix.open(b"/", WAY)
            posix.close(at)
            at = found
    except OSError:
        posix.close(at)
        raise
    return at, words[0] if words else b"."


def _words(name: bytes) -> list[bytes]:
    return [word for word in name.split(b"/") if word not in (b"", b".")]


def _top(name: bytes) -> bytes:
    return b"/" if name[:1] == b"/" else b"."


def _leads(fd: int) -> bytes | None:
    """Where FD leads, a link of root's or of our account; None if it is none; else Unsafe."""
    found = posix.fstat(fd)
    if found.st_mode & KIND != SYMLINK:
        return None
    try:
        if found.st_uid not in (0, posix.geteuid()):
            raise Unsafe(ELOOP, b"a symbolic link of another account")
        return posix.readlink(b"", dir_fd=fd)
    except OSError:
        posix.close(fd)
        raise
