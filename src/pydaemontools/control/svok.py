"""Tell whether a supervisor runs in a directory."""

import posix
from errno import ENOENT, ENXIO

from ..base import cli
from ..base.write import show
from .servicefiles import CONTROL, OK, Home, Trouble, attend
from .services import first, places_here

USAGE = (b"svok dir", b"pysvok [-jv] dir")


def parse(argv: list[bytes]) -> tuple[set[bytes], bytes]:
    """The options, and the directory."""
    own = cli.native(argv[0])
    found, rest = cli.options(argv, USAGE, more=b"jv", words=(b"json",)) if own else ([], argv[1:])
    if not rest or (own and len(rest) > 1):
        raise cli.usage(argv[0], USAGE, hint=b"say which service, one")
    return {letter for letter, _ in found}, rest[0]


def main(argv: list[bytes]) -> int:
    """0 if a supervisor runs there, 100 if none does."""
    given, name = parse(argv)
    own = cli.native(argv[0])
    places = places_here(name) if own else [name]
    directory = first(places)
    home = Home(own=True)
    try:
        runs = supervised(directory, own=own)
    except Trouble as trouble:
        home.back()
        from .hint import hint

        sentence = hint(places, trouble.error)
        raise cli.fatal(trouble.text, trouble.error, sentence) from None
    if given & {b"j", b"json"}:
        from .fields import objects

        show(objects([{"service": name, "supervised": runs}]))
    elif given:
        show(name + (b": supervise running\n" if runs else b": supervise not running\n"))
    return 0 if runs else 100


def supervised(directory: bytes, *, own: bool) -> bool:
    """Go to DIRECTORY and see whether a supervisor runs there; raises Trouble."""
    try:
        posix.chdir(directory)
    except OSError as error:
        raise Trouble(b"unable to chdir to " + directory, error) from None
    # s6-supervise keeps no `ok`; its control fifo has a reader all the same.
    for fifo in (OK, CONTROL) if own else (OK,):
        try:
            attend(fifo)
        except OSError as error:
            if error.errno == ENXIO:
                return False
            if error.errno != ENOENT:
                raise Trouble(b"unable to open " + directory + b"/" + fifo, error) from None
        else:
            return True
    return False
