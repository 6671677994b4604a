"""Keep every service below a directory running, from one process."""

import gc
import posix

from ..base import cli
from ..base.child import have_files, inherited, prepare
from ..base.locks import lock_directory
from ..base.process import environ, leave_terminal, title
from ..jobs.loop import END, Inbox, Loop
from ..jobs.owed import say_later
from ..jobs.tree import Reaper
from ..supervise.announcement import Announcer
from ..supervise.dialect import DIALECTS
from ..supervise.logger_file import program_of
from ..supervise.supervise import OURS
from .hosted import Loggers
from .scan_control import PLACE, ScanControl
from .scanner import WHO, Scanner

USAGE = (b"svscan [dir]", b"pysvscan [--log command] [dir]")
KILLED = 1  # the exit code where not all ended by themselves


def main(argv: list[bytes]) -> int:
    """Supervise what is in the directory until told to stop."""
    if not cli.native(argv[0]):
        from .svscan_original import run

        return run(argv)
    found, words = cli.options(argv, USAGE, words=(b"log:",))
    log = dict(found).get(b"log", b"")
    if log:
        program_of(log, b"--log")
    if len(words) > 1:
        raise cli.usage(argv[0], USAGE, hint=b"it keeps the services of one directory")
    place = words[0] if words else b"."
    title(WHO)
    cli.lasts(WHO)
    leave_terminal()
    prepare()
    for fd in inherited():
        posix.set_inheritable(fd, False)
    asked = {name: environ.pop(name) for name in OURS if name in environ}
    environ[b"PYDAEMONTOOLS_SUPERVISOR"] = b"%d" % posix.getpid()
    loop = Loop(Inbox())
    scanner = _open(loop, place, have_files(), log)
    Machine(loop, scanner, asked).run()
    return KILLED if scanner.killed else 0


def _open(loop: Loop, place: bytes, files: int, log: bytes) -> Scanner:
    """The services of PLACE, which is locked; LOG is the logger of who has none. Raises Quit."""
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
    loggers = Loggers(loop, PLACE, log)
    scanner = Scanner(loop, Reaper(loop), DIALECTS[b"pysupervise"], origin, files=files)
    scanner.loggers = loggers
    return scanner


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
        cli.owes()

    def hear(self, letter: str) -> None:
        """Do what a signal says, or a letter in the fifo: LETTER stands for it."""
        if letter in (END, "t"):
            self._announcer.tell(b"STOPPING=1")
            self._scanner.end()
        elif letter in ("h", "a"):
            self._scanner.look()
        elif letter == "n":
            self._scanner.end_removed()
