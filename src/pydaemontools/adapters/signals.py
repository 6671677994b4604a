"""Signals that turn the level up and down while the program runs.

The handler changes numbers and nothing else: no lock, no output, no allocation that matters.
Python calls it between two instructions of the main thread, whatever that is doing.
"""

import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from .level import Level

Handler = Callable[[int, FrameType | None], object] | int | None


class Turn:
    """A signal handler that adjusts LEVEL by STEPS, and then calls what was there BEFORE."""

    def __init__(self, level: Level, steps: int, before: Handler) -> None:
        self._level = level
        self.steps = steps
        self.before = before

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        """Do it."""
        self._level.adjust(self.steps)
        if callable(self.before):
            self.before(signum, frame)


def number(name: str | int) -> int:
    """The number of the signal NAME, with or without SIG. ValueError if there is none."""
    try:
        if isinstance(name, str):
            return signal.Signals["SIG" + name.upper().removeprefix("SIG")]
        return signal.Signals(name)
    except (KeyError, ValueError):
        raise ValueError(f'no signal: {name!r}; say signals=("USR1", "USR2")') from None


def pair(names: Sequence[str | int]) -> list[int]:
    """The numbers of NAMES: for more, and for less.

    ValueError if these are no two signals, or outside the main thread, where Python allows no
    handler.
    """
    if isinstance(names, str) or len(names) != 2:
        raise ValueError(f'signals={names!r}: say two, for more and for less: ("USR1", "USR2")')
    numbers = [number(name) for name in names]
    if threading.current_thread() is not threading.main_thread():
        raise ValueError("signals= needs install() to be called in the main thread")
    return numbers


def listen(level: Level, numbers: Sequence[int]) -> Callable[[], None]:
    """Have the first signal of NUMBERS turn LEVEL up, the second down; gives what undoes it.

    A handler that is there is called too.
    """
    turns = [
        (signum, Turn(level, steps, signal.getsignal(signum)))
        for signum, steps in zip(numbers, (1, -1), strict=True)
    ]
    for signum, turn in turns:
        signal.signal(signum, turn)

    def undo() -> None:
        for signum, turn in turns:
            before = signal.SIG_DFL if turn.before is None else turn.before
            turn.steps = 0  # a handler of the program's may still call it
            if signal.getsignal(signum) is turn:
                signal.signal(signum, before)

    return undo
