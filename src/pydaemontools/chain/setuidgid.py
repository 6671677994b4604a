"""Run a program as another account."""

import posix

from ..base import cli
from ..base.process import edit, environ
from .account import Account, parse

USAGE = (
    b"setuidgid account child",
    b"pysetuidgid [-sH] account[:group] program [arg ...]",
)


def main(argv: list[bytes]) -> list[bytes]:
    """Become the account, for good, and hand on the rest."""
    letters, account, rest = parse(argv, USAGE, b"sH")
    entries = account.home() if b"H" in letters else []
    _load_ahead(rest)
    become(account, account.groups() if b"s" in letters else [account.gid])
    edit(environ, entries)
    return rest


def _load_ahead(rest: list[bytes]) -> None:
    """Import what the rest of the chain may need, while this process may read it.

    An installer that ran as root puts its interpreter below /root: it then goes on running,
    but the account cannot read one more module of it.
    """
    from ..base.tools import load_all

    names = load_all(b" ".join(rest).split())
    if "pyfghack" in names:
        from ..base import libc  # noqa: F401
    if "pysetlock" in names:
        from ..base import locks  # noqa: F401
    if names & {"pyfghack", "pysetlock"}:
        import resource  # noqa: F401

        from . import hold  # noqa: F401


def become(account: Account, groups: list[int]) -> None:
    """Take on ACCOUNT with GROUPS; raises Quit if it cannot be done or could be undone."""
    try:
        posix.setgroups(groups)
        posix.setgid(account.gid)
    except (OSError, OverflowError) as error:
        raise _refused(b"unable to setgid", error) from None
    try:
        posix.setuid(account.uid)
    except (OSError, OverflowError) as error:
        raise _refused(b"unable to setuid", error) from None
    if account.uid and _regains_root():
        raise cli.fatal(b"unable to drop root: this process can still take it back")


def _regains_root() -> bool:
    try:
        posix.setuid(0)
    except OSError:
        return 0 in posix.getresuid()
    return True


def _refused(what: bytes, error: OSError | OverflowError) -> cli.Quit:
    if isinstance(error, OverflowError):
        return cli.fatal(what + b": number out of range")
    hint = b"only root may change its account" if posix.geteuid() else b""
    return cli.fatal(what, error, hint)
