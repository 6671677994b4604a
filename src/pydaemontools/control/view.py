"""A service as its supervisor tells of it, whichever supervisor that is.

Read here are the status files of daemontools (18 bytes), runit (20), daemontools-encore
(20 or 40, another meaning of the last two) and s6 (35 or 43), and what our own supervisor
writes beside them.
"""

import posix
from errno import ENOENT
from time import time_ns

from ..base.tai64 import unpack
from ..supervise.statefile import HISTORY, STATE, Death, parse_death, parse_state
from ..supervise.status import DOWN, FINISH, RUN, STATES, Status, decode
from .servicefiles import CONTROL, OK, STATUS, Trouble, attend, normally_up, read_file

S6 = (35, 43)
LONGEST = 64
LEAP = 27  # seconds that s6's labels are ahead of djb's
SECOND = 10**9
# The words of supervise/state that may stand beside each state of a status file.
REFINED = {DOWN: (b"down", b"wait", b"failed"), RUN: (b"run",), FINISH: (b"finish",)}


class View:
    """What is known of a service: its Status, and the rest where somebody tells it.

    state: run, down, finish, or our supervisor's wait (for the next start) and failed;
    ready: None where nobody tells; ready_since: nanoseconds; wait_status: how it ended (s6);
    lingers: whether `x` lets the service run on (as daemontools and s6 have it).
    """

    __slots__ = (
        "at",
        "lingers",
        "normally_up",
        "ready",
        "ready_since",
        "state",
        "status",
        "text",
        "wait_status",
        "why",
    )

    def __init__(self, at: bytes, status: Status, *, normally: bool) -> None:
        self.at = at
        self.status = status
        self.normally_up = normally
        self.state = STATES[status.state].encode()
        self.ready: bool | None = None
        self.ready_since: int | None = None
        self.wait_status: int | None = None
        self.text = self.why = b""
        self.lingers = False

    @property
    def up(self) -> bool:
        """Whether the service runs (its finish does not count)."""
        return self.state == b"run"

    @property
    def down(self) -> bool:
        """Whether nothing of it runs, its finish included."""
        return not self.status.pid

    def seconds(self, now: int | None = None) -> int:
        """For how many whole seconds it has been as it is; 0 if that begins in the future."""
        now = time_ns() if now is None else now
        return max(0, now // SECOND - self.status.since // SECOND)

    def last_death(self) -> Death | None:
        """How it ended the last time, if anybody wrote that down; raises Trouble."""
        lines = read_file(HISTORY, self.at).splitlines()
        return parse_death(lines[-1]) if lines else None


def look(at: bytes = b"") -> View:
    """Look at the service whose files have AT before their names; raises Trouble."""
    try:
        normally = normally_up(at)
    except OSError as error:
        raise Trouble(b"unable to stat down", error) from None
    _attended(at)
    data = read_file(STATUS, at, LONGEST)
    if len(data) in S6:
        view = _of_s6(at, data, normally=normally)
    elif len(data) < 18:
        raise Trouble(b"unable to read supervise/status: bad format", data=data)
    else:
        view = View(at, _plain(data), normally=normally)
        view.lingers = len(data) == 18
    _refine(view, parse_state(read_file(STATE, at)))
    return view


def _attended(at: bytes) -> None:
    """Raise Trouble where no supervisor runs. s6-supervise has no `ok`, but reads `control`."""
    try:
        attend(at + OK)
    except OSError as error:
        if error.errno != ENOENT or not posix.access(at + CONTROL, posix.F_OK):
            raise Trouble(b"unable to open supervise/ok", error) from None
        try:
            attend(at + CONTROL)
        except OSError as other:
            raise Trouble(b"unable to open supervise/control", other) from None


def _plain(data: bytes) -> Status:
    status = decode(data)
    # encore keeps its own states in the byte before, and leaves this one 0.
    if status.state not in (RUN, FINISH):
        status.state = RUN if status.pid else DOWN
        status.term = False
    return status


def _of_s6(at: bytes, data: bytes, *, normally: bool) -> View:
    pid = int.from_bytes(data[24:32], "big")
    paused, finishing, wanted, ready = (bool(data[-1] & bit) for bit in (1, 2, 4, 8))
    state = (FINISH if finishing else RUN) if pid else DOWN
    since = unpack(data[:12]) - LEAP * SECOND
    status = Status(since, pid, "u" if wanted else "d", paused=paused, state=state)
    view = View(at, status, normally=normally)
    view.wait_status = int.from_bytes(data[-3:-1], "big")
    view.lingers = True
    # Without a notification-fd nobody will ever say so.
    if posix.access(at + b"notification-fd", posix.F_OK):
        view.ready = bool(pid) and ready
        view.ready_since = unpack(data[12:24]) - LEAP * SECOND if view.ready else None
    return view


def _refine(view: View, words: dict[bytes, bytes]) -> None:
    """Add what our own supervisor says. One of another kind may have come after it."""
    state = words.get(b"state", b"")
    if state not in REFINED[view.status.state]:
        return
    view.state = state
    view.text = words.get(b"text", b"")
    view.why = words.get(b"why", b"")
    if words.get(b"ready") == b"1":
        since = words.get(b"readysince", b"")
        view.ready = view.up
        view.ready_since = int(since) if view.ready and since.isdigit() else None
    elif b"ready" in words and _says_ready(view.at):
        view.ready = False


def _says_ready(at: bytes) -> bool:
    """Whether the service is one that says when it is ready, and not just one that runs."""
    return any(posix.access(at + name, posix.F_OK) for name in (b"notification-fd", b"ready"))
