"""An account as the links name it, and what the system knows of it."""

import pwd
import sys

from ..base import cli
from ..base.process import fsencode

MOST = 2**32 - 2  # the highest number of an account: what follows means none


class Account:
    """A user by number, the groups that it was given, and its entry if it has one."""

    def __init__(self, uid: int, given: list[int], entry: pwd.struct_passwd | None) -> None:
        self.uid = uid
        self.gid = given[0]
        self.given = given
        self.entry = entry

    def groups(self) -> list[int]:
        """The groups that it was given, and all that it is a member of."""
        from posix import getgrouplist

        member = getgrouplist(self.entry.pw_name, self.gid) if self.entry else []
        return list(dict.fromkeys([*self.given, *member]))

    def home(self) -> list[bytes]:
        """HOME, USER, LOGNAME and SHELL as a login would set them, as environment entries."""
        if self.entry is None:
            raise cli.fatal(b"unable to find the home directory of uid %d" % self.uid)
        name, entry = self.entry.pw_name, self.entry
        shell = entry.pw_shell or "/bin/sh"
        values = {"HOME": entry.pw_dir, "USER": name, "LOGNAME": name, "SHELL": shell}
        return [fsencode(f"{key}={value}") for key, value in values.items()]


def find(who: bytes, name: bytes) -> Account:
    """The account NAME; under a tool's own name also user:group[:group ...], by name or number.

    Raises Quit where there is none.
    """
    if not cli.native(who):
        return _of(account_entry(name), name)
    user, colon, groups = name.partition(b":")
    entry = account_entry(user)
    uid = cli.whole(user, MOST)
    if entry is None and uid is not None:
        entry = _by_number(uid)
        if colon:
            return Account(uid, _groups(groups), entry)
        if entry is None:
            hint = b"a number without an account needs its group too: " + user + b":GROUP"
            raise cli.fatal(b"unknown account " + name, hint=hint)
    account = _of(entry, user)
    return Account(account.uid, _groups(groups), entry) if colon else account


def _of(entry: pwd.struct_passwd | None, name: bytes) -> Account:
    if entry is None:
        raise cli.fatal(b"unknown account " + name)
    return Account(entry.pw_uid, [entry.pw_gid], entry)


def account_entry(name: bytes) -> pwd.struct_passwd | None:
    """What the system knows of the account called NAME, None where there is none."""
    try:
        return pwd.getpwnam(name.decode(sys.getfilesystemencoding(), "surrogateescape"))
    except (KeyError, OSError):
        return None


def _by_number(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except (KeyError, OverflowError):
        return None


def _groups(names: bytes) -> list[int]:
    return [_group(name) for name in names.split(b":")]


def _group(name: bytes) -> int:
    gid = group_entry(name)
    if gid is None:
        gid = cli.whole(name, MOST)
    if gid is None:
        raise cli.fatal(b"unknown group " + name)
    return gid


def group_entry(name: bytes) -> int | None:
    """The number of the group called NAME, None where there is none."""
    from grp import getgrnam

    try:
        return getgrnam(name.decode(sys.getfilesystemencoding(), "surrogateescape")).gr_gid
    except (KeyError, OSError):
        return None


def parse(
    argv: list[bytes], synopsis: "cli.Usage", letters: bytes
) -> tuple[set[bytes], Account, list[bytes]]:
    """The option letters, the account and the rest of argv, for a link that takes an account."""
    found, rest = (
        cli.options(argv, synopsis, more=letters) if cli.native(argv[0]) else ([], argv[1:])
    )
    if len(rest) < 2:
        raise cli.usage(argv[0], synopsis, hint=b"say which account, and which program to run")
    name = rest[0]
    if cli.native(argv[0]) and any(_too_large(part) for part in name.split(b":")):
        hint = b"the number of an account or group is at most %d, not " % MOST + name
        raise cli.usage(argv[0], synopsis, hint=hint)
    return {letter for letter, _ in found}, find(argv[0], name), rest[1:]


def _too_large(name: bytes) -> bool:
    return name.isdigit() and cli.whole(name, MOST) is None
