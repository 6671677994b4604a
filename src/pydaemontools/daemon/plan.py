"""What a process does to be a daemon, once it is detached: step by step, in this order.

umask, lock, stdio, limits, chroot, directory, user, environment, fds. The lock and the files of
stdout and stderr come before the account changes, since they may need root; chroot too; and the
directory is one of the new root's. All that can be looked up or refused beforehand is, in the
process that starts the daemon: accounts, limits, paths. Relative paths count from where that is.
"""

import os
import sys

from ..base import cli
from .absolute import absolute, check_filled
from .close_rest import close_all_but
from .failures import AlreadyRunning, Error, OptionError
from .lock_file import LockFile, PidFile
from .owned_files import logging_fds, random_fds, replace_owned
from .stdio import Stdio
from .truth import Truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..chain.account import Account
    from .stdio import HasFileno

    Path = str | bytes | os.PathLike[str]
    Limit = tuple[str, int | None]

WHO = b"pydaemon"
UMASK = 0o022


class Plan:
    """How the daemon is to be. Raises Error for what cannot be meant.

    PID_FILE is a path or a LockFile; one that is held already goes to the daemon. DIRECTORY is
    / or another one, None to stay; UMASK a number, None to keep it. USER is an account's name
    or number, or "user:group"; its other groups are taken on too. ENVIRONMENT is names and
    values, None for a variable that is to go, or a directory as pyenvdir reads it. LIMITS are
    names as in ulimit's manual (nofile, core, ...) and numbers, sizes ("64m"), or "=" for the
    hard limit; what they are of memory counts for the program that is exec'ed. KEEP are open
    files that stay so; with CLOSE_FDS all others above 2 are closed.
    """

    def __init__(
        self,
        *,
        pid_file: "Path | LockFile | None" = None,
        directory: "Path | None" = "/",
        umask: int | str | None = UMASK,
        stdio: Stdio | None = None,
        user: str | int | None = None,
        group: str | int | None = None,
        environment: "Mapping[str, str | None] | Path | None" = None,
        limits: "Mapping[str, int | str] | None" = None,
        chroot: "Path | None" = None,
        keep: "Iterable[int | HasFileno]" = (),
        close_fds: bool = True,
    ) -> None:
        check_filled(directory=directory, chroot=chroot, user=user, group=group)
        check_filled(pid_file=pid_file, environment=environment)
        self.lock = _lock(pid_file)
        self.directory = _absolute(directory, chroot)
        self.umask = _umask(umask)
        self.stdio = stdio or Stdio()
        if self.lock and self.lock.path in self.stdio.streams:
            # Who closes a file loses all locks of it, and a log would stand in it.
            raise OptionError(f"the pid file is no log: {self.lock.path}")
        self.chroot = None if chroot is None else absolute(os.fsdecode(chroot))
        self.keep = [one if isinstance(one, int) else one.fileno() for one in keep]
        self.close_fds = close_fds
        self.goes_on = True  # with its Python objects, and does not become another program
        if chroot is not None or user is not None:
            # For an error that comes when Python's library may be out of reach.
            import traceback  # noqa: F401
        try:
            self.account = _account(user, group)
            self.environment = _entries(environment)
            self.limits = [_limit(name, value) for name, value in (limits or {}).items()]
        except cli.Quit as end:
            lines = [*end.lines, end.hint] if end.hint else end.lines
            text = b"; ".join(line.removeprefix(b"fatal: ") for line in lines)
            raise OptionError(os.fsdecode(text)) from None

    def run(self, truth: Truth, *, detached: bool = True) -> None:
        """Do them in this process; TRUTH is told of each. One that is not DETACHED keeps its fds.

        Raises what a step raises.
        """
        if self.umask is not None:
            truth.step("umask", "set the umask")
            os.umask(self.umask)
        self._lock(truth)
        if detached:
            self.stdio.open(truth)
        self._limit(truth)
        self._move(truth)
        self.become(truth)
        truth.step("environment", "set the environment")
        for variable, value in self.environment:
            if value is None:
                os.environb.pop(variable, None)
            else:
                os.environb[variable] = value
        if detached and self.close_fds:
            truth.step("fds", "close files")
            mine = self.lock.fileno() if self.lock else -1
            keep = [*self.keep, truth.fd, mine]
            if self.goes_on:
                keep += logging_fds() + random_fds()
                keep += replace_owned(keep)
            close_all_but(keep)

    def _lock(self, truth: Truth) -> None:
        lock = self.lock
        if lock is None:
            return
        truth.step("lock", f"lock {lock.path}")
        if lock.fileno() >= 0 and not lock.held:
            lock.take()
            return
        try:
            lock.acquire()
        except AlreadyRunning:
            raise
        except Error:
            # Its text says all.
            truth.what = ""
            raise

    def _limit(self, truth: Truth) -> None:
        for name, number in self.limits:
            import resource

            from ..chain import softlimit

            truth.step("limits", f"limit {name.lower()}")
            which = getattr(resource, "RLIMIT_" + name)
            softlimit.set_limit(which, number, wait=name in softlimit.MEMORY)

    def _move(self, truth: Truth) -> None:
        if self.chroot is not None:
            truth.step("chroot", f"chroot to {self.chroot}")
            os.chroot(self.chroot)
            os.chdir("/")
        if self.directory is not None:
            truth.step("directory", f"chdir to {self.directory}")
            make_imports_absolute()
            os.chdir(self.directory)

    def become(self, truth: Truth) -> None:
        """Take on the account, if there is one to be taken on. Raises Quit."""
        if self.account is None:
            return
        from ..chain import setuidgid

        truth.step("user")
        mine = os.getuid() == os.geteuid() == self.account.uid and os.getegid() == self.account.gid
        if not (mine and self.account.uid):
            setuidgid.become(self.account, self.account.groups(), [])


