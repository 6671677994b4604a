"""What to say of a service that does not come up: how and how often it died, and what comes."""

from time import time

from ..base.status import RUN, SECOND, Status
from ..supervise.rules import RESET

DONE = b"exited with code 0"


def short(ended: bytes) -> bytes:
    """How a process ENDED, in less words than history has."""
    return ended.replace(b"exited with code ", b"exited ").removeprefix(b"was ")


def failing(status: Status) -> bytes:
    """What is known of the runs that came to nothing; nothing if the last one did not.

    That is `exited 7, 12 times in a row, next try in 3 s`. What is down as it was told to be, or
    has done its work, is not failing.
    """
    lasts = status.state == RUN and status.seconds(int(time())) >= RESET
    rests = status.word == b"down" and (status.want == "d" or status.ended == DONE)
    if not status.failures or lasts or rests:
        return b""
    words = [short(status.ended)]
    if status.failures > 1:
        words.append(b"%d times in a row" % status.failures)
    if status.next_start is not None:
        rest = max(0, status.next_start / SECOND - time())
        words.append(b"next try in %d s" % -(-rest // 1))
    return b", ".join(words)
