"""Memory limits that wait: set by softlimit, held by the first program that is not ours.

An interpreter needs more memory than many a C program is allowed, so that a limit which
suits the program would kill the links that stand before it.
"""

from resource import RLIM_INFINITY, getrlimit, setrlimit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

NAME = b"PYDAEMONTOOLS_LIMITS"
KINDS = 16  # how many limits Linux has


def to_environ(limits: dict[int, int]) -> dict[bytes, bytes]:
    """Return the variable that hands LIMITS on to a link of ours, across an exec."""
    return {NAME: b" ".join(b"%d:%d" % pair for pair in limits.items())}


def from_environ(environ: dict[bytes, bytes]) -> dict[int, int]:
    """Remove the limits from ENVIRON and return them. What is no limit is not from us."""
    limits = {}
    for pair in environ.pop(NAME).split():
        which, _, soft = pair.partition(b":")
        if which.isdigit() and int(which) < KINDS and soft.removeprefix(b"-").isdigit():
            limits[int(which)] = int(soft)
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
