"""HelperEnd what helps a service (control/LETTER, check, finish) with all that it started.

TERM to each, and a moment later KILL to what is there by then, until nothing of it is left.
"""

import _signal as signal
import posix
from time import monotonic

from ..base.proc import START, has_group, start_time
from . import tree
from .loop import Loop

GRACE = 1.0  # seconds between TERM and KILL
LOOK = 0.2  # seconds between two looks at what is left
LAST_LOOK = 5.0  # seconds after which what KILL does not end is the kernel's
LONGEST = 1e6  # seconds that one wait takes


class HelperTree:
    """The process LEADER, a child of ours that was not reaped yet; it leads a session or a group.

    Of it are all in that session or group, and what descends from these, or did when it was
    seen.
    """

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._known = {leader: start_time(leader)}  # what was seen of it, and when each started

    def living(self) -> list[int]:
        """What is left of it; without /proc its group, as long as a child of ours is in that."""
        found = tree.processes()
        if not found:
            return [-self._leader] if has_group(self._leader) else []
        # The number is nobody else's while somebody is in that session or group.
        leads = start_time(self._leader) in (0, self._known[self._leader])
        roots = [
            pid
            for pid, fields in found.items()
            if self._known.get(pid) == int(fields[START])
            or (leads and self._leader in (int(fields[2]), int(fields[3])))
        ]
        living = list(dict.fromkeys(tree.below(roots)))
        self._known |= {pid: int(found[pid][START]) for pid in living if pid in found}
        return living

    def signal(self, *signums: int) -> bool:
        """Send SIGNUMS to what is left of it; return whether there is something."""
        living = self.living()
        tree.signal_all(living, *signums)
        return bool(living)


class HelperEnd:
    """Ends the tree of LEADER, as LOOP has the time; nobody ends LOOP before that is done."""

    def __init__(self, loop: Loop, leader: int) -> None:
        self._loop = loop
        self._tree = HelperTree(leader)
        self._kill_at = monotonic() + GRACE
        loop.pending[self] = loop.home
        # What is started anew goes first.
        loop.at_turn_end(self._term)

    def kill(self) -> None:
        """KILL it now."""
        self._kill_at = monotonic()
        self._look()

    def _term(self) -> None:
        self._tree.signal(signal.SIGTERM, signal.SIGCONT)
        self._look()

    def _look(self) -> None:
        late = monotonic() - self._kill_at
        if late > LAST_LOOK or not self._tree.signal(*[signal.SIGKILL] * (late >= 0)):
            self._loop.pending.pop(self, None)
        elif self in self._loop.pending:
            self._loop.at(monotonic() + LOOK, self._look)


def ended_within(pid: int, limit: float) -> bool:
    """Wait for the child PID, for LIMIT seconds and no longer; return whether it has ended.

    This is for a process that has no loop. One that took longer is ended, with its tree.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    try:
        if _waited(pid, limit):
            return True
        helper = HelperTree(pid)
        helper.signal(signal.SIGTERM, signal.SIGCONT)
        end = monotonic() + GRACE
        gone = _waited(pid, GRACE)
        while helper.living() and monotonic() < end:
            signal.sigtimedwait([signal.SIGCHLD], LOOK)
        helper.signal(signal.SIGKILL)
        if not gone:
            # What comes is not to have a child that it does not know.
            _waited(pid, LAST_LOOK)
        return False
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def _waited(pid: int, limit: float) -> bool:
    end = monotonic() + limit
    while not posix.waitpid(pid, posix.WNOHANG)[0]:
        rest = end - monotonic()
        if rest <= 0:
            return False
        signal.sigtimedwait([signal.SIGCHLD], min(rest, LONGEST))
    return True
