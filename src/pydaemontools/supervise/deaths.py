"""supervise/history: how a service ended, the last times, for a person to read."""

import posix
import time

from ..base.diagnose import signal_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    # When, in nanoseconds of Unix time; the pid; for how many seconds it was up; the wait
    # status; why it was ended, if somebody knows; the last line of what it printed.
    Death = tuple[int, int, float, int, str, bytes]

KEPT = 100  # deaths
TAIL = 200  # bytes of the last line that it printed
# Who reads the history at a terminal is not to be at the mercy of what a service prints.
PLAIN = bytes(0x3F if i < 32 or i == 127 else i for i in range(256))


def reason(status: int) -> bytes:
    """A wait status in words."""
    if posix.WIFSIGNALED(status):
        return b"was killed by " + signal_name(posix.WTERMSIG(status))
    return b"exited with code %d" % posix.WEXITSTATUS(status)


def death(told: "Death") -> bytes:
    """The line that tells of one death."""
    now, pid, seconds, status, why, last = told
    whole, nanoseconds = divmod(now, 10**9)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)).encode()
    line = b"%s.%06dZ pid %d up %.1f s " % (stamp, nanoseconds // 1000, pid, seconds)
    line += reason(status) + (b" (%s)" % why.encode() if why else b"")
    return line + (b": " + last[:TAIL].translate(PLAIN) if last else b"") + b"\n"


def add(old: bytes, lines: list[bytes]) -> bytes:
    """The history OLD with LINES at its end, no longer than it may be."""
    return b"".join([*old.splitlines(keepends=True), *lines][-KEPT:])
