"""Tell supervisors what to do with their services, in letters."""

import posix
from _signal import SIG_IGN, SIGPIPE, signal

from ..base import cli
from .servicefiles import CONTROL, WRITE, Home, Trouble, show

LETTERS = b"udopchaitkx"
USAGE = (b"", b"pysvc [-udopchaitkxq12w] [--json] dir ...")
# The original's whole answer to an option that it does not know; it has no prefix.
OPTIONS = (
    b"svc options: u up, d down, o once, x exit, p pause, c continue, h hup, a alarm, "
    b"i interrupt, t term, k kill"
)


def parse(argv: list[bytes]) -> tuple[bytes, bool, list[bytes]]:
    """The letters, each once and as first given, whether to say it in JSON, the directories."""
    own = cli.native(argv[0])
    try:
        found, places = cli.options(argv, USAGE, LETTERS, b"q12w", words=(b"json",))
    except cli.Quit as end:
        if own:
            raise
        cli.say(b"svc: " + end.lines[0], OPTIONS)
        raise cli.Quit(100) from None
    given = dict.fromkeys(letter for letter, _ in found)
    json = b"json" in given
    letters = b"".join(letter for letter in given if letter != b"json")
    if own and not (letters and places):
        raise cli.usage(argv[0], USAGE)
    return letters, json, places


def main(argv: list[bytes]) -> int:
    """Tell each; an original ends with 0 all the same, we with 111 if one was not told."""
    letters, json, places = parse(argv)
    own = cli.native(argv[0])
    # A supervisor that leaves while we write to it is an error to tell, not our end.
    signal(SIGPIPE, SIG_IGN)
    home = Home(own=own)
    code = 0
    told: list[dict[str, bool | bytes | None]] = []
    for place in places:
        trouble = None
        try:
            tell(place, letters, patient=not own)
        except Trouble as why:
            trouble = why
        home.back()
        if trouble:
            _warn(argv[0], place, trouble)
            code = 111
        told.append({"service": place, "told": not trouble, "error": _words(trouble)})
    if json:
        from .fields import objects

        show(objects(told))
    return code if own else 0


def tell(place: bytes, letters: bytes, *, patient: bool) -> None:
    """Go to PLACE and tell its supervisor LETTERS; raises Trouble.

    PATIENT is how the original waits for a supervisor that does not read; it may be stopped.
    """
    doing = b"unable to chdir to "
    try:
        posix.chdir(place)
        doing = b"unable to control "
        fd = posix.open(CONTROL, WRITE)
        doing = b"error writing commands to "
        try:
            posix.set_blocking(fd, patient)
            if letters:
                posix.write(fd, letters)
        finally:
            posix.close(fd)
    except OSError as error:
        raise Trouble(doing + place, error) from None


def _words(trouble: Trouble | None) -> bytes | None:
    if trouble is None:
        return None
    return trouble.text + b": supervise not running" if trouble.nobody else trouble.words()


def _warn(who: bytes, place: bytes, trouble: Trouble) -> None:
    lines = [b"warning: " + (_words(trouble) or b"")]
    if cli.native(who):
        from .hint import hint

        lines += filter(None, [hint(place, trouble.error)])
    cli.Quit(0, *lines).say(who)
