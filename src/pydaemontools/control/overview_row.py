"""What a row of the overview says of a service, as the status that its directory would give."""

import posix

from ..base import overview
from ..base.overview import (
    COUNT,
    DIRECTORY,
    HOSTED,
    LOGGERS,
    NORMALLY_DOWN,
    ONCE,
    PAUSED,
    PID,
    ROW,
    TERM,
    UNSURE,
    WANTED_DOWN,
    Overview,
)
from ..base.service_dirs import is_written
from ..base.status import DOWN, FINISH, RUN, SECOND, Status

# A service, and its logger if that has a directory.
Statuses = tuple[Status, Status | None]

LOW = (1 << PID) - 1
# What a row says of the state, and of it in a word.
WHAT = {
    overview.DOWN: (DOWN, b"down"),
    overview.RUN: (RUN, b"run"),
    overview.FINISH: (FINISH, b"finish"),
    overview.WAIT: (DOWN, b"wait"),
}


def statuses(found: Overview, path: bytes, number: int, now: int) -> Statuses | None:
    """How the service in the directory PATH is, whose NUMBER in what was FOUND it is, in the
    second NOW; None where one has to look.
    """
    row, logger = found.row(number, 0), None
    if row[0] >> 16 & 0xFF == DIRECTORY:
        logger = _status(found.row(number, ROW), path + b"/log", now, answered=found.answered)
        if not logger:
            return None
    elif not _is_sure(row, answered=found.answered) and _has_other_log(path):
        return None
    status = _status(row, path, now, answered=found.answered)
    return (status, logger) if status else None


def _is_sure(row: list[int], *, answered: bool) -> bool:
    """Whether ROW says what a person has put beside the run."""
    return answered and not row[0] >> 8 & UNSURE


def _has_other_log(path: bytes) -> bool:
    """Whether the service in PATH has a log that nobody keeps."""
    return posix.access(path + b"/log", posix.F_OK) and not is_written(path + b"/log")


def _status(row: list[int], path: bytes, now: int, *, answered: bool) -> Status | None:
    """The status of the service in PATH, of which ROW is."""
    first, since, pids, count = row
    what, flags, logger = first & 0xFF, first >> 8 & 0xFF, first >> 16 & 0xFF
    known = what in WHAT and first >> COUNT == count and HOSTED + len(LOGGERS) > logger
    sure = _is_sure(row, answered=answered)
    if not known or since > now or not (sure or posix.access(path, posix.F_OK)):
        return None
    state, word = WHAT[what]
    want = "d" if flags & WANTED_DOWN else "" if flags & ONCE else "u"
    status = Status(
        since * SECOND,
        pids & LOW,
        want,
        paused=bool(flags & PAUSED),
        term=bool(flags & TERM),
        state=state,
    )
    status.word = word
    down = flags & NORMALLY_DOWN if sure else posix.access(path + b"/down", posix.F_OK)
    status.normally_up = not down
    if logger >= HOSTED:
        pid = pids >> PID
        status.logger = LOGGERS[logger - HOSTED] + (b" %d" % pid if pid else b"")
    return status
