"""What a manager does first: directories made, another account become."""

import posix

from ..base import cli, shared_dir
from ..base.process import environ, fsencode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..chain.account import Account
    from .runner import Runner

WHO = b"pyzdaemon"


def become(runners: "list[Runner]") -> None:
    """Make what directories RUNNERS ask for, and become their account. Raises Quit."""
    account = _account(runners[0])
    for runner in runners:
        for path in (runner.directory, runner.socket_name.rpartition("/")[0]):
            if path:
                _make(path, account)
    environ.update({fsencode(name): fsencode(text) for name, text in runners[0].environment})
    if account:
        from ..chain import setuidgid
        from . import transcript  # noqa: F401 - where the account may not read it

        if any(runner.eventlog is not None for runner in runners):
            from . import log_handlers  # noqa: F401
        setuidgid.become(account, account.groups(), [b"pysupervise"])


def _account(runner: "Runner") -> "Account | None":
    """The account that RUNNER asks for; None if that is ours already."""
    if runner.user is None and runner.group is None:
        return None
    from ..chain.account import find

    user = runner.user or str(posix.geteuid())
    name = f"{user}:{runner.group}" if runner.group else user
    account = find(WHO, fsencode(name))
    if posix.geteuid() == account.uid and account.gid == posix.getegid():
        return None
    if posix.geteuid() != 0:
        if posix.geteuid() == account.uid and not runner.group:
            return None
        raise cli.fatal(b"only root can become " + fsencode(name))
    return account


def _make(path: str, account: "Account | None") -> None:
    """Make the directory PATH, if it is not there, for ACCOUNT."""
    name = fsencode(path)
    mask = posix.umask(0o022)
    posix.umask(mask)
    try:
        shared_dir.make_directory(name)
        fd = shared_dir.open_directory(name)
    except FileExistsError:
        return
    except OSError as error:
        raise cli.fatal(b"unable to create " + name, error) from None
    try:
        posix.fchmod(fd, 0o777 & ~mask)
        if account:
            posix.fchown(fd, account.uid, account.gid)
    finally:
        posix.close(fd)
