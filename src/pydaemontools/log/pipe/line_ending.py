"""The end of the input at a line's end, where what has no end yet is left in the pipe."""

from .ending import Ending


class LineEnding(Ending):
    """As svlogd ends (runit 2.1.2): the lines that are there are the last to be passed on.

    The end of a line that has begun is waited for, but with `at_once`; the line is our successor's.
    Sinks that are away have all the time to come back.
    """

    def __init__(self) -> None:
        super().__init__(patient=True)
        self.at_once = False
        self._waits = False  # for the end of a line

    def cut(self, block: bytes, offset: int, available: int, *, inside: bool) -> bytes:  # noqa: ARG002
        """Return what of BLOCK comes before the end; set `last` if that is all. INSIDE says that
        some of the line at its beginning was passed on, and so all of it is.
        """
        if inside:
            end = block.find(b"\n") + 1
            self.last = end > 0
            return block[:end] or block
        lines = block[: block.rfind(b"\n") + 1]
        if self._waits and lines:
            self.last = True
            return b""
        self._waits = True
        self.last = self.at_once or lines == block
        return lines
