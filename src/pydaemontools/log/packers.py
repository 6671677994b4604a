"""Whether the programs that pack log files are there."""

import posix

from ..base.process import environ
from ..chain import pathexec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .lines.actions import Actions


def missing_packer(actions: "Actions") -> bytes:
    """Return what is wrong if ACTIONS ask for a packer that is nowhere on PATH; else nothing."""
    for word, program in actions.packers:
        files = pathexec.search(program, environ.get(b"PATH"))
        if not any(posix.access(file, posix.X_OK) for file in files):
            return word + b" needs the program " + program
    return b""
