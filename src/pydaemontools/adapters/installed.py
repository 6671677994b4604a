"""What is installed in this process, and what children that begin anew are told of it."""

import os
from collections.abc import Callable

from .level import Level
from .values import shown

# Tells a process that begins anew, and calls child(), what its parent called install() with.
VARIABLE = "PYDAEMONTOOLS_LOGGING"


class Installed:
    """What is installed in this process: the level, and what takes it all away again."""

    def __init__(self) -> None:
        self.level = Level()
        self.categories: dict[str, Level] = {}
        # The file that is written to: nobody else may keep it open.
        self.to: object = None
        # What install() was called with, as far as it can be told to a child.
        self.arguments: dict[str, object] | None = None
        self._undo: list[Callable[[], None]] = []

    def add(self, undo: Callable[[], None]) -> None:
        """Have UNDO called at the end, before what was added earlier."""
        self._undo.append(undo)

    def begin(self, wanted: Level, categories: dict[str, Level], to: object) -> None:
        """Have the shared level be as WANTED is, bounds too, and those of CATEGORIES; keep TO."""
        self.level.clamp(min=wanted.least, max=wanted.most)
        self.level.set(wanted.step)
        self.categories, self.to = categories, to

    def remember(self, *arguments: dict[str, object]) -> None:
        """Have children told of ARGUMENTS, of install()."""
        import json

        self.arguments = {name: value for part in arguments for name, value in part.items()}
        try:
            os.environ[VARIABLE] = json.dumps(self.now(), default=shown)
        except (TypeError, ValueError, RecursionError):
            # Fields of which JSON cannot be made: who is pickled has them.
            os.environ[VARIABLE] = json.dumps(self.now() | {"fields": None}, default=shown)

    def now(self) -> dict[str, object]:
        """What install() would be called with to have it as it is now."""
        categories = {name: one.step for name, one in self.categories.items()}
        return (self.arguments or {}) | {"level": self.level.step, "categories": categories}

    def end(self) -> None:
        """Take all of it away."""
        self.arguments = None
        os.environ.pop(VARIABLE, None)
        while self._undo:
            self._undo.pop()()


installed = Installed()


def from_parent() -> dict[str, object]:
    """What the parent called install() with; nothing if it did not."""
    import json

    try:
        found = json.loads(os.environ.get(VARIABLE, ""))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
