"""What is in a log file, a block at a time, also if a program has packed it.

gzip and zstd unpack what they have packed: Python had no zstd before 3.14. What a file is
shows in its first bytes, so that of a processor `!gzip` is read too, whatever it is called.
"""

import posix
from _signal import SIGPIPE

from ..base.process import environ
from ..chain import pathexec as chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 65536
ENDINGS = {b".gz": b"gzip", b".zst": b"zstd"}
MAGIC = {b"\x1f\x8b": b"gzip", b"\x28\xb5\x2f\xfd": b"zstd"}
FINE = 0, 2  # exit codes; 2 is a warning of gzip


class Damaged(Exception):
    """Why there is no more of a file: a sentence."""


def unpacked_name(name: bytes) -> bytes:
    """What the file NAME was called before it was packed."""
    return next((name[: -len(end)] for end in ENDINGS if name.endswith(end)), name)


def packer(fd: int, name: bytes) -> bytes:
    """The program that has packed FD, the file NAME; nothing if none has."""
    head = posix.pread(fd, 4, 0)
    found = (program for magic, program in MAGIC.items() if head.startswith(magic))
    # One that is empty, or broken from its first byte on, is known by its name.
    return next(found, ENDINGS.get(name[len(unpacked_name(name)) :], b""))


def blocks(fd: int, name: bytes) -> "Iterator[bytes]":
    """What FD, the file NAME, holds. Raises Damaged where it cannot be unpacked any further."""
    program = packer(fd, name)
    if not program:
        while data := posix.read(fd, BLOCK):
            yield data
        return
    reader, writer = posix.pipe()
    try:
        pid = _start(program, fd, writer)
    except OSError as error:
        posix.close(reader)
        if not isinstance(error, (FileNotFoundError, PermissionError)):
            raise
        what = b"it has files packed with " + program + b", which is not installed"
        raise Damaged(what + b": install the package " + program) from None
    finally:
        posix.close(writer)
    try:
        while data := posix.read(reader, BLOCK):
            yield data
    finally:
        posix.close(reader)
        code = posix.waitstatus_to_exitcode(posix.waitpid(pid, 0)[1])
    if code not in FINE:
        raise Damaged(b"unable to unpack " + name + b": it is damaged, or not whole")


def _start(program: bytes, fd: int, writer: int) -> int:
    """Have PROGRAM unpack FD to WRITER; return its pid."""
    actions = [
        (posix.POSIX_SPAWN_DUP2, fd, 0),
        (posix.POSIX_SPAWN_DUP2, writer, 1),
        # What it would say of a damaged file we say.
        (posix.POSIX_SPAWN_OPEN, 2, b"/dev/null", posix.O_WRONLY, 0),
    ]
    trouble: OSError = FileNotFoundError()
    for file in chain.search(program, environ.get(b"PATH")):
        try:
            return posix.posix_spawn(
                file,
                [program, b"-qdc"],
                environ,
                file_actions=actions,
                setsigdef=[SIGPIPE],
            )
        except OSError as error:
            trouble = error
    raise trouble
