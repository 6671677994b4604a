"""pysv new --template: a service that is a program to start from."""

import posix
import sys

from ..base import cli
from ..base.process import fsencode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..base.cli import Usage

HERE = fsencode(__file__).rpartition(b"/")[0] + b"/../data/templates"
LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789_-."


def from_template(
    who: bytes, synopsis: "Usage", name: bytes, given: dict[bytes, bytes], words: list[bytes]
) -> tuple[list[bytes], dict[bytes, bytes]]:
    """The command of the service NAME, made from the template in GIVEN, and the files it needs.

    The program gets WORDS. Raises Quit where there is no such template.
    """
    which = given[b"template"].removesuffix(b".py")
    if b"C" in given:
        raise cli.usage(who, synopsis, hint=b"a template runs in its own directory: leave out -C")
    if which not in names():
        there = b", ".join(names())
        raise cli.usage(who, synopsis, hint=b"there is no template " + which + b": say " + there)
    if name.lower().strip(LETTERS):
        raise cli.usage(who, synopsis, hint=name + b" is no name for a program")
    # It imports this package, which other interpreters may not find.
    command = [fsencode(sys.executable), b"./" + name + b".py", *words]
    ready = {} if b"c" in given else {b"ready": b"notify\n"}
    return command, ready | {name + b".py": _text(which).replace(which, name)}


def names() -> list[bytes]:
    """The templates that there are."""
    try:
        found = [fsencode(one) for one in posix.listdir(HERE.decode())]
    except OSError as error:
        raise cli.fatal(b"unable to list " + HERE, error) from None
    return sorted(one.removesuffix(b".py") for one in found if one.endswith(b".py"))


def _text(which: bytes) -> bytes:
    file = HERE + b"/" + which + b".py"
    try:
        with open(file, "rb") as template:
            return template.read()
    except OSError as error:
        raise cli.fatal(b"unable to read " + file, error) from None
