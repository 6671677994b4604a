"""What a manager that was killed left: its socket, and perhaps its program, which runs on."""

import posix
import time

from ..base import shared_dir
from ..base.proc import start_time
from ..base.process import fsencode
from ..supervise.run_record import numbers, place
from ..supervise.statefile import parse_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from .runner import Runner

MOST = 1 << 16  # bytes of what it wrote down


def left_pid(runner: "Runner", accounts: "Collection[int]" = ()) -> int | None:
    """The pid of the program of RUNNER, if it runs on; 0 if nothing does, None if nobody knows.

    What is believed is root's, our own account's, or one of ACCOUNTS'.
    """
    socket_name = fsencode(runner.socket_name)
    beside = socket_name + b".d"
    directory = beside + b"/" + fsencode(runner.name or "program")
    state = directory + b"/supervise/state"
    try:
        if posix.lstat(state).st_uid not in (0, posix.geteuid(), *accounts):
            return None
        words = parse_state(shared_dir.read_file(state, MOST))
        here = place(directory if directory[:1] == b"/" else posix.getcwdb() + b"/" + directory)
    except OSError:
        # One of ours has not kept it, and an old one writes nothing down; nothing outlives a boot.
        known = posix.access(beside, posix.F_OK) or _is_older_than_boot(socket_name)
        return 0 if known else None
    if words.get(b"place") != here or words.get(b"state") != b"run":
        return 0
    pid, start = next(iter(numbers(words.get(b"processes", b"")).items()), (0, 0))
    return pid if pid and start_time(pid) == start else 0


def _is_older_than_boot(path: bytes) -> bool:
    try:
        made = posix.stat(path).st_ctime
    except OSError:
        return True
    return made < time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
