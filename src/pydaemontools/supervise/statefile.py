"""What our own supervisor tells beside the originals' bytes; theirs tell none of it.

supervise/state holds lines of a key and its value, supervise/history a line a death.
"""

import posix

from ..control.servicefiles import READ, Trouble

STATE = b"supervise/state"
HISTORY = b"supervise/history"
BLOCK = 65536


def state(at: bytes) -> dict[bytes, bytes]:
    """The keys and values of supervise/state, none if there is no such file; raises Trouble."""
    pairs = (line.partition(b" ") for line in _lines(at, STATE))
    return {key: value for key, blank, value in pairs if blank}


def deaths(at: bytes) -> list[bytes]:
    """The lines of supervise/history, oldest first; none if there is no such file."""
    return _lines(at, HISTORY)


def _lines(at: bytes, name: bytes) -> list[bytes]:
    try:
        fd = posix.open(at + name, READ)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Trouble(b"unable to open " + name, error) from None
    try:
        return b"".join(iter(lambda: posix.read(fd, BLOCK), b"")).splitlines()
    except OSError as error:
        raise Trouble(b"unable to read " + name, error) from None
    finally:
        posix.close(fd)


class Death:
    """One line of a history: when, which pid, after how many seconds, how, and what it said.

    code: the exit code, or None if a signal killed it; signal: its name, or nothing.
    A line of another form is all `said`.
    """

    __slots__ = ("code", "line", "note", "pid", "said", "signal", "up", "when")

    def __init__(self, line: bytes) -> None:
        self.line = line
        self.when = self.signal = self.note = b""
        self.pid: int | None = None
        self.up: float | None = None
        self.code: int | None = None
        self.said = line
        words = line.split(b" ", 6)
        if len(words) == 7 and words[1::2] == [b"pid", b"up", b"s"]:
            self._take(words)

    def _take(self, words: list[bytes]) -> None:
        try:
            pid, up = int(words[2]), float(words[4])
        except ValueError:
            return
        how, _, said = words[6].partition(b": ")
        how, bracket, note = how.partition(b" (")
        signal = how.removeprefix(b"was ").removeprefix(b"killed by ")
        code = how.removeprefix(b"exited with code ")
        if len(signal) < len(how):
            self.signal = signal
        elif code.isdigit():
            self.code = int(code)
        else:
            return
        self.when, self.pid, self.up, self.said = words[0], pid, up, said
        self.note = note.removesuffix(b")") if bracket else b""

    @property
    def signum(self) -> int | None:
        """The number of the signal that killed it, if one did and has one here."""
        import _signal

        number = getattr(_signal, self.signal.decode("latin-1"), None) if self.signal else None
        return int(number) if isinstance(number, int) else None
