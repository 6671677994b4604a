"""Tell supervisors what to do with their services, in letters."""

import posix
from _signal import SIG_IGN, SIGPIPE, signal

from ..base import cli
from ..base.write import show
from .servicefiles import Home, Trouble, open_control
from .services import first, places_here

LETTERS = b"udopchaitkx"
USAGE = (b"", b"pysvc [-udopchaitkxq12w] [--json] dir ...")
# The original's whole answer to an option that it does not know; it has no prefix.
OPTIONS = (
    b"svc options: u up, d down, o once, x exit, p pause, c continue, h hup, a alarm, "
    b"i interrupt, t term, k kill"
)


def parse(argv: list[bytes]) -> tuple[bytes, bool, list[bytes]]:
    """The letters, each once and as first given, whether to print JSON, and the directories."""
    own = cli.native(argv[0])
    try:
        found, directories = cli.options(argv, USAGE, LETTERS, b"q12w", words=(b"json",))
    except cli.Quit as end:
        if own:
            raise
        cli.say(b"svc: " + end.lines[0], OPTIONS)
        raise cli.Quit(100) from None
    given = dict.fromkeys(letter for letter, _ in found)
    json = b"json" in given
    letters = b"".join(letter for letter in given if letter != b"json")
    if own and not (letters and directories):
        what = (
            b"say what to do: -u is up, -d down, -t TERM" if directories else b"say which service"
        )
        raise cli.usage(argv[0], USAGE, hint=what)
    return letters, json, directories


def main(argv: list[bytes]) -> int:
    """Tell each; an original ends with 0 all the same, we with 111 if one was not told."""
    letters, json, directories = parse(argv)
    own = cli.native(argv[0])
    # A supervisor that leaves while we write to it is an error to tell, not our end.
    signal(SIGPIPE, SIG_IGN)
    home = Home(own=own)
    code = 0
    records = []
    for name in directories:
        trouble = None
        places = places_here(name) if own else [name]
        directory = first(places)
        try:
            tell(directory, letters, patient=not own)
        except Trouble as error:
            trouble = error
        home.back()
        if trouble:
            _warn(argv[0], places, trouble)
            code = 111
        records.append({"service": name, "told": not trouble, "error": _words(trouble)})
    if json:
        from .fields import objects

        show(objects(records))
    return code if own else 0


def tell(directory: bytes, letters: bytes, *, patient: bool) -> None:
    """Go to DIRECTORY and tell its supervisor LETTERS; raises Trouble.

    PATIENT is how the original waits for a supervisor that does not read; it may be stopped.
    """
    doing = b"unable to chdir to "
    try:
        posix.chdir(directory)
        doing = b"unable to control "
        fd = open_control()
        doing = b"error writing commands to "
        try:
            posix.set_blocking(fd, patient)
            if letters:
                posix.write(fd, letters)
        finally:
            posix.close(fd)
    except OSError as error:
        raise Trouble(doing + directory, error) from None


def _words(trouble: Trouble | None) -> bytes | None:
    if trouble is None:
        return None
    return trouble.text + b": supervise not running" if trouble.nobody else trouble.words()


def _warn(who: bytes, places: list[bytes], trouble: Trouble) -> None:
    lines = [b"warning: " + (_words(trouble) or b"")]
    if cli.native(who):
        from .hint import hint

        lines += filter(None, [hint(places, trouble.error)])
    cli.Quit(0, *lines).say(who)
