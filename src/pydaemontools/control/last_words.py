"""How a process of a service ended, and what it said last: from the history, or from the log."""

import posix

from ..base.status import SECOND, Status
from .fields import date
from .reader import last_death
from .servicefiles import Trouble

LATE = 0.1  # seconds that a status may be written after its process began


def last_words(ended: bytes, since: int, run: Status | None, down: Status) -> tuple[bytes, bytes]:
    """How the RUN that ENDED so ended, and the last line that it wrote; empty if nobody tells.

    It died SINCE then (nanoseconds), and DOWN is the status that told of it. All of the service
    in the current directory.
    """
    began = down.since / SECOND
    try:
        death = last_death(b"")
    except Trouble:
        death = None
    # It may not be written yet.
    if death and death.when >= date(since).encode() and ended in death.line:
        ended += b" (%s)" % death.note if death.note else b""
        ended += b" after %.1f s" % (death.seconds or 0)
        if death.output:
            return ended, death.output
        began -= death.seconds or 0
    return ended, _last_line((run.since / SECOND if run else began) - LATE)


def _last_line(since: float) -> bytes:
    """The last line in the log that was written SINCE then."""
    if not any(posix.access(name, posix.F_OK) for name in (b"log", b"logger")):
        return b""
    from .logfiles import ServiceLog, find_log
    from .loglines import every

    try:
        path = find_log(b".")
        log = ServiceLog(path) if path else None
        entries = log.tail(1, every) if log else []
    except OSError:
        return b""
    if log:
        log.close()
    return entries[-1][3] if entries and entries[-1][0] >= since * SECOND else b""
