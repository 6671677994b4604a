"""svscan of daemontools 0.76: a supervise for each directory, and one for its log, every 5 s."""

import _signal as signal
import posix
from time import sleep

from ..base import cli
from ..base.fds import inherited
from ..base.process import standard_fds, title
from . import keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..jobs.loop import Loop
    from .original_scanner import OriginalScanner

WHO = b"svscan"
AGAIN = 5  # seconds until what has gone is started again


def run(argv: list[bytes]) -> int:
    """Scan the directory of ARGV until a signal ends us. Raises Quit."""
    if len(argv) > 1:
        try:
            posix.chdir(argv[1])
        except OSError as error:
            raise cli.fatal(b"unable to chdir to " + argv[1], error) from None
    title(WHO)
    standard_fds()
    keep = inherited()
    # It may have been ignored for us, and then nobody would be told of a child's end.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    what = (argv[1].rstrip(b"/") if len(argv) > 1 else b".") + b"/*"
    while True:
        try:
            pid, told = keeper.start(b"supervise", what, _scanner, keep)
        except OSError as error:
            cli.say(WHO + b": warning: " + cli.fatal(b"unable to fork", error).lines[0][7:])
        else:
            # Orphans too, if we are process 1.
            while posix.waitpid(-1, 0)[0] != pid:
                pass
            posix.close(told)
        sleep(AGAIN)


def _scanner(loop: "Loop", files: int) -> "OriginalScanner":
    from .svscan_scanner import SvscanScanner

    return SvscanScanner(loop, files)
