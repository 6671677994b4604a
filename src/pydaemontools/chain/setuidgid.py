"""Run a program as another account."""

import posix
import sys

from ..base import cli, process
from ..base.process import edit, environ, fsencode, is_dir
from .account import Account, parse

USAGE = (
    b"setuidgid account child",
    b"pysetuidgid [-sH] account[:group ...] program [arg ...]",
)


def main(argv: list[bytes]) -> list[bytes]:
    """Become the account, for good, and hand on the rest."""
    letters, account, rest = parse(argv, USAGE, b"sH")
    entries = account.home() if b"H" in letters else []
    become(account, account.groups() if b"s" in letters else account.given, rest)
    edit(environ, entries)
    return rest


def become(
    account: Account, groups: list[int], rest: list[bytes], what: bytes = b"unable to setgid"
) -> None:
    """Take on ACCOUNT with GROUPS, of which REST is to run.

    Raises Quit if it cannot be done or could be undone; WHAT says that the groups could not.
    """
    try:
        posix.setgroups(groups)
    except (OSError, OverflowError) as error:
        raise _refused(what, error) from None
    try:
        posix.setgid(account.gid)
    except (OSError, OverflowError) as error:
        raise _refused(b"unable to setgid", error) from None
    if _is_closed(account.uid):
        load_ahead(rest)
    try:
        posix.setuid(account.uid)
    except (OSError, OverflowError) as error:
        raise _refused(b"unable to setuid", error) from None
    if account.uid and _regains_root():
        raise cli.fatal(b"unable to drop root: this process can still take it back")


def _is_closed(uid: int) -> bool:
    """Whether the user UID, with our groups, may not read the library of this interpreter.

    An installer that ran as root puts its interpreter below /root: it then goes on running,
    but the account cannot read one more module of it.
    """
    if posix.geteuid() or not uid:
        return False
    places = [place for place in sys.path if is_dir(fsencode(place))]
    # Directories are listed, and files in them opened.
    places += [__file__, sys.modules["encodings"].__file__ or __file__]
    try:
        posix.seteuid(uid)
    except (OSError, OverflowError):
        # Who may not do that may not do what follows, which says so.
        return False
    try:
        for place in places:
            posix.close(posix.open(place, posix.O_RDONLY | posix.O_CLOEXEC))
    except OSError:
        return True
    finally:
        posix.seteuid(0)
    return False


def load_ahead(rest: list[bytes]) -> None:
    """Import what the tools in REST may need as long as they live, while it can be read."""
    if process.rooted:
        # It was loaded before that, and is out of reach.
        return
    from ..base.tools import NAMES, load_life
    from .pathexec import recognise

    words = b" ".join(rest).split()
    names = {word.rpartition(b"/")[2].decode("latin-1") for word in words} & NAMES.keys()
    if any(_is_program(word) and recognise(word) == [b"pychain", word] for word in words):
        names.add("pychain")
    load_life(names)


def _is_program(file: bytes) -> bool:
    try:
        return posix.stat(file).st_mode & 0o170100 == 0o100100
    except OSError:
        return False


def _regains_root() -> bool:
    try:
        posix.setuid(0)
    except OSError:
        return 0 in posix.getresuid()
    return True


def _refused(what: bytes, error: OSError | OverflowError) -> cli.Quit:
    if isinstance(error, OverflowError):
        return cli.fatal(what + b": number out of range")
    hint = b"only root may change its account"
    if not posix.geteuid():
        hint = b"this root may not: a user namespace, or its capabilities, took that from it"
    return cli.fatal(what, error, hint if isinstance(error, PermissionError) else b"")
