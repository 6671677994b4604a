"""Wait until services are up, ready, down, or left by their supervisors."""

import posix
from time import monotonic, sleep

from ..base import cli
from ..base.status import RUN, Status
from ..base.write import show
from .check_script import LIMIT, run_check_script
from .lifetime import Lifetime
from .reader import read_status
from .servicefiles import CONTROL, OK, Home, Trouble, attend, reason
from .services import first, places_here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SYNOPSIS = b"pysvwait [-u|-U|-d|-D|-x] [-a|-o] [-t seconds] [--json] dir ..."
USAGE = (SYNOPSIS, SYNOPSIS)
LATE = 99
FIRST, MOST = 0.005, 0.2  # seconds between two looks: soon at first, then seldom


class Wait:
    """What to wait for (a letter), of whom, for how long at most, and whether one is enough.

    there: who was as asked at the last look; lives: what was seen of each.
    """

    def __init__(self, argv: list[bytes]) -> None:
        found, self.directories = cli.options(argv, USAGE, b"uUdDxaot:", words=(b"json",))
        given = {letter for letter, _ in found}
        letters = given - {b"t", b"a", b"o", b"json"}
        if not self.directories or len(letters) > 1 or given >= {b"a", b"o"}:
            hint = b"say one thing to wait for" if self.directories else b"say which service"
            raise cli.usage(argv[0], USAGE, hint=hint)
        self.letter = letters.pop() if letters else b"u"
        self.any = b"o" in given
        self.json = b"json" in given
        self.there: list[bytes] = []
        self.lives: dict[bytes, Lifetime] = {}
        self.limit = float("inf")
        for letter, value in found:
            if letter == b"t":
                self.limit = cli.seconds(argv[0], USAGE, letter, value)

    def look(self, home: Home) -> bool:
        """Whether all are there, or one if that is enough; raises Quit for what cannot be.

        With one that is enough, another that cannot be is passed over.
        """
        self.there = []
        trouble, lost = None, 0
        for directory in self.directories:
            try:
                if _at(directory, self, home):
                    self.there.append(directory)
            except cli.Quit as end:
                if not self.any:
                    raise
                trouble, lost = trouble or end, lost + 1
        if trouble and lost == len(self.directories):
            raise trouble
        return bool(self.there) if self.any else len(self.there) == len(self.directories)


def main(argv: list[bytes]) -> int:
    """Wait for all, or for one; 0 when they are there, LATE when the time is up first."""
    asked = Wait(argv)
    code = wait(asked, Home(own=True))
    if asked.json:
        from .fields import objects

        show(objects([{"service": d, "there": d in asked.there} for d in asked.directories]))
    return code


def wait(asked: Wait, home: Home) -> int:
    """Look until all is as ASKED, or until the time is up."""
    end = monotonic() + asked.limit
    pause = FIRST
    # One that was there may have gone on: all have to be there at once.
    while not asked.look(home):
        left = end - monotonic()
        if left <= 0:
            return LATE
        sleep(min(pause, left))
        pause = min(pause * 1.3, MOST)
    return 0


def _at(directory: bytes, asked: Wait, home: Home) -> bool:
    """Go to DIRECTORY and see whether its service is as ASKED; raises Quit where it cannot be."""
    arrived = _gone if asked.letter == b"x" else _arrived
    try:
        posix.chdir(first(places_here(directory)))
        return arrived(directory, asked)
    except OSError as error:
        trouble = Trouble(b"unable to chdir", error)
    except Trouble as error:
        trouble = error
    finally:
        home.back()
    raise _refusal(directory, trouble)


def _refusal(directory: bytes, trouble: Trouble) -> cli.Quit:
    from .hint import hint
    from .svstat import refusal

    text = b"unable to wait for " + directory + b": " + refusal(trouble, own=True)
    return cli.fatal(text, hint=hint(places_here(directory), trouble.error))


def _arrived(directory: bytes, asked: Wait) -> bool:
    try:
        status = read_status()
    except Trouble as trouble:
        if trouble.begins:
            return False
        raise
    if asked.letter in b"uU" and status.word == b"failed":
        text = b"unable to wait for " + directory + b": it has failed for good"
        raise cli.fatal(text + (b": " + status.why if status.why else b""))
    if directory not in asked.lives:
        asked.lives[directory] = Lifetime()
    return REACHED[asked.letter](status, asked.lives[directory])


def _ready(status: Status, life: Lifetime) -> bool:
    """Whether it says so; where its supervisor tells nothing, whether ./check does.

    Where neither says anything, it has to have lived for a while.
    """
    if status.state != RUN or status.says_ready or status.ready is False:
        return bool(status.ready)
    if status.ready is None and posix.access(b"check", posix.X_OK):
        return run_check_script(_warn, LIMIT)
    return life.has_settled(status)


def _warn(doing: bytes, file: bytes, error: OSError) -> None:
    cli.say(b"pysvwait: warning: unable to " + doing + file[1:] + b": " + reason(error))


REACHED: "dict[bytes, Callable[[Status, Lifetime], bool]]" = {
    b"u": lambda status, life: life.has_settled(status),
    b"U": _ready,
    b"d": lambda status, _life: status.state != RUN,
    b"D": lambda status, _life: not status.pid,
}


def _gone(_directory: bytes, _asked: Wait) -> bool:
    """Whether no supervisor runs here. Raises OSError where one cannot tell."""
    from errno import ENOENT, ENXIO

    for fifo in (OK, CONTROL):
        try:
            attend(fifo)
        except OSError as error:
            if error.errno not in (ENOENT, ENXIO):
                raise Trouble(b"unable to open " + fifo, error) from None
        else:
            return False
    return True
