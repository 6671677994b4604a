"""`user`: who the program is to run as, and whether we may make it so."""

import os
import pwd

from .command_line import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .runner import Runner


def account(user: str) -> pwd.struct_passwd:
    """The entry of USER, a name or a number. Raises Wrong where there is none."""
    try:
        uid = int(user)
    except ValueError:
        try:
            return pwd.getpwnam(user)
        except (KeyError, ValueError):
            raise Wrong(f"username {user!r} not found") from None
    try:
        return pwd.getpwuid(uid)
    except (KeyError, OverflowError):
        raise Wrong(f"uid {user!r} not found") from None


def check(runner: "Runner") -> set[int]:
    """Which accounts may be the manager's of RUNNER, beside root and ours.

    Raises Wrong where its `user` is nobody, or we are not root and somebody else.
    """
    if runner.user is None:
        return set()
    uid = account(runner.user).pw_uid
    if os.geteuid() not in (0, uid):
        raise Wrong("only root can use -u USER to change users")
    return {uid}
