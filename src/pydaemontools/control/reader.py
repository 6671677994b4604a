"""How a status is read for a person: of any supervisor, with all that is known beside it.

Read here are the status files of daemontools (18 bytes), runit (20), daemontools-encore
(20 or 40, another meaning of the last two) and s6 (35 or 43), and what our own supervisor
writes beside them.
"""

import posix
from errno import ENOENT

from ..base.status import DOWN, FINISH, RUN, S6, STATES, Status, decode
from ..supervise.statefile import HISTORY, STATE, Death, only_deaths, parse_death, parse_state
from .servicefiles import CONTROL, OK, STATUS, Trouble, attend, normally_up, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    # The status of a service, or why it cannot be had.
    Found = tuple[Status | None, Trouble | None]

LONGEST = 64
# The words of supervise/state that may stand beside each state of a status file.
WORDS = {DOWN: (b"down", b"wait", b"failed"), RUN: (b"run",), FINISH: (b"finish",)}


def find_status(directory: bytes) -> "Found":
    """The status of the service in DIRECTORY, or why it cannot be had."""
    try:
        posix.stat(directory + b"/.")
    except OSError as error:
        return None, Trouble(b"unable to chdir", error)
    try:
        return read_status(directory + b"/"), None
    except Trouble as trouble:
        return None, trouble


def read_status(at: bytes = b"") -> Status:
    """The status of the service whose files have AT before their names; raises Trouble."""
    try:
        normally = normally_up(at)
    except OSError as error:
        raise Trouble(b"unable to stat down", error) from None
    _attended(at)
    data = read_file(STATUS, at, LONGEST)
    if len(data) < 18:
        raise Trouble(b"unable to read supervise/status: bad format")
    status = decode(data)
    status.normally_up = normally
    if len(data) not in S6:
        _make_sense(status)
    elif not posix.access(at + b"notification-fd", posix.F_OK):
        # Without one nobody will ever say so.
        status.ready = status.ready_since = None
        status.says_ready = False
    status.word = STATES[status.state].encode()
    _refine(status, parse_state(read_file(STATE, at)), at)
    return status


def last_death(at: bytes) -> Death | None:
    """How the service ended the last time, if anybody wrote that down; raises Trouble."""
    lines = only_deaths(read_file(HISTORY, at))
    return parse_death(lines[-1]) if lines else None


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


def _make_sense(status: Status) -> None:
    """Have no number in STATUS that its supervisor does not mean."""
    # encore keeps its own states in the byte before, and leaves this one 0.
    if status.state not in (RUN, FINISH):
        status.state = RUN if status.pid else DOWN
        status.term = False
    status.term = bool(status.term)
    status.want = status.want.rstrip("\0")


def _refine(status: Status, words: dict[bytes, bytes], at: bytes) -> None:
    """Add the WORDS of our own supervisor. One of another kind may have come after it."""
    word = words.get(b"state", b"")
    if word not in WORDS[status.state]:
        return
    status.word = word
    status.text = words.get(b"text", b"")
    status.why = words.get(b"why", b"")
    status.ended = words.get(b"ended", b"")
    status.logger = words.get(b"logging", b"")
    status.starts = _count(words, b"starts")
    status.next_start = _count(words, b"next")
    status.obeyed = _count(words, b"obeyed") or 0
    status.failures = _count(words, b"failures") or 0
    if words.get(b"want") == b"o":
        # In the bytes of runit it is down.
        status.want = ""
    says = words.get(b"says")
    status.says_ready = _says_ready(at) if says is None else says == b"1"
    if words.get(b"ready") == b"1":
        status.ready = status.state == RUN
        status.ready_since = _count(words, b"readysince") if status.ready else None
    elif b"ready" in words and status.says_ready:
        status.ready = False


def _count(words: dict[bytes, bytes], word: bytes) -> int | None:
    """The number that WORD has among WORDS."""
    found = words.get(word, b"")
    return int(found) if found.isdigit() and len(found) < 20 else None


def _says_ready(at: bytes) -> bool:
    """Whether the service is one that says when it is ready, and not just one that runs."""
    return any(posix.access(at + name, posix.F_OK) for name in (b"notification-fd", b"ready")) or (
        posix.access(at + b"check", posix.X_OK)
    )
