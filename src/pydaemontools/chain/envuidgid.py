"""Run a program with an account's numbers in UID and GID, for it to take on itself."""

from ..base.process import edit, environ
from .account import parse

USAGE = (
    b"envuidgid account child",
    b"pyenvuidgid [-sH] account[:group ...] program [arg ...]",
)


def main(argv: list[bytes]) -> list[bytes]:
    """Set GID and UID (with -s also GIDLIST, as s6-envuidgid), and hand on the rest."""
    letters, account, rest = parse(argv, USAGE, b"sH")
    entries = [b"GID=%d" % account.gid, b"UID=%d" % account.uid]
    if b"s" in letters:
        entries.append(b"GIDLIST=" + b",".join(b"%d" % gid for gid in account.groups()))
    if b"H" in letters:
        entries += account.home()
    edit(environ, entries)
    return rest
