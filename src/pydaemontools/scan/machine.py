"""The machine of pysvscan: services, their loggers, and what tells it, in one loop."""

import gc
import posix
from time import monotonic

from ..base import cli, overview
from ..base.child import have_files, spawn_apart
from ..base.heap import give_back
from ..base.process import environ
from ..jobs.loop import END, Loop
from ..jobs.owed import say_later
from ..jobs.tree import Reaper
from ..supervise.announcement import Announcer
from ..supervise.dialect import DIALECTS
from ..supervise.logger_file import program_of
from ..supervise.supervise import OURS
from .hosted import Loggers
from .scan_control import ScanControl
from .scanner import Scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .logger_process import Spare

STALLED = 5.0  # seconds without a byte read, after which a logger whose service has ended is told
KILLED = 1  # the exit code where not all ended by themselves


def keep(loop: Loop, origin: bytes, log: bytes, spare: "Spare | None") -> int:
    """Keep the services of the current directory, an absolute path called ORIGIN, by LOOP until
    told to stop; return the exit code. LOG is the logger of who has none, SPARE a process that can
    have loggers. Raises Quit.
    """
    if log:
        program_of(log, b"--log")
    asked = {name: environ.pop(name) for name in OURS if name in environ}
    environ[b"PYDAEMONTOOLS_SUPERVISOR"] = b"%d" % posix.getpid()
    spawn_apart()
    loggers = Loggers(loop, overview.PLACE, log, spare)
    scanner = Scanner(loop, Reaper(loop), DIALECTS[b"pysupervise"], origin, files=have_files())
    scanner.loggers = loggers
    scanner.show_all()
    Machine(loop, scanner, asked).run()
    return KILLED if scanner.killed else 0


class Machine:
    """Keeps the services of SCANNER by LOOP; tells whoever started us what that ASKED for."""

    def __init__(self, loop: Loop, scanner: Scanner, asked: dict[bytes, bytes]) -> None:
        self._loop = loop
        self._scanner = scanner
        self._announcer = Announcer(loop, asked)
        loop.on_letter = self.hear

    def run(self) -> None:
        """Start all, and keep them until told to stop."""
        say_later(self._loop)
        self._scanner.begin()
        self._loop.enter(self._scanner.home)
        ScanControl(self._loop, self.hear)
        # What is there by now stays: no collection has to look at it, here or in a child.
        gc.freeze()
        ready = False
        while self._loop.pending or not self._scanner.left:
            self._loop.turn()
            self._scanner.after_turn()
            if not ready and self._scanner.begun:
                ready = True
                if self._scanner.loggers:
                    self._scanner.loggers.settle()
                self._announcer.tell(b"READY=1")
                give_back()
        cli.owes()

    def hear(self, letter: str) -> None:
        """Do what a signal says, or a letter in the fifo: LETTER stands for it."""
        if letter in (END, "t"):
            self._announcer.tell(b"STOPPING=1")
            self._scanner.end()
            self._urge()
        elif letter == overview.QUESTION:
            self._scanner.answer()
        elif letter in ("h", "a"):
            self._scanner.look()
        elif letter == "n":
            self._scanner.end_removed()
            self._urge()

    def _urge(self) -> None:
        """Have those loggers end that cannot write what is left: nobody comes after them."""
        # Each of them: any() would stop at the first.
        if sum(pair.urge() for pair in self._scanner.known.values()):
            self._loop.visit(self._scanner.home)
            self._loop.at(monotonic() + STALLED, self._urge)
