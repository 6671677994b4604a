"""Files of a spool that somebody has given other names: each gets its own again.

A record counts only in the file that it was written to, so the first one tells which that was.
"""

import posix

from ...base.shared_dir import open_file, rename
from .segments import file_name, file_number
from .spool_records import file_offset, number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .spooldir import SpoolState

MOVING = ".moving"  # behind the name that a file gets
MOST = 1024  # numbers that are tried for a file


def put_back(directory: int, known: "SpoolState") -> int:
    """Give the files in DIRECTORY, of which KNOWN is known, their own names; return how many had
    others. A name that another file has by right is left to that. Raises OSError.

    A kill in the midst of it leaves the rest to the next call.
    """
    there = sorted(n for name in posix.listdir(directory) if (n := file_number(name)))
    first, last = file_offset(known.at)[0], file_offset(known.end)[0]
    numbers = [*there[:MOST], *range(first, min(last + 1, first + MOST))]
    # Of two copies the first gets the name.
    own = {_own(directory, number, numbers): number for number in reversed(there)}
    moves = {to: number for to, number in own.items() if to != number}
    while taken := [to for to in moves if to in there and to not in moves.values()]:
        for to in taken:
            del moves[to]
    for to, number in moves.items():
        rename(file_name(number), file_name(to) + MOVING.encode(), directory)
    count, names = 0, posix.listdir(directory)
    for name in names:
        own_name = name.removesuffix(MOVING)
        if own_name != name and file_number(own_name) and own_name not in names:
            rename(name.encode(), own_name.encode(), directory)
            count += 1
    return count


def _own(directory: int, number: int, numbers: list[int]) -> int:
    """Return to which of NUMBERS the file NUMBER was written, or that if there is no telling."""
    try:
        fd = open_file(file_name(number), posix.O_RDONLY, directory)
    except OSError:
        return number
    try:
        return number_of(fd, [number, *numbers], number)
    finally:
        posix.close(fd)
