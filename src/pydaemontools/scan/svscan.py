"""Keep every service below a directory running, from one process."""

import posix

from ..base import cli
from ..base.child import prepare
from ..base.fds import inherited
from ..base.locks import lock_directory
from ..base.process import leave_terminal, title
from ..base.service_dirs import names_in
from ..jobs.loop import Inbox, Loop
from . import logger_process
from .logger_process import WHO

USAGE = (b"svscan [dir]", b"pysvscan [--log command] [dir]")


def main(argv: list[bytes]) -> int:
    """Supervise what is in the directory until told to stop."""
    if not cli.native(argv[0]):
        from .svscan_original import run

        return run(argv)
    found, words = cli.options(argv, USAGE, words=(b"log:",))
    log = dict(found).get(b"log", b"")
    if len(words) > 1:
        raise cli.usage(argv[0], USAGE, hint=b"it keeps the services of one directory")
    place = words[0] if words else b"."
    title(WHO)
    cli.lasts(WHO)
    leave_terminal()
    prepare()
    for fd in inherited():
        posix.set_inheritable(fd, False)
    loop = Loop(Inbox())
    origin = _enter(place)
    # Before anything of a service is loaded, which a logger has no use for.
    spare = logger_process.spare() if log or _some_logger() else None
    from .machine import keep

    return keep(loop, origin, log, spare)


def _enter(place: bytes) -> bytes:
    """Be in the directory PLACE, and the only one there; return its absolute path. Raises Quit."""
    try:
        origin = place if place[:1] == b"/" else posix.getcwdb() + b"/" + place
        posix.chdir(place)
    except OSError as error:
        raise cli.fatal(b"unable to chdir to " + place, error) from None
    if posix.access(b"run", posix.F_OK):
        hint = b"`pysupervise " + place + b"` keeps it; pysvscan keeps what is below a directory"
        raise cli.fatal(place + b" is a service directory: it holds a run", hint=hint)
    _, held = lock_directory(b".", place, patient=True)
    if held:
        raise cli.fatal(b"unable to keep the services of " + place + b": " + held)
    return origin


def _some_logger() -> bool:
    """Whether some service has a file that says what its logger is."""
    try:
        return any(posix.access(name + b"/logger", posix.F_OK) for name in names_in(b"."))
    except OSError:
        # It is said by who looks for services.
        return False
