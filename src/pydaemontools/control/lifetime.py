"""For how long the process of a service has lived, as far as one can see from outside."""

from time import monotonic, time

from ..base.proc import stat
from ..base.status import RUN, SECOND, Status
from ..supervise.settings import SettingsReader


def is_same(one: Status, other: Status) -> bool:
    """Whether two looks saw the same start: counted, or known by pid and time."""
    if one.starts is not None and other.starts is not None:
        return one.starts == other.starts
    return (one.pid, one.since) == (other.pid, other.since)


class Lifetime:
    """The life of the service in the current directory, seen from look to look.

    settle: for how many seconds it has to live until it counts as started.
    """

    def __init__(self) -> None:
        self.settle = SettingsReader(b".").rules().settle
        self._first: Status | None = None
        self._seen = 0.0

    def has_settled(self, status: Status) -> bool:
        """Whether its process has lived long enough, in STATUS, or is ready."""
        if status.state != RUN or not status.pid:
            return False
        if self._first is None or not is_same(self._first, status):
            self._first, self._seen = status, monotonic()
        if status.says_ready and status.ready:
            return True
        if stat(status.pid)[:1] == [b"Z"]:
            # It has ended, and its supervisor sleeps (daemontools' does for a second).
            return False
        # A clock that was set makes it older than it is seen to be, or younger.
        return max(monotonic() - self._seen, time() - status.since / SECOND) >= self.settle
