"""The fds of this process: those that it was given, and closing all but some."""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 1 << 20  # beyond any fd


def inherited() -> list[int]:
    """The fds above 2 that this process was given and would hand on."""
    try:
        fds: Iterable[int] = map(int, posix.listdir("/proc/self/fd"))
    except OSError:
        # No /proc: all that there may be.
        from resource import RLIMIT_NOFILE, getrlimit

        most = getrlimit(RLIMIT_NOFILE)[0]
        fds = range(MOST if most < 0 else min(most, MOST))
    found = []
    for fd in fds:
        try:
            if fd > 2 and posix.get_inheritable(fd):
                found.append(fd)
        except OSError:
            # It was the one that read the list, or there is none.
            continue
    return found


def close_all_but(fds: "Iterable[int]") -> None:
    """Close every fd above 2 but FDS."""
    low = 3
    for fd in sorted(fd for fd in fds if fd > 2):
        posix.closerange(low, fd)
        low = fd + 1
    posix.closerange(low, MOST)
