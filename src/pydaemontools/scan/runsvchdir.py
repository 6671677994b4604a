"""runsvchdir of runit: have runsvdir keep the services of another directory.

Below /etc/runit/runsvdir, or $RUNSVDIR, `current` is a link to the directory that is kept, and
`previous` to the one before.
"""

import posix

from ..base import cli
from ..base.errors import error_str
from ..base.process import environ
from ..base.write import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = b"/etc/runit/runsvdir"
CURRENT, NEW, PREVIOUS = b"current", b"current.new", b"previous"


def main(argv: list[bytes]) -> int:
    """Switch to the directory of ARGV. Raises Quit."""
    if len(argv) < 2:
        cli.say(b"usage: " + argv[0] + b" dir", b"")
        return 1
    to = argv[1]
    if to[:1] == b".":
        raise cli.fatal(to + b": must not start with a dot.")
    place = environ.get(b"RUNSVDIR", PLACE)
    _do(b"unable to chdir: " + place, posix.chdir, place)
    if _is_current(to):
        _say(argv[0], to + b": current.")
        return 0
    _switch(to)
    _say(argv[0], to + b": now current.")
    return 0


def _is_current(to: bytes) -> bool:
    """Whether the directory TO is the current one."""
    try:
        found = posix.stat(to)
    except FileNotFoundError as error:
        raise cli.fatal(to, error) from None
    except OSError as error:
        raise cli.fatal(b"unable to stat: " + to, error) from None
    if found.st_mode & 0o170000 != 0o040000:
        # The original has no colon here.
        raise cli.fatal(to + b"not a directory.")
    try:
        current = posix.stat(CURRENT)
    except OSError as error:
        raise cli.fatal(b"unable to stat: " + CURRENT, error) from None
    return (found.st_dev, found.st_ino) == (current.st_dev, current.st_ino)


def _switch(to: bytes) -> None:
    """Have `current` lead to TO, at no moment to nothing but between two renames."""
    _unlink(NEW)
    _do(b"unable to create: current.new -> " + to, posix.symlink, to, NEW)
    _unlink(PREVIOUS)
    _do(b"unable to copy: current to " + PREVIOUS, posix.rename, CURRENT, PREVIOUS)
    try:
        posix.rename(NEW, CURRENT)
    except OSError as error:
        back = b"unable to move previous back to " + CURRENT
        try:
            posix.rename(PREVIOUS, CURRENT)
        except OSError as trouble:
            cli.say(b"runsvchdir: warning: " + back + b": " + error_str(trouble))
        raise cli.fatal(b"unable to move: current.new to " + CURRENT, error) from None


def _do(what: bytes, call: "Callable[..., None]", *args: bytes) -> None:
    """CALL with ARGS; where the system refuses it, WHAT could not be done."""
    try:
        call(*args)
    except OSError as error:
        raise cli.fatal(what, error) from None


def _unlink(name: bytes) -> None:
    try:
        posix.unlink(name)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise cli.fatal(b"unable to unlink: " + name, error) from None


def _say(who: bytes, text: bytes) -> None:
    try:
        write_all(1, who + b": " + text + b"\n")
    except OSError:
        # The original does not look either.
        pass
