"""Run a program with the variables that stand in a directory, a file each."""

import posix
from errno import ENOENT

from ..base import cli
from ..base.process import edit, environ

LONGEST = 1 << 20  # bytes of a first line that are read; no Linux takes as many for a variable
BLOCK = 4096
USAGE = (
    b"envdir dir child",
    b"pyenvdir [-ck] {dir | -d dir [-d dir ...] --} program [arg ...]",
)


def parse(argv: list[bytes]) -> tuple[set[bytes], list[bytes], list[bytes]]:
    """The option letters, the directories, and the rest of argv."""
    letters, rest = set(), argv[1:]
    places = []
    if cli.native(argv[0]):
        found, rest = cli.options(argv, USAGE, more=b"ckd:")
        letters = {letter for letter, _ in found}
        places = [value for letter, value in found if letter == b"d"]
    if not places:
        places, rest = rest[:1], rest[1:]
    if not rest:
        code = 100 if cli.native(argv[0]) else 111
        hint = b"say which directory has the variables, and which program to run"
        raise cli.usage(argv[0], USAGE, code, hint=hint)
    return letters, places, rest


def main(argv: list[bytes]) -> list[bytes]:
    """Set what the directories say, and hand on the rest."""
    letters, places, rest = parse(argv)
    entries = [entry for place in places for entry in read(place)]
    if b"c" in letters:
        path = [(name, value) for name, value in environ.items() if name == b"PATH"]
        environ.clear()
        environ.update(path)
    if b"k" in letters:
        entries = [entry for entry in entries if entry.partition(b"=")[0] not in environ]
    edit(environ, entries)
    return rest


class Phrases:
    """How a reading says what went wrong."""

    current = b"unable to switch to current directory"
    switch = b"unable to switch to directory "
    listing = b"unable to read directory "

    def skips(self, _file: bytes, _error: OSError) -> bool:
        """Whether FILE is passed over, which could not be read."""
        return False


def read(place: bytes, phrases: Phrases = Phrases()) -> list[bytes]:  # noqa: B008 - it is constant
    """The variables in the directory PLACE: NAME=VALUE to set, NAME alone to remove."""
    try:
        back = posix.open(b".", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError as error:
        raise cli.fatal(phrases.current, error) from None
    try:
        posix.chdir(place)
    except OSError as error:
        raise _refused(phrases.switch + place, place, error) from None
    try:
        names = posix.listdir(b".")
    except OSError as error:
        raise _refused(phrases.listing + place, b".", error) from None
    entries = [_variable(place, name, phrases) for name in names if name[:1] != b"."]
    posix.fchdir(back)
    posix.close(back)
    return [entry for entry in entries if entry]


def _variable(place: bytes, name: bytes, phrases: Phrases) -> bytes:
    try:
        line = first_line(name)
    except OSError as error:
        if error.errno == ENOENT or phrases.skips(place + b"/" + name, error):
            # A link to nothing. The original takes whatever it read last for the value.
            return b""
        raise _refused(b"unable to read " + place + b"/" + name, name, error) from None
    if not line:
        return name
    if len(line) > LONGEST:
        what = place + b"/" + name + b": its first line is longer than the %d bytes" % LONGEST
        raise cli.fatal(what + b" that a variable can have")
    value = line.partition(b"\n")[0].rstrip(b" \t")
    return name + b"=" + value.replace(b"\0", b"\n")


def first_line(name: bytes) -> bytes:
    """What the file NAME begins with: its first line, or so much that that is too LONG."""
    fd = posix.open(name, posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC)
    try:
        line = b""
        while b"\n" not in line and len(line) <= LONGEST:
            block = posix.read(fd, BLOCK)
            if not block:
                break
            line += block
        return line
    finally:
        posix.close(fd)


def _refused(what: bytes, file: bytes, error: OSError) -> cli.Quit:
    if error.errno == ENOENT:
        return cli.fatal(what, error, b"make it: each file in it is a variable")
    from ..base.errors import refused

    return cli.fatal(what, error, refused(file, error))
