"""rss-limit: how much memory all the processes of a service have, looked at every few seconds.

That is their resident pages, RSS, which is cheap to know; where it is too much, it is asked
again by PSS, in which a page that n processes share counts for an n-th in each.
"""

from time import monotonic

from ..base.cli import shown_size
from ..base.proc import descendants, is_shown, pss, rss
from .state import UP
from .table import HUNG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .service import Service

INTERVAL = 3.0  # seconds between two looks
TIMES = 2  # in a row that it is too much: a fork counts double for a moment


class MemoryWatch:
    """Ends a run of SERVICE that has more memory than its rules allow."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._times = 0
        self._unseen = 0

    def begin(self) -> None:
        """Look at the run that begins now."""
        self._times = 0
        self._again()

    def _again(self) -> None:
        self._service.loop.at(monotonic() + INTERVAL, self._look)

    def _look(self) -> None:
        state = self._service.state
        limit = state.rules.rss_limit
        if not limit or state.phase != UP or state.stopping:
            # Another start begins anew.
            return
        self._again()
        if state.paused:
            # It cannot end before it goes on.
            self._times = 0
            return
        used = self._used(limit)
        self._times = self._times + 1 if used > limit else 0
        if self._times >= TIMES:
            what = b"%s of memory, rss-limit %s" % (shown_size(used), shown_size(limit))
            self._service.feed(HUNG, what.decode())

    def _used(self, limit: int) -> int:
        """How much memory there is, by PSS where RSS is above LIMIT."""
        processes = members(self._service)
        used = sum(map(rss, processes))
        # One that has just ended has none either.
        self._unseen = 0 if used else min(self._unseen + 1, TIMES + 1)
        if self._unseen == TIMES and is_shown():
            what = b"rss-limit does nothing: the memory of "
            self._service.warn(what + self._service.name + b" is not to be seen")
        return sum(pss(pid) or rss(pid) for pid in processes) if used > limit else used


def members(service: "Service") -> set[int]:
    """The processes of SERVICE, which runs: what descends from it, and what went from that."""
    try:
        return {*descendants(service.pid), *service.strays()}
    except OSError:
        # Without /proc nobody knows of any.
        return set()
