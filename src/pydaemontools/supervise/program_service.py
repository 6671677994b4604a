"""A service that is a command line: nothing of it is on disk."""

import posix

from ..base.child import fork, spawn_program
from ..base.process import environ, limits
from ..chain import pathexec as chain
from ..chain import script
from ..chain.words import expand
from ..jobs.loop import Loop
from .rules import Rules
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..jobs.tree import Reaper


class ProgramService(Service):
    """The program ARGV."""

    __slots__ = ("argv",)

    def __init__(self, loop: Loop, reaper: "Reaper | None", who: bytes, argv: list[bytes]) -> None:
        super().__init__(loop, reaper, who, label(argv))
        self.argv = argv

    def spawn(self, rules: Rules) -> int:  # noqa: ARG002 - they hold for every program
        """Start it, as the links of its chain or as whatever they become."""
        files = chain.search(self.argv[0], environ.get(b"PATH"))
        file = next((file for file in files if posix.access(file, posix.X_OK)), b"")
        if file and not limits and not chain.recognise(file):
            try:
                return spawn_program(file, self.argv, self.fd_map, session=True)
            except OSError:
                # The other way says what is wrong.
                pass
        return fork(self.who, self.name, self._run, self.fd_map, self.keep)

    def _run(self) -> int:
        return chain.run(self.who, _same, self.argv)


def _same(argv: list[bytes]) -> list[bytes]:
    return argv


def label(argv: list[bytes]) -> bytes:
    """What to call ARGV in a message: its program, or the first of a chain's rest."""
    if argv[:2] == [script.me(), b"-c"] and argv[2:]:
        argv = expand(script.parse(argv[2], b"-c")[0], environ)
    return argv[0].rpartition(b"/")[2]
