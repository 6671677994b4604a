"""A signal for all of a process group, or all of a session."""

import posix

from ..base.proc import START, start_time
from . import tree


def signal_group(pid: int, start: int, signum: int, *, session: bool) -> list[int]:
    """Send SIGNUM to the process PID and to what is in its group, or SESSION, by now; return these.

    START is when it started, or 0 if it is a child. Those of a session are told in the order
    of their births: a shell hears it before that has ended which it waits for. Without /proc
    nobody knows them, and it is the group. Raises OSError if the process cannot be told.
    """
    group, leader = posix.getpgid(pid), posix.getsid(pid)
    if start and start_time(pid) != start:
        # The pid is another's by now.
        raise ProcessLookupError
    members = _members(3, leader) if session else _members(2, group)
    if session and pid in members:
        posix.kill(pid, signum)
        tree.signal_all([one for one in members if one != pid], signum)
    else:
        posix.killpg(group, signum)
    return members


def _members(field: int, number: int) -> list[int]:
    """The processes for which stat() has NUMBER in FIELD, the oldest first; none without /proc."""
    try:
        found = tree.processes()
    except OSError:
        return []
    ages = [(int(one[START]), pid) for pid, one in found.items() if int(one[field]) == number]
    return [pid for _, pid in sorted(ages)]
