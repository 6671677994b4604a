"""A pattern that is looked for in lines, and never takes longer for one than it may.

A pattern that backtracks takes twice as long with each byte more, and `re` does not give up
by itself. It does look for signals, so a timer that counts the processor's time, which no load
of the machine makes shorter, ends it.
"""

import _signal

SPAN = 0.05  # seconds of the processor for one line
LENGTH = 1000  # bytes of a line that are looked at
STRIKES = 3  # lines that took too long; after them the pattern is off


class _TooLongError(Exception):
    """The timer ended a search."""


class Pattern:
    """The regular expression TEXT; `off` when it took too long too often."""

    def __init__(self, text: bytes) -> None:
        import re

        self.text = text
        self.off = False
        self._search = re.compile(text).search
        self._strikes = 0
        self._armed = False

    def found_in(self, line: bytes) -> bool:
        """Whether it is in LINE; where that takes too long, it is not."""
        if self.off:
            return False
        try:
            return self._search_for_a_while(line[:LENGTH])
        except _TooLongError:
            self._strikes += 1
            self.off = self._strikes >= STRIKES
            return False

    def _search_for_a_while(self, line: bytes) -> bool:
        # Blocked for us, it would never come.
        _signal.signal(_signal.SIGVTALRM, self._time_is_up)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, [_signal.SIGVTALRM])
        self._armed = True
        _signal.setitimer(_signal.ITIMER_VIRTUAL, SPAN)
        try:
            return bool(self._search(line))
        finally:
            # First: a signal that comes from here on ends nothing.
            self._armed = False
            _signal.setitimer(_signal.ITIMER_VIRTUAL, 0)

    def _time_is_up(self, _signum: int, _frame: object) -> None:
        if self._armed:
            raise _TooLongError
