"""What pymultilog and pysissylog have in common: stdin, and a pump that signals are meant for."""

from _signal import SIG_IGN, SIGALRM, SIGCHLD, SIGPIPE, SIGTERM, signal
from errno import EBADF

from ..base import cli, process
from .pipe.source import open_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .pipe.pump import Pump
    from .pipe.pump_loop import Waker
    from .pipe.source import Source


def open_stdin(who: bytes) -> "Source":
    """Become WHO in ps, and return the source of stdin. Raises OSError if it cannot be read.

    From now on what is said under our own name waits for nobody who reads stderr.
    """
    process.title(who)
    if cli.native(who):
        cli.lasts(who)
    signal(SIGPIPE, SIG_IGN)
    if 0 in process.opened:
        raise OSError(EBADF, "")
    return open_source(0)


def run_pump(pump: "Pump", waker: "Waker", enders: "Iterable[int]" = (SIGTERM,)) -> int:
    """Run PUMP, which WAKER is for, until its end; return the exit code. Raises Quit.

    The signals ENDERS ask for the end, ALRM for new files.
    """
    for signum in enders:
        signal(signum, lambda signum, _frame: waker.signals.append(signum))
    signal(SIGALRM, lambda signum, _frame: pump.alarms.append(signum))
    # A processor that has ended is to wake us.
    signal(SIGCHLD, lambda _signum, _frame: None)
    waker.loop.add(waker, pump.step)
    return waker.loop.run()[waker]
