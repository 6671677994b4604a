"""What travels from the router to the places: lines and the severity of each."""


class Batch:
    """LINES without their newlines, LEVELS beside them.

    A line too long to wait for comes in pieces: `continued` says that the first line goes
    on from the batch before, `unfinished` that the last goes on in the next.
    """

    __slots__ = ("continued", "levels", "lines", "unfinished")

    def __init__(
        self,
        levels: list[int],
        lines: list[bytes],
        *,
        continued: bool = False,
        unfinished: bool = False,
    ) -> None:
        self.levels = levels
        self.lines = lines
        self.continued = continued
        self.unfinished = unfinished

    def important(self, least: int) -> "Batch":
        """What of it is at least as important as the severity LEAST."""
        keep = [level <= least for level in self.levels]
        return Batch(
            [level for level in self.levels if level <= least],
            [line for line, kept in zip(self.lines, keep, strict=True) if kept],
            continued=self.continued and keep[0],
            unfinished=self.unfinished and keep[-1],
        )
