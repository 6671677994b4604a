"""Whether a start came to something: its process has lived for `settle`, or is ready.

That a process is there proves little: it may be the one that is to end, or one that dies in a
moment. So a start is known by its count, and watched until it is old enough, ready or dead. Other
supervisors count nothing, and few say how a run ended: theirs may have been asked to.
"""

import posix
from _signal import SIGTERM
from sys import byteorder
from time import monotonic, time_ns

from ..base.printable import plain
from ..base.status import RUN, WANTED_DOWN, Status
from ..supervise.statefile import end_in_words
from .check_script import LIMIT, run_check_script
from .failing import DONE, short
from .last_words import last_words
from .lifetime import Lifetime, is_same
from .servicefiles import open_control

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .check_script import Warn

GRACE = 0.5  # seconds until the last line that a process wrote has come through its logger


class StartWatch:
    """Watches the start of the service in the current directory, for which LETTERS were sent.

    BEFORE is its status before they were. WARN says what is wrong with ./check.
    """

    def __init__(self, letters: str, before: Status, warn: "Warn") -> None:
        self._letters = letters
        self._warn = warn
        self._first = before
        # What runs already may run on, unless it was to end.
        self._restarts = "t" in letters or "k" in letters
        self._counted = before.starts is not None
        # When the letters, and those that were sent before, have been obeyed.
        self._due = before.obeyed + _unread() + len(letters)
        self._read = False  # whether its supervisor has read all that it was told
        self._began = time_ns()
        self._lifetime = Lifetime()
        self._run: Status | None = None  # that is watched
        self._dead: tuple[bytes, Status, float] | None = None  # how it ended; when we saw it
        self._unexplained = 0  # deaths of which nobody says whether they were asked for

    def look(self, status: Status) -> bytes | None:
        """Nothing if it has started, by STATUS; else why not, or None where it is too early."""
        if self._dead:
            return self._say(*self._dead)
        if self._counted and not self._is_news(status):
            return None
        stays_down = not status.pid and status.want in WANTED_DOWN
        if stays_down and "u" not in self._letters and "o" not in self._letters:
            return b""
        if self._restarts and is_same(self._first, status):
            return None
        return self._up(status) if status.state == RUN and status.pid else self._down(status)

    def _up(self, status: Status) -> bytes | None:
        """As look(), of what runs."""
        if self._run and not is_same(self._run, status):
            # That one ended, and another has come meanwhile.
            return self._died(status)
        self._run = status
        return b"" if self._lives(status) else None

    def _down(self, status: Status) -> bytes | None:
        """As look(), of what does not run, or not yet."""
        # Without a count, what changed may be the end of what was to end.
        can_tell = self._counted or not self._first.pid
        begun = self._run or (can_tell and not is_same(self._first, status))
        if self._counted and status.word == b"failed":
            is_done = status.ended == DONE and status.why.startswith(b"exit code ")
            return b"" if is_done else self._say_of(status)
        if self._counted and status.want == "d":
            return b"told down before it had started"
        if status.want in WANTED_DOWN:
            return self._ended(status) if "o" in self._letters and begun else None
        return self._died(status) if begun else None

    def _is_news(self, status: Status) -> bool:
        """Whether STATUS was written after the letters had been read."""
        if self._read:
            # A status without a count is older than the one beside it.
            return status.starts is not None and status.obeyed >= self._due
        self._read = not _unread()
        return False

    def _lives(self, status: Status) -> bool:
        """Whether it has lived for long enough, or says that it works."""
        if status.term:
            return False
        if status.says_ready or status.ready is False:
            return bool(status.ready)
        if status.ready is None and posix.access(b"check", posix.X_OK):
            return run_check_script(self._warn, LIMIT)
        return self._lifetime.has_settled(status)

    def _ended(self, status: Status) -> bytes | None:
        """What that it ended means for what was to run once."""
        if self._counted and not status.failures:
            return b"told to end before it had ended"
        # Where nobody tells how, that it ran is enough.
        return b"" if _ending(status) in (DONE, b"") else self._died(status)

    def _died(self, status: Status) -> bytes | None:
        """Say what it died of; None where somebody asked for it: the next one counts."""
        ended = _ending(status)
        asked = self._counted and not status.failures
        if not self._counted and (not ended or status.wait_status == SIGTERM):
            self._unexplained += 1
            asked = self._unexplained == 1
        if asked:
            self._first, self._run = status, status if status.state == RUN else None
            self._restarts = False
            return None
        return self._say_of(status)

    def _say_of(self, status: Status) -> bytes | None:
        """Say how it ended, by STATUS, as soon as all of it is known."""
        self._dead = _ending(status) or b"ended again and again", status, monotonic()
        return self._say(*self._dead)

    def _say(self, ended: bytes, status: Status, seen: float) -> bytes | None:
        """How it ENDED, as STATUS told, SEEN then; and its last line, which may be late."""
        words, line = last_words(ended, self._began, self._run, status)
        # The history adds more to it than the status has.
        if (words == ended or not line) and monotonic() - seen < GRACE:
            return None
        given_up = b", given up (%s)" % status.why if status.word == b"failed" else b""
        return short(words) + given_up + (b": " + plain(line) if line else b"")


def _ending(status: Status) -> bytes:
    """How the last run ended, as history has it; nothing if nobody tells."""
    if status.ended or status.wait_status is None:
        return status.ended
    return end_in_words(status.wait_status)


def _unread() -> int:
    """How much its supervisor was told and has not read."""
    from fcntl import ioctl
    from termios import FIONREAD

    try:
        fd = open_control()
    except OSError:
        return 0
    try:
        return int.from_bytes(ioctl(fd, FIONREAD, bytes(4)), byteorder)
    finally:
        posix.close(fd)
