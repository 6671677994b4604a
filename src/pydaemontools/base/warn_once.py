"""A warning that is said once for all that goes wrong until it goes well again."""

from .cli import say


class WarnOnce:
    """Says a warning in the name of WHO: the first one, and the first after each clear()."""

    __slots__ = ("_who", "warned")

    def __init__(self, who: bytes) -> None:
        self._who = who
        self.warned = False

    def warn(self, *lines: bytes) -> None:
        """Say LINES, if nothing was said since the last clear()."""
        if not self.warned:
            self.warned = True
            say(*(self._who + b": warning: " + line for line in lines))

    def clear(self) -> None:
        """Note that it goes well: the next warning is said again."""
        self.warned = False
