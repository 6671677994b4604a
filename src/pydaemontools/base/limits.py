"""Memory limits that wait: set by softlimit, held by the first program that is not ours.

An interpreter needs more memory than many a C program is allowed, so that a limit which
suits the program would kill the links that stand before it.
"""

import posix
from resource import RLIM_INFINITY, getrlimit, setrlimit

from .cli import fatal, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

NAME = b"PYDAEMONTOOLS_LIMITS"
KINDS = 16  # how many limits Linux has
MOST = 2**63 - 1


def to_environ(limits: dict[int, int]) -> dict[bytes, bytes]:
    """Return the variable that hands LIMITS on to a link of ours, across an exec.

    It begins with our pid, which an exec keeps: what another process had is not believed.
    """
    pairs = b" ".join(b"%d:%d" % pair for pair in limits.items())
    return {NAME: b"%d " % posix.getpid() + pairs}


def from_environ(environ: dict[bytes, bytes]) -> dict[int, int]:
    """Remove the limits from ENVIRON and return them, none if they are not from this process.

    Raises Quit for what is, and is no limit.
    """
    value = environ.pop(NAME)
    pid, _, pairs = value.partition(b" ")
    if pid != b"%d" % posix.getpid():
        return {}
    limits = {}
    for pair in pairs.split():
        word, _, soft = pair.partition(b":")
        which, number = whole(word, KINDS - 1), whole(soft.removeprefix(b"-"), MOST)
        if which is None or number is None:
            raise fatal(b"unable to take the limits that wait, from " + NAME + b"=" + value)
        limits[which] = -number if soft[:1] == b"-" else number
    return limits


def below(soft: int, hard: int) -> int:
    """SOFT, lowered to HARD where it is above, as setrlimit takes it."""
    # CPython's numbers have a sign, the system's have none: -1 is infinity, the largest.
    lower = min(soft % 2**64, hard % 2**64)
    return lower - 2**64 if lower >= 2**63 and RLIM_INFINITY < 0 else lower


class holding:  # noqa: N801 - used as a statement
    """Hold LIMITS while the body execs; give them up if it comes back, so errors can be told."""

    def __init__(self, limits: dict[int, int]) -> None:
        self.before = {which: getrlimit(which) for which in limits}
        self.limits = limits

    def __enter__(self) -> None:
        for which, soft in self.limits.items():
            hard = self.before[which][1]
            setrlimit(which, (below(soft, hard), hard))

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: "BaseException | None",
        trace: "TracebackType | None",
    ) -> None:
        for which, pair in self.before.items():
            setrlimit(which, pair)
