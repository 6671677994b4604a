"""The last lines of a stream, and their severities: what some lines tell more of."""

BACK = 64  # lines in which the record is looked for that a line tells more of


class RecentLines:
    """The `lines` that are being looked at, their `levels`, `at` which of them that is so far; and
    those before them.
    """

    __slots__ = ("_earlier", "_their", "at", "levels", "lines")

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.levels: list[int | None] = []
        self.at = 0
        self._earlier: list[bytes] = []
        self._their: list[int | None] = []

    def begin(self, lines: list[bytes], levels: list[int | None]) -> None:
        """Have LINES, whose LEVELS are to be found, looked at next."""
        self._earlier += self.lines[-BACK:]
        self._their += self.levels[-BACK:]
        if len(self._earlier) > 2 * BACK:
            del self._earlier[:-BACK], self._their[:-BACK]
        self.lines, self.levels = lines, levels

    def latest(self) -> tuple[list[bytes], list[int | None]]:
        """The lines before the one that is being looked at, and their severities, the last first;
        however they were cut into blocks.
        """
        lines = self._earlier + self.lines[: self.at]
        levels = self._their + self.levels[: self.at]
        return lines[: -BACK - 1 : -1], levels[: -BACK - 1 : -1]
