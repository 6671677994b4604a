"""Wait until services are up, ready, down, or left by their supervisors."""

import posix
from time import monotonic, sleep

from ..base import cli
from .check_script import available
from .servicefiles import CONTROL, OK, Home, Trouble, attend, show
from .view import View, look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SYNOPSIS = b"pysvwait [-u|-U|-d|-D|-x] [-a|-o] [-t seconds] [--json] dir ..."
USAGE = (SYNOPSIS, SYNOPSIS)
LATE = 99
FIRST, MOST = 0.005, 0.2  # seconds between two looks: soon at first, then seldom


class Asked:
    """What to wait for (a letter), of whom, for how long at most, and whether one is enough.

    there: who was as asked at the last look.
    """

    def __init__(self, argv: list[bytes]) -> None:
        found, self.places = cli.options(argv, USAGE, b"uUdDxaot:", words=(b"json",))
        given = {letter for letter, _ in found}
        letters = given - {b"t", b"a", b"o", b"json"}
        if not self.places or len(letters) > 1 or given >= {b"a", b"o"}:
            raise cli.usage(argv[0], USAGE)
        self.letter = letters.pop() if letters else b"u"
        self.any = b"o" in given
        self.json = b"json" in given
        self.there: list[bytes] = []
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
        for place in self.places:
            try:
                if _at(place, self.letter, home):
                    self.there.append(place)
            except cli.Quit as end:
                if not self.any:
                    raise
                trouble, lost = trouble or end, lost + 1
        if trouble and lost == len(self.places):
            raise trouble
        return bool(self.there) if self.any else len(self.there) == len(self.places)


def main(argv: list[bytes]) -> int:
    """Wait for all, or for one; 0 when they are there, LATE when the time is up first."""
    asked = Asked(argv)
    code = wait(asked, Home(own=True))
    if asked.json:
        from .fields import objects

        show(objects([{"service": p, "there": p in asked.there} for p in asked.places]))
    return code


def wait(asked: Asked, home: Home) -> int:
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


def _at(place: bytes, letter: bytes, home: Home) -> bool:
    """Go to PLACE and see whether its service is there; raises Quit where it cannot be."""
    arrived = _gone if letter == b"x" else _arrived
    try:
        posix.chdir(place)
        return arrived(place, letter)
    except OSError as error:
        trouble = Trouble(b"unable to chdir", error)
    except Trouble as error:
        trouble = error
    finally:
        home.back()
    raise _refusal(place, trouble)


def _refusal(place: bytes, trouble: Trouble) -> cli.Quit:
    from .hint import hint
    from .svstat import refusal

    text = b"unable to wait for " + place + b": " + refusal(trouble)
    return cli.fatal(text, hint=hint(place, trouble.error))


def _arrived(place: bytes, letter: bytes) -> bool:
    view = look()
    if letter in b"uU" and view.state == b"failed":
        text = b"unable to wait for " + place + b": it has failed for good"
        raise cli.fatal(text + (b": " + view.why if view.why else b""))
    return STATES[letter](view)


def _ready(view: View) -> bool:
    """Whether it says so; where its supervisor tells nothing, whether ./check does."""
    if not view.up or view.ready is not None:
        return bool(view.ready)
    return available(_tell)


def _tell(doing: bytes, file: bytes, error: OSError) -> None:
    from .servicefiles import reason

    cli.say(b"pysvwait: warning: unable to " + doing + file[1:] + b": " + reason(error))


STATES: "dict[bytes, Callable[[View], bool]]" = {
    b"u": lambda view: view.up,
    b"U": _ready,
    b"d": lambda view: not view.up,
    b"D": lambda view: view.down,
}


def _gone(_place: bytes, _letter: bytes) -> bool:
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
