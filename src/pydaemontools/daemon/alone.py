"""The steps of a daemon one by one, for a program that goes its own way between them."""

import os
import sys

from . import detach
from .failures import Error
from .lock_file import PidFile, lock
from .plan import Plan
from .stdio import Stdio
from .truth import Truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .plan import Path
    from .stdio import Stream

__all__ = ["PidFile", "close_io", "lock", "set_user", "start"]


def start(directory: "Path | None" = "/", umask: int | str | None = 0o022) -> int:
    """Fork, start a session, fork; set the umask, change the DIRECTORY; return our new pid.

    stdin, stdout, stderr and all other files stay as they are. The process that called exits
    with 0, or raises StartupError. Under a supervisor that started this program nothing is
    forked.
    """
    detach.daemonize(
        ready=None,
        directory=directory,
        umask=umask,
        stdin=0,
        stdout=1,
        stderr=2,
        close_fds=False,
    )
    return os.getpid()


def close_io(stdout: "Stream" = None, stderr: "Stream" = None) -> None:
    """Have stdin be /dev/null, and STDOUT and STDERR too, or files that are appended to.

    None of the three is left closed, or the next file that is opened would take its place.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    truth = Truth(-1)
    try:
        Stdio(None, stdout, stderr).open(truth)
    except OSError as error:
        raise Error(truth.sentence(error)) from error


def set_user(user: str | int, group: str | int | None = None) -> None:
    """Become USER, with its group or GROUP and its other groups, for good. Raises Error."""
    truth = Truth(-1)
    plan = Plan(directory=None, umask=None, user=user, group=group, close_fds=False)
    try:
        plan.become(truth)
    except Exception as error:
        raise Error(truth.sentence(error)) from error
