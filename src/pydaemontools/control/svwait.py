"""Wait until services are up, ready, down, or left by their supervisors."""

import posix
from time import monotonic, sleep

from ..chain import cli
from .available import available
from .place import CONTROL, OK, Home, Trouble, attend
from .view import View, look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SYNOPSIS = b"pysvwait [-u|-U|-d|-D|-x] [-t seconds] dir ..."
USAGE = (SYNOPSIS, SYNOPSIS)
LATE = 99
FIRST, MOST = 0.005, 0.2  # seconds between two looks: soon at first, then seldom


def parse(argv: list[bytes]) -> tuple[bytes, float, list[bytes]]:
    """The letter that says what to wait for, for how long at most, and the directories."""
    found, places = cli.options(argv, USAGE, b"uUdDxt:")
    letters = [letter for letter, _ in found if letter != b"t"] or [b"u"]
    if not places or len(set(letters)) > 1:
        raise cli.usage(argv[0], USAGE)
    limit = float("inf")
    for letter, value in found:
        if letter == b"t":
            limit = cli.seconds(argv[0], USAGE, letter, value)
    return letters[0], limit, places


def main(argv: list[bytes]) -> int:
    """Wait for all; 0 when they are there, LATE when the time is up first."""
    letter, limit, places = parse(argv)
    home = Home(own=True)
    arrived = _gone if letter == b"x" else _arrived
    end = monotonic() + limit
    pause = FIRST
    while True:
        # One that was there may have gone on: all have to be there at once.
        there = [_at(place, letter, arrived, home) for place in places]
        if all(there):
            return 0
        left = end - monotonic()
        if left <= 0:
            return LATE
        sleep(min(pause, left))
        pause = min(pause * 1.3, MOST)


def _at(place: bytes, letter: bytes, arrived: "Callable[[bytes, bytes], bool]", home: Home) -> bool:
    """Go to PLACE and see whether its service is there; raises Quit where it cannot be."""
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
    from .place import reason

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
