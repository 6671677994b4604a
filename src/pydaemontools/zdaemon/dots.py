"""The dots that say, one each second, that something is waited for."""

from _signal import ITIMER_REAL, SIGALRM, setitimer, signal
from contextlib import contextmanager

from .saying import out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY = 1.0  # seconds


@contextmanager
def dots() -> "Iterator[None]":
    """Print a dot each second meanwhile; no wait ends by that, and no child has the timer."""
    before = signal(SIGALRM, lambda _signum, _frame: out(". "))
    setitimer(ITIMER_REAL, EVERY, EVERY)
    try:
        yield
    finally:
        setitimer(ITIMER_REAL, 0)
        signal(SIGALRM, before)
