"""The dots that say, one each second, that something is waited for."""

from _signal import ITIMER_REAL, SIGALRM, setitimer, signal

from .saying import out

EVERY = 1.0  # seconds


class Dots:
    """Prints a dot each second meanwhile; no wait ends by that, and no child has the timer."""

    def __enter__(self) -> None:
        self._before = signal(SIGALRM, lambda _signum, _frame: out(". "))
        setitimer(ITIMER_REAL, EVERY, EVERY)

    def __exit__(self, *_raised: object) -> None:
        setitimer(ITIMER_REAL, 0)
        signal(SIGALRM, self._before)
