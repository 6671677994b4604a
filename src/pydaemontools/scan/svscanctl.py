"""Tell a pysvscan what to do: look for new services, end removed ones, end all."""

import posix
from errno import ENOENT, ENXIO, EPIPE

from ..base import cli, shared_dir
from ..base.overview import CONTROL, PLACE
from ..base.process import environ
from ..base.write import tell

WHO = b"pysvscanctl"
USAGE = (b"pysvscanctl [-a] [-n] [-t] [dir]",) * 2
LETTERS = {b"a": b"a", b"n": b"n", b"t": b"t"}


def main(argv: list[bytes]) -> int:
    """Send the letters of the options to the pysvscan of the directory."""
    found, words = cli.options(argv, USAGE, more=b"ant")
    letters = b"".join(LETTERS[option] for option, _ in found)
    if not letters or len(words) > 1:
        hint = b"say what it is to do: -a to look, -n to end what was removed, -t to end all"
        raise cli.usage(argv[0], USAGE, hint=hint)
    place = words[0] if words else environ.get(b"SVDIR", b".")
    try:
        tell(_open(place), letters)
    except OSError as error:
        hint = b""
        if error.errno in (ENOENT, ENXIO, EPIPE):
            hint = b"no pysvscan keeps the services of " + place + b": start one with `pysvscan "
            hint += place + b"`"
        raise cli.fatal(b"unable to tell the pysvscan of " + place, error, hint) from None
    return 0


def _open(place: bytes) -> int:
    """The fifo of the pysvscan of PLACE. Raises OSError."""
    directory = shared_dir.open_directory(place + b"/" + PLACE)
    try:
        return shared_dir.open_fifo(CONTROL, directory)
    finally:
        posix.close(directory)
