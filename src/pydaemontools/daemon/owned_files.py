"""Files that Python objects own: to close one behind its object's back is to harm a later one.

The number is free then, the next file gets it, and what the object writes goes there; and when the
object is forgotten, it closes that. So such a number becomes /dev/null, and stays its owner's. But
what logging writes to stays what it is: a daemon goes on with its log. So do /dev/urandom and
/dev/random: a library of C opens them once, and would read its keys out of whatever comes next.
"""

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


RANDOM = os.makedev(1, 8), os.makedev(1, 9)  # /dev/random, /dev/urandom
FDS = "/proc/self/fd"


def random_fds() -> list[int]:
    """The fds above 2 that random numbers come from; none without /proc."""
    try:
        fds = [int(name) for name in os.listdir(FDS)]
    except OSError:
        return []
    return [fd for fd in fds if fd > 2 and _device(fd) in RANDOM]


def logging_fds() -> list[int]:
    """The fds above 2 that handlers of logging write to."""
    logging = sys.modules.get("logging")
    handlers = [one() for one in getattr(logging, "_handlerList", ())]
    streams = [
        getattr(one, name, None) for one in handlers for name in ("stream", "sock", "socket")
    ]
    return [fd for fd in map(_fd_of, streams) if fd > 2]


def replace_owned(keep: "Iterable[int]") -> list[int]:
    """Have what Python objects own be /dev/null, but for KEEP; return these fds."""
    kept = set(keep)
    objects = gc.get_objects()
    # A file, a socket, a pipe of multiprocessing, a selector, a connection to a database.
    kinds = {kind for kind in set(map(type, objects)) if _has_fileno(kind)}
    owners = [one for one in objects if type(one) in kinds]
    owned = [fd for fd in set(map(_fd_of, owners)) if fd > 2 and fd not in kept]
    if not owned:
        return []
    try:
        nothing = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        # A chroot without devices: stdin it is.
        nothing = os.dup(0)
    for fd in owned:
        os.dup2(nothing, fd, inheritable=False)
    os.close(nothing)
    return owned


def _has_fileno(kind: type) -> bool:
    """Whether what is of KIND, which may be anybody's, has an fd."""
    return any("fileno" in vars(one) for one in kind.__mro__)


def _device(fd: int) -> int:
    """Which device FD is, 0 if it is none."""
    try:
        return os.fstat(fd).st_rdev
    except OSError:
        # It was the one that read the list.
        return 0


def _fd_of(stream: object) -> int:
    """The fd of STREAM, -1 if it has none, or not any more."""
    try:
        fd = stream.fileno()  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - it is anybody's code
        return -1
    return fd if isinstance(fd, int) else -1
