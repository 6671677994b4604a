"""What chpst changes, a function each, with what the original says where it fails."""

import posix
from errno import EINVAL, EISDIR

from ..base import cli, process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .account import Account

DIGITS = b"0123456789"
ME = b"chpst"  # by which what it may need is found
NOBODY = 2**32 - 1  # the number that stands for none
GROUPS = 60  # that the original takes
# The order in which limits are set.
ORDER = ("DATA", "STACK", "MEMLOCK", "AS", "NOFILE", "NPROC", "FSIZE", "CORE", "RSS", "CPU")


def new_session() -> None:
    """Start a session. Who leads a group already has what it wants."""
    try:
        posix.setsid()
    except PermissionError:
        pass


def variables(place: bytes, warned: bytes, *, skip: bool) -> list[bytes]:
    """The variables in the directory PLACE, as envdir.read gives them.

    Directories in it are passed over if SKIP, with a word if it is to be WARNED under a name.
    """
    from . import envdir

    class Phrases(envdir.Phrases):
        current = b"unable to open current working directory"
        switch = b"unable to switch to directory: "
        listing = b"unable to open directory: "

        def skips(self, file: bytes, error: OSError) -> bool:
            if not skip or error.errno != EISDIR:
                return False
            if warned:
                cli.say(warned + b": warning: unable to read " + file + b": is a directory")
            return True

    return envdir.read(place, Phrases())


def change_root(root: bytes, rest: list[bytes]) -> None:
    """Have ROOT for / and for the working directory; REST is to run there."""
    from .setuidgid import load_ahead

    # Nothing can be imported from there.
    load_ahead([ME, *rest])
    change_directory(root)
    try:
        posix.chroot(b".")
    except OSError as error:
        hint = b"only root may change its root" if posix.geteuid() else b""
        raise cli.fatal(b"unable to change root directory", error, hint) from None
    process.rooted = True


def change_directory(place: bytes) -> None:
    """Have PLACE for the working directory."""
    try:
        posix.chdir(place)
    except OSError as error:
        raise cli.fatal(b"unable to change directory: " + place, error) from None


def is_increment(value: bytes) -> bool:
    """Whether VALUE is a number, perhaps with a sign; nothing and a sign alone are 0 for C."""
    return not value[value[:1] in (b"+", b"-") :].lstrip(DIGITS)


def renice(value: bytes) -> None:
    """Add the number VALUE, as a C int, to the nice level."""
    found = cli.scan_ulong(value.lstrip(b"+-"))
    found = (-found if value[:1] == b"-" else found) % 2**32
    if not found:
        return
    try:
        posix.nice(found - 2**32 if found >= 2**31 else found)
    except OSError as error:
        raise cli.fatal(b"unable to set nice level", error) from None


def find(name: bytes, who: bytes) -> "Account":
    """The account WHO, with its groups: as NAME takes it, and :UID:GID[:GID ...] too."""
    from .account import Account
    from .account import find as find_account

    if who[:1] == b":":
        numbers = _numbers(who[1:])
        if numbers is None:
            raise cli.fatal(b"invalid uid/gids: " + who[1:])
        return Account(numbers[0], numbers[1:], None)
    return find_account(name, who) if cli.native(name) else _named(who)


def _numbers(text: bytes) -> list[int] | None:
    """The user and the groups of TEXT, numbers with colons between them; None for anything else."""
    words = text.split(b":")
    if not 1 < len(words) <= 1 + GROUPS or any(word.lstrip(DIGITS) for word in words):
        return None
    return [cli.scan_ulong(word) % 2**32 for word in words]


def _named(who: bytes) -> "Account":
    """The account USER[:GROUP ...], as the original looks for it."""
    from .account import Account, account_entry, group_entry

    user, colon, groups = who.partition(b":")
    entry = account_entry(user)
    found = [group_entry(name) for name in groups.split(b":")[:GROUPS]] if colon else []
    if entry is None or None in found:
        _look(b"/etc/passwd" if entry is None else b"/etc/group", b"password/group")
        raise cli.fatal(b"unknown user/group: " + who)
    return Account(entry.pw_uid, [gid for gid in found if gid is not None] or [entry.pw_gid], entry)


def find_one(who: bytes) -> "Account":
    """The account WHO, a name alone."""
    from .account import Account, account_entry

    entry = account_entry(who)
    if entry is None:
        _look(b"/etc/passwd", b"password")
        raise cli.fatal(b"unknown account: " + who)
    return Account(entry.pw_uid, [entry.pw_gid], entry)


def _look(file: bytes, kind: bytes) -> None:
    """Raise Quit if it is FILE, where accounts are, that could not be read."""
    try:
        posix.close(posix.open(file, posix.O_RDONLY | posix.O_CLOEXEC))
    except OSError as error:
        raise cli.fatal(b"unable to get " + kind + b" file entry", error) from None


def become(account: "Account", rest: list[bytes]) -> None:
    """Take on ACCOUNT and its groups, of which REST is to run."""
    from .setuidgid import become as become_account

    if NOBODY in account.given:
        raise cli.fatal(b"unable to setgroups", OSError(EINVAL, ""))
    become_account(account, account.given, [ME, *rest], b"unable to setgroups")


def lock(name: bytes, file: bytes, *, wait: bool) -> None:
    """Lock FILE, which the program inherits; who, as NAME, has to WAIT shows that in ps."""
    from .setlock import lock_fd, open_lock

    try:
        fd = open_lock(file)
    except OSError as error:
        raise cli.fatal(b"unable to open lock: " + file, error) from None
    try:
        lock_fd(name, fd, wait=wait)
    except OSError as error:
        raise cli.fatal(b"unable to lock: " + file, error) from None
    posix.set_inheritable(fd, True)


def close(fd: int, stream: bytes) -> None:
    """Close FD, which is called STREAM."""
    try:
        posix.close(fd)
    except OSError as error:
        raise cli.fatal(b"unable to close " + stream, error) from None


def set_limits(limits: dict[str, int | None], rest: list[bytes]) -> None:
    """Set the soft LIMITS, of which REST is to run, or have them wait; a number below 0 is none."""
    if not limits:
        return
    import resource

    from .softlimit import MEMORY, set_limit

    for name in ORDER:
        number = limits.get(name, -1)
        if number is None or number >= 0:
            which = getattr(resource, "RLIMIT_" + name)
            what = b"unable to setrlimit()"
            set_limit(which, number, rest, wait=name in MEMORY, what=what)