def make_imports_absolute() -> None:
    """Have what is imported after a chdir be found where it was before."""
    try:
        os.getcwd()
    except OSError:
        # It is gone, and all that was relative to it.
        return
    sys.path[:] = [os.path.abspath(one) if isinstance(one, str) else one for one in sys.path]
    # A package in a zip file has the path that the interpreter was given.
    for module in list(sys.modules.values()):
        places = getattr(module, "__path__", None)
        if isinstance(places, list):
            places[:] = [os.path.abspath(one) for one in places]


def _lock(pid_file: "Path | LockFile | None") -> LockFile | None:
    if pid_file is None or isinstance(pid_file, LockFile):
        return pid_file
    return PidFile(os.fsdecode(pid_file))


def _absolute(directory: "Path | None", chroot: "Path | None") -> str | None:
    """DIRECTORY from the root; in a CHROOT relative ones count from its root."""
    if directory is None:
        return None
    name = os.fsdecode(directory)
    return absolute(name) if chroot is None else os.path.normpath("/" + name)


def _umask(umask: int | str | None) -> int | None:
    """The number of UMASK; a text is octal, as a person writes one."""
    if isinstance(umask, str):
        try:
            umask = int(umask, 8)
        except ValueError:
            raise OptionError(f"the umask is an octal number, and not {umask!r}") from None
    if isinstance(umask, bool) or not isinstance(umask, (int, type(None))):
        raise OptionError(f"the umask is a number, and not {umask!r}")
    if umask is not None and not 0 <= umask <= 0o777:
        raise OptionError(f"the umask is a number from 0 to 0o777, and not {umask:#o}")
    return umask


def _account(user: str | int | None, group: str | int | None) -> "Account | None":
    if user is None and group is None:
        return None
    # All that the step needs is imported before it: it may be out of reach then.
    from ..chain import account, setuidgid  # noqa: F401

    name = str(os.geteuid() if user is None else user)
    if not all(name.split(":")):
        raise OptionError(f"the user is ACCOUNT or ACCOUNT:GROUP, and not {name!r}")
    if group is not None:
        name = f"{name.partition(':')[0]}:{group}"
    return account.find(WHO, os.fsencode(name))


def _entries(
    environment: "Mapping[str, str | None] | Path | None",
) -> list[tuple[bytes, bytes | None]]:
    if environment is None:
        return []
    if isinstance(environment, (str, bytes, os.PathLike)):
        from ..chain import envdir

        pairs = [entry.partition(b"=") for entry in envdir.read(os.fsencode(environment))]
        return [(name, value if equals else None) for name, equals, value in pairs]
    return [
        (os.fsencode(name), None if value is None else os.fsencode(value))
        for name, value in environment.items()
    ]


def _limit(name: str, value: int | str) -> "Limit":
    import resource

    known = [kind[7:].lower() for kind in vars(resource) if kind[:7] == "RLIMIT_"]
    if name.lower() not in known:
        raise OptionError(f"there is no limit {name}: they are {', '.join(sorted(known))}")
    number = None if value == "=" else cli.size(str(value).encode())
    if number is None and value != "=":
        raise OptionError(f"the limit {name} is a number, a size (64m) or '=', and not {value!r}")
    return name.upper(), number
