"""Tell a pysvscan what to do: look for new services, end removed ones, end all."""

import posix
from errno import EACCES, ENOENT, ENOTDIR, ENXIO, EPIPE

from ..base import cli, shared_dir
from ..base.errors import owned
from ..base.locks import holder
from ..base.overview import CONTROL, PLACE
from ..base.printable import plain
from ..base.process import environ, is_dir
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
    place = words[0] if words else environ.get(b"SVDIR") or b"."
    try:
        tell(_open(place), letters)
    except OSError as error:
        what = b"unable to tell the pysvscan of " + place
        raise cli.fatal(plain(what), error, plain(_hint(place, error))) from None
    return 0


def _hint(place: bytes, error: OSError) -> bytes:
    """What helps with ERROR, met with the pysvscan of PLACE."""
    if not is_dir(place):
        return b"there is no such directory"
    if error.errno == EACCES:
        file = place + b"/" + PLACE
        return owned(file + b"/" + CONTROL) or owned(file) or owned(place)
    if error.errno not in (ENOENT, ENOTDIR, ENXIO, EPIPE):
        return b""
    fd = shared_dir.open_directory(place)
    held = holder(fd, place)
    posix.close(fd)
    if held:
        # It goes on where it may not write.
        return held + b"; it could make no fifo: `kill -HUP` has it look, `kill -TERM` end all"
    said = b"no pysvscan keeps the services of " + place
    return said + b": start one with `pysvscan " + place + b"`"


def _open(place: bytes) -> int:
    """The fifo of the pysvscan of PLACE. Raises OSError."""
    if not place:
        raise FileNotFoundError(ENOENT, "")
    directory = shared_dir.open_directory(place + b"/" + PLACE)
    try:
        return shared_dir.open_fifo(CONTROL, directory)
    finally:
        posix.close(directory)
