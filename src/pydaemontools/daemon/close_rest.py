"""Closing all files but a few, however many are open."""

import os
from resource import RLIMIT_NOFILE, getrlimit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

FDS = "/proc/self/fd"
MOST = 1 << 20  # beyond any fd, where a limit is no number


def close_all_but(keep: "Iterable[int]") -> None:
    """Close each fd above 2 that is not among KEEP.

    Python calls close_range(2) where it has it; else it closes one after the other, up to the
    highest that is open, and not to the highest that may be.
    """
    low, end = 3, _highest() + 1
    for fd in sorted(fd for fd in set(keep) if fd > 2):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, max(low, end))


def _highest() -> int:
    try:
        return max(map(int, os.listdir(FDS)))
    except OSError:
        # No /proc, as in a chroot: as many as this process may have open.
        soft = getrlimit(RLIMIT_NOFILE)[0]
        return MOST if soft < 0 else min(soft, MOST)
