"""What our own supervisor says beside the originals' bytes: the formats of two files.

supervise/state holds a key and its value a line, supervise/history a death a line, the oldest
first. The supervisor writes them, control reads them, and no other supervisor has them.
"""

import posix
import time

# Nothing that a service prints may begin a line, or drive the terminal of a reader.
from ..base.printable import PLAIN

STATE = b"supervise/state"
HISTORY = b"supervise/history"
MOST_DEATHS = 100  # that a history holds
MOST_OUTPUT = 200  # bytes of the last line that a service printed
MOST_DIGITS = 20  # of an exit code, in a line that anybody may have written
ADOPTION = -1  # in the place of a wait status: it goes on, under another supervisor
ADOPTED = b"was adopted"
UNKNOWN = b"ended in a way that nobody saw"  # it was no child of ours


def format_state(pairs: dict[bytes, bytes]) -> bytes:
    """The bytes of supervise/state for PAIRS of keys and values; what is empty is left out."""
    lines = (key + b" " + value.translate(PLAIN) + b"\n" for key, value in pairs.items() if value)
    return b"".join(lines)


def parse_state(data: bytes) -> dict[bytes, bytes]:
    """The keys and values in the DATA of supervise/state."""
    pairs = {}
    for line in data.splitlines():
        key, blank, value = line.partition(b" ")
        if blank:
            pairs[key] = value
    return pairs


def end_in_words(wait_status: int | None) -> bytes:
    """How a process ended, by its WAIT_STATUS; None if nobody knows, ADOPTION if it did not."""
    from ..base.errors import signal_name

    if wait_status == ADOPTION:
        return ADOPTED
    if wait_status is None:
        return UNKNOWN
    if posix.WIFSIGNALED(wait_status):
        return b"was killed by " + signal_name(posix.WTERMSIG(wait_status))
    return b"exited with code %d" % posix.WEXITSTATUS(wait_status)


def format_death(
    when: int, pid: int, seconds: float, wait_status: int | None, *, why: str, output: bytes
) -> bytes:
    """The line of supervise/history for a process that ended.

    WHEN: nanoseconds of Unix time; SECONDS: how long it was up; WHY: why it was ended, if
    somebody knows; OUTPUT: the last line that it printed.
    """
    second, nanoseconds = divmod(when, 10**9)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
    line = b"%s.%06dZ pid %d up %.1f s " % (stamp, nanoseconds // 1000, pid, seconds)
    line += end_in_words(wait_status) + (b" (%s)" % why.encode() if why else b"")
    return line + (b": " + output[:MOST_OUTPUT].translate(PLAIN) if output else b"") + b"\n"


def only_deaths(history: bytes) -> list[bytes]:
    """The lines of HISTORY that tell of an end, and of no adoption."""
    return [line for line in history.splitlines() if parse_death(line).note != ADOPTED]


def add_deaths(history: bytes, lines: list[bytes]) -> bytes:
    """The bytes of supervise/history: those of HISTORY and LINES, the newest of them all."""
    return b"".join([*history.splitlines(keepends=True), *lines][-MOST_DEATHS:])


class Death:
    """A line of supervise/history: when, which pid, after how many seconds, how, what it printed.

    code: the exit code, or None if a signal killed it; signal: its name, or nothing; note: why
    it was ended. A line of another form is all `output`.
    """

    __slots__ = ("code", "line", "note", "output", "pid", "seconds", "signal", "when")

    def __init__(self, line: bytes) -> None:
        self.line = self.output = line
        self.when = self.signal = self.note = b""
        self.pid: int | None = None
        self.seconds: float | None = None
        self.code: int | None = None

    @property
    def signum(self) -> int | None:
        """The number of the signal that killed it, if one did and has one here."""
        import _signal

        number = getattr(_signal, self.signal.decode("latin-1"), None) if self.signal else None
        return int(number) if isinstance(number, int) else None


def parse_death(line: bytes) -> Death:
    """The death that a LINE of supervise/history tells of."""
    death = Death(line)
    words = line.split(b" ", 6)
    if len(words) < 7 or words[1::2] != [b"pid", b"up", b"s"]:
        return death
    try:
        pid, seconds = int(words[2]), float(words[4])
    except ValueError:
        return death
    end, _, output = words[6].partition(b": ")
    end, bracket, note = end.partition(b" (")
    adopted = end == ADOPTED
    signal = end.removeprefix(b"was ").removeprefix(b"killed by ")
    code = end.removeprefix(b"exited with code ")
    if adopted:
        note = ADOPTED + b")"
    elif len(signal) < len(end):
        death.signal = signal
    elif code.isdigit() and len(code) < MOST_DIGITS:
        death.code = int(code)
    elif end != UNKNOWN:
        return death
    death.when, death.pid, death.seconds, death.output = words[0], pid, seconds, output
    death.note = note.removesuffix(b")") if bracket else b""
    return death
