"""The records of a spool: each is its length, a checksum and some text.

A position is the number of a file and an offset in it, in one number. The checksum covers the
position too: what is moved, or copied, to another place is no record there.
"""

import posix
from _struct import Struct
from binascii import crc32

HEAD = Struct(">4sII")  # MAGIC, length and checksum of a record
MAGIC = b"pdt2"
OLDER = b"pdt1"  # its checksum is of the text alone: earlier releases have written that
SHIFT = 40  # bits of a position that are the offset
PIECE = 1 << 20  # bytes that are searched together
FAR = 16 << 20  # bytes that are searched for a record behind a damage: no file of ours has more
TRIES = 64  # heads that are believed meanwhile, each of which may cost a look at all that follows
MOST = 1 << 28  # bytes of a text: many times what a block can become


def position(number: int, offset: int) -> int:
    """Return the position OFFSET bytes into file NUMBER."""
    return number << SHIFT | offset


def file_offset(at: int) -> tuple[int, int]:
    """Return the number of the file that the position AT is in, and the offset there."""
    return at >> SHIFT, at & ((1 << SHIFT) - 1)


def head(at: int, text: bytes) -> bytes:
    """Return what stands before TEXT in the record at AT."""
    return HEAD.pack(MAGIC, len(text), check_sum(at, text))


def check_sum(at: int, text: bytes) -> int:
    """Return the checksum of the record of TEXT that stands at AT."""
    return crc32(text, crc32(at.to_bytes(16, "big")))


def read(fd: int, at: int) -> bytes | None:
    """Return the text of the record at AT, in the file FD; None if there is no complete one that
    was written there.
    """
    magic, check, text = _parts(fd, file_offset(at)[1])
    if magic == OLDER:
        return text if crc32(text) == check else None
    return text if magic == MAGIC and check_sum(at, text) == check else None


def number_of(fd: int, numbers: list[int], unknown: int) -> int:
    """Return to which file of NUMBERS the first record of FD was written; UNKNOWN if to none."""
    magic, check, text = _parts(fd, 0)
    if magic != MAGIC:
        return unknown
    fit = (number for number in numbers if check_sum(position(number, 0), text) == check)
    return next(fit, unknown)


def _parts(fd: int, offset: int) -> tuple[bytes, int, bytes]:
    """Return the magic, the checksum and the text of the record at OFFSET of FD; of what is not
    complete, nothing.
    """
    head = posix.pread(fd, HEAD.size, offset)
    if len(head) == HEAD.size:
        magic, length, check = HEAD.unpack(head)
        # No length is believed that the file does not have.
        rest = posix.fstat(fd).st_size - offset - HEAD.size
        if magic in {MAGIC, OLDER} and length <= min(rest, MOST):
            text = posix.pread(fd, length, offset + HEAD.size)
            if len(text) == length:
                return magic, check, text
    return b"", 0, b""


def behind(fd: int, at: int) -> int | None:
    """Return where the record at AT ends, or the next one begins if there is none; None if there
    is neither.
    """
    text = read(fd, at)
    return find(fd, at) if text is None else at + HEAD.size + len(text)


def find(fd: int, at: int) -> int | None:
    """Return where the first complete record behind AT begins, in the same file FD, if there is
    one in what is looked at.
    """
    number, offset = file_offset(at)
    size, tries = min(posix.fstat(fd).st_size, offset + FAR), TRIES
    for start in range(offset + 1, size, PIECE):
        # A head may stand in two pieces.
        piece = posix.pread(fd, PIECE + len(MAGIC) - 1, start)
        one = piece.find(MAGIC[:3])
        while one >= 0 and tries:
            if piece[one : one + len(MAGIC)] in {MAGIC, OLDER}:
                if read(fd, position(number, start + one)) is not None:
                    return position(number, start + one)
                tries -= 1
            one = piece.find(MAGIC[:3], one + 1)
    return None


def torn(fd: int, offset: int) -> bool:
    """Return whether a record stands at OFFSET of FD, its last, that a kill cut short."""
    head = posix.pread(fd, HEAD.size, offset)
    if len(head) < HEAD.size:
        return MAGIC.startswith(head[:4]) or OLDER.startswith(head[:4])
    magic, length, _ = HEAD.unpack(head)
    return magic in {MAGIC, OLDER} and offset + HEAD.size + length > posix.fstat(fd).st_size
