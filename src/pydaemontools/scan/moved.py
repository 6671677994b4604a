"""A directory that gets another name while its service is kept: the service goes with it.

Where a directory is its name says; which one it is, device and inode.
"""

import posix

from ..base.locks import is_flocked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..supervise.pair import Kept

LOCKS = b".", b"supervise/lock", b"log", b"log/supervise/lock"  # of a service
INODE = 64  # bits of its number


def identity(place: bytes | int) -> int:
    """Which directory is at PLACE, a path or an fd, as a number; 0 if nobody can say."""
    try:
        found = posix.stat(place)
    except OSError:
        return 0
    return found.st_dev << INODE | found.st_ino


def found_at(within: bytes, name: bytes, shown: bytes) -> bytes:
    """Where Upkeep looks for the service NAME: WITHIN, which all have in common and which ends with
    a slash, if NAME is SHOWN as it is; else its whole path.
    """
    return within if name == shown else within + name


def stands(name: bytes, pair: "Kept") -> bool:
    """Whether what is called NAME here is the directory of PAIR."""
    return identity(name) == identity(pair.home)


def is_replaced(name: bytes, pair: "Kept") -> bool:
    """Whether another directory is called NAME here, in which PAIR may go on."""
    return not stands(name, pair) and posix.access(name + b"/run", posix.F_OK)


def is_held(home: int) -> bool:
    """Whether somebody has a lock of the service in the directory HOME, an fd."""
    return any(is_flocked(lock, home) for lock in LOCKS)


def gone(names: set[bytes], known: "dict[bytes, Kept]") -> "list[Kept]":
    """Those of the KNOWN services whose directory is not here any more, where there are NAMES."""
    return [
        pair
        for name, pair in known.items()
        if name not in names or not (stands(name, pair) or is_replaced(name, pair))
    ]


def moves(names: list[bytes], known: "dict[bytes, Kept]") -> dict[bytes, bytes]:
    """Which of the KNOWN services are to be called otherwise: the new name of each, by the old.

    NAMES are those that there are here. A service whose place another directory has taken goes on
    there, unless that is the directory of one that is known too. Where one has no directory here,
    and its name leads to that of another, it is called as nothing can be: with a slash.
    """
    kept = {identity(pair.home): name for name, pair in known.items()}
    there = {name: kept[which] for name in names if (which := identity(name)) in kept}
    new: dict[bytes, bytes] = {}
    for name, old in there.items():
        goes_on = old not in there and is_replaced(old, known[old])
        if there.get(old) != old and not goes_on:
            new.setdefault(old, name)
    for name, old in there.items():
        if old != name and name in known and name not in new:
            lost = name + b"/"
            while lost in known:
                lost += b"/"
            new[name] = lost
    return new
