"""When something that is done again and again is due next. No clock: the times are given."""


class Schedule:
    """Runs that are INTERVAL seconds apart.

    That is from the end of one to the beginning of the next; if STRICT, from beginning to
    beginning, on a grid that does not drift. A run that is late keeps the grid, and what was
    missed for longer than an interval is not made up for: a new grid begins.
    """

    def __init__(self, interval: float = 0.0, *, strict: bool = False) -> None:
        self.interval = interval
        self.strict = strict
        self._from = float("-inf")  # what the next interval is counted from
        self._pause = float("-inf")  # not before this time

    @property
    def due(self) -> float:
        """When the next run is due; at first at once."""
        return max(self._from + self.interval, self._pause)

    def begin(self, now: float) -> None:
        """Note that a run begins NOW."""
        on_grid = self.strict and self.due <= now < self.due + self.interval
        self._from = self.due if on_grid else now

    def end(self, began: float, now: float) -> bool:
        """Note that the run that BEGAN then ends NOW; whether it exceeded a strict interval."""
        if self.strict:
            return 0 < self.interval < now - began
        self._from = now
        return False

    def pause(self, until: float) -> None:
        """Have the next run not before UNTIL."""
        self._pause = until
