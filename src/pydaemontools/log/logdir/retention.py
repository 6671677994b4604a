"""Which files of a log have only lines that are too old, whatever the clock does.

A file is as old as its newest line: the earlier of its mtime and the time in its name. It is not
older than a file before it, since names sort in the order of the lines. A time that cannot be, in
the future or before this kind of file was made, says nothing: such a file goes with a later one.

The clock may be wrong for a while. So a time that it jumped to is believed when it has held for an
hour. Until then as much time has passed as another clock says, which counts from the boot. At the
start it is believed, unless it is more than a year since the newest line that is there.
"""

import time

HOUR = 3600.0
EARLIEST = 978307200.0  # 2001: clocks without a battery begin in 1970 or in 2000
YEAR = 365 * 86400.0
JUMP = 60.0  # seconds more or less than the other clock's; what corrects a clock slowly does less

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def since_boot() -> float:
    """The seconds since the boot, those of a suspended machine among them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Retention:
    """Lines are kept for AGE seconds, as the clock WALL says, which STEADY checks.

    NEWEST is when the newest line was written that is there; 0 if nobody knows.
    """

    def __init__(
        self,
        age: int,
        newest: float,
        wall: "Callable[[], float]" = time.time,
        steady: "Callable[[], float]" = since_boot,
    ) -> None:
        self._age = age
        self._wall = wall
        self._steady = steady
        self._jump = min(JUMP, age / 10)
        self._step = min(HOUR, max(1.0, age / 100))  # seconds between two looks, at least
        now, self._at = wall(), steady()
        doubtful = EARLIEST <= newest < now - YEAR
        self._base = newest if doubtful else now  # what time it was at _at, for sure
        self._offset, self._held_since = now - self._at, self._at
        self._look_at = 0.0  # when the next look is due, by STEADY

    def due(self) -> float:
        """Return in how many seconds a look makes sense."""
        return max(0.0, self._look_at - self._steady())

    def expired(self, times: "Iterable[tuple[float, float]]") -> int:
        """Return how many files are too old, the first ones of those with TIMES.

        Those are of a file that is older than the next: the one in its name, and its mtime.
        """
        now, wall = self._now(), self._wall()
        count, newest, rest = 0, 0.0, HOUR
        for number, (named, written) in enumerate(times):
            if not EARLIEST <= written <= wall:
                # Nor does the name say anything then: it may be next to that of an old file.
                continue
            newest = max(newest, min(named if EARLIEST <= named <= wall else written, written))
            if newest + self._age > now:
                rest = newest + self._age - now
                break
            count = number + 1
        self._look_at = self._at + min(max(rest, self._step), HOUR)
        return count

    def put_off(self) -> None:
        """Look again later: this time it went wrong."""
        self._look_at = self._steady() + self._step

    def _now(self) -> float:
        """Return the time up to which lines have aged for sure."""
        wall, steady = self._wall(), self._steady()
        if abs(wall - steady - self._offset) > self._jump:
            self._held_since = steady
        self._offset = wall - steady
        self._base += steady - self._at
        self._at = steady
        if steady - self._held_since >= HOUR:
            self._base = wall
        return min(wall, self._base)
