"""Have a terminal line logged out in the files that tell who is logged in."""

import posix
from fcntl import LOCK_EX, flock
from sys import byteorder, maxsize
from time import time

from ..base import cli
from .runit_older import options

WORDS = b"[-w] line"
VERSION = b"$Id: cb399098f794012a7f5e6a3a7090b2d53b86c08c $"
UTMP = b"/var/run/utmp"
WTMP = b"/var/log/wtmp"
# A record of glibc's, and in it what concerns us: utmp(5). Where no 32-bit programs were before,
# it has a time of 64 bits.
WIDE = maxsize > 2**32 and posix.uname().machine in ("aarch64", "riscv64", "loongarch64")
SIZE = 400 if WIDE else 384
KIND, LINE, NAME, HOST = slice(0, 2), slice(8, 40), slice(44, 76), slice(76, 332)
TIME = slice(344, 352) if WIDE else slice(340, 344)
DEAD = (8).to_bytes(2, byteorder)  # the kind of a process that has ended


def main(argv: list[bytes]) -> int:
    """Log the line out in utmp, and with -w say so in wtmp."""
    given, names = options(argv, b"w", WORDS, VERSION)
    line = names[0]
    if not in_utmp(line):
        what = b"warning: unable to logout line " + line + b" in utmp: no such entry"
        raise cli.Quit(111, what)
    if b"w" in given:
        in_wtmp(line)
    return 0


def in_utmp(line: bytes) -> bool:
    """Take name and host from the record of LINE, whose time becomes now; whether there is one."""
    fd = _open(UTMP, posix.O_RDWR, b"unable to lock: ")
    try:
        at = 0
        while len(record := posix.pread(fd, SIZE, at)) == SIZE:
            if record[NAME.start] and _text(record[LINE.start :]) == line:
                return posix.pwrite(fd, _logged_out(record), at) == SIZE
            at += SIZE
    except OSError:
        # As little as there is to say of a line that is not there.
        return False
    finally:
        posix.close(fd)
    return False


def in_wtmp(line: bytes) -> None:
    """Append to wtmp that LINE was logged out now. Raises Quit."""
    flags = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_APPEND | posix.O_CREAT
    fd = _open(WTMP, flags, b"unable to lock ")
    record = bytearray(SIZE)
    width = LINE.stop - LINE.start
    text = line if len(line) <= width else line[: width - 1]
    record[KIND] = DEAD
    record[LINE.start : LINE.start + len(text)] = text
    record[TIME] = _now()
    before = posix.fstat(fd).st_size
    try:
        if posix.write(fd, record) != SIZE:
            posix.ftruncate(fd, before)
    except OSError as error:
        from ..base.errors import error_str

        what = b"warning: unable to logout line " + line + b" in wtmp: " + error_str(error)
        raise cli.Quit(111, what) from None
    finally:
        posix.close(fd)


def _open(path: bytes, flags: int, locking: bytes) -> int:
    """Open PATH, a file of the system's, and lock it. Raises Quit."""
    try:
        fd = posix.open(path, flags | posix.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cli.fatal(b"unable to open " + path, error) from None
    try:
        flock(fd, LOCK_EX)
    except OSError as error:
        raise cli.fatal(locking + path, error) from None
    return fd


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _logged_out(record: bytes) -> bytes:
    new = bytearray(record)
    new[KIND] = DEAD
    new[NAME] = bytes(NAME.stop - NAME.start)
    new[HOST] = bytes(HOST.stop - HOST.start)
    new[TIME] = _now()
    return bytes(new)


def _now() -> bytes:
    """Now, in seconds."""
    return int(time()).to_bytes(TIME.stop - TIME.start, byteorder)
