"""What a service directory asks of its supervisor, read anew for each start.

The names are s6's where s6 has one (https://skarnet.org/software/s6/servicedir.html), with
its units (milliseconds); the rest is ours, in seconds.
"""

import _signal
import posix
from _signal import SIGTERM

from ..chain.envdir import contents
from ..chain.errors import words

FOREVER = float("inf")
PACE = 1.0  # seconds between two starts, at the least


class Rules:
    """How a service is paced, stopped, judged and believed to be ready or dead.

    Times are in seconds; FOREVER means that there is no limit.
    """

    __slots__ = (
        "backoff",
        "done_codes",
        "down_signal",
        "finish",
        "finish_limit",
        "kill_after",
        "max_deaths",
        "pace",
        "ready_limit",
        "waits_ready",
        "watchdog",
    )

    def __init__(self) -> None:
        self.pace = PACE
        self.backoff: Backoff | None = None
        self.finish = False  # whether there is a finish to run
        self.finish_limit = FOREVER  # timeout-finish
        self.kill_after = FOREVER  # timeout-kill
        self.ready_limit = FOREVER  # timeout-up
        self.waits_ready = False  # whether it says by itself when it is ready
        self.down_signal = int(SIGTERM)
        self.done_codes: frozenset[int] = frozenset()  # exit-codes: it is done, not dead
        self.max_deaths = (0, FOREVER)  # max-death-tally: how many, within how many seconds
        self.watchdog = FOREVER


class Backoff:
    """How long to wait before the next start of what keeps dying.

    first, then times factor, at most cap; after a run of at least reset it starts over.
    Each wait is longer by up to the jitter-th part of itself, so that many do not march.
    """

    __slots__ = ("cap", "factor", "first", "jitter", "reset")

    def __init__(
        self,
        first: float,
        factor: float = 2.0,
        cap: float = 60.0,
        reset: float = 10.0,
        jitter: float = 0.1,
    ) -> None:
        self.first = first
        self.factor = factor
        self.cap = cap
        self.reset = reset
        self.jitter = jitter

    def delay(self, failures: int, luck: float) -> float:
        """Seconds to wait after FAILURES short runs in a row; LUCK is from 0 to 1."""
        if not failures:
            return 0.0
        plain = self.cap
        # A power that overflows is beyond any cap.
        if (failures - 1) * self.factor < 1024:
            plain = min(self.cap, self.first * self.factor ** (failures - 1))
        return plain * (1 + self.jitter * luck)


class Reader:
    """Reads the files of a service directory; what is wrong in them stands in `problems`."""

    def __init__(self, place: bytes) -> None:
        self.place = place
        self.problems: list[bytes] = []

    def rules(self) -> Rules:
        """What the directory asks for now; a file that is wrong counts as not there."""
        rules = Rules()
        rules.finish = posix.access(self.place + b"/finish", posix.X_OK)
        rules.finish_limit = self._milliseconds(b"timeout-finish")
        rules.kill_after = self._milliseconds(b"timeout-kill")
        rules.ready_limit = self._milliseconds(b"timeout-up")
        rules.waits_ready = self.notification_fd() is not None or bool(self.words(b"ready"))
        rules.down_signal = self._signal(b"down-signal")
        rules.done_codes = frozenset(map(int, self._numbers(b"exit-codes")))
        rules.watchdog = next(iter(self._numbers(b"watchdog")), FOREVER)
        deaths = [*self._numbers(b"max-death-tally", 2), 60.0]
        rules.max_deaths = (int(deaths[0]), deaths[1]) if len(deaths) > 1 else (0, FOREVER)
        backoff = self._numbers(b"backoff", 5)
        rules.backoff = Backoff(*backoff) if backoff else None
        return rules

    def notification_fd(self) -> int | None:
        """The fd on which the service says that it is ready, by a line (s6)."""
        numbers = self._numbers(b"notification-fd", 1)
        if numbers and not 2 < numbers[0] < 1024:
            self._wrong(b"notification-fd", b"a file descriptor above 2")
            return None
        return int(numbers[0]) if numbers else None

    def words(self, name: bytes) -> list[bytes]:
        """The words of the first line of the file NAME; none if there is no such file."""
        try:
            return contents(self.place + b"/" + name).partition(b"\n")[0].split()
        except FileNotFoundError:
            return []
        except OSError as error:
            self.problems.append(b"unable to read " + name + b": " + words(error))
            return []

    def _numbers(self, name: bytes, most: int = 256) -> list[float]:
        """The numbers in the file NAME, at most so many."""
        found = self.words(name)
        if len(found) <= most and all(_is_number(word) for word in found):
            return [float(word) for word in found]
        self._wrong(name, b"a number" if most == 1 else b"numbers")
        return []

    def _milliseconds(self, name: bytes) -> float:
        numbers = self._numbers(name, 1)
        return numbers[0] / 1000 if numbers and numbers[0] else FOREVER

    def _signal(self, name: bytes) -> int:
        found = self.words(name)
        if not found:
            return int(SIGTERM)
        number = signal_number(found[0])
        if number is None:
            self._wrong(name, b"a signal")
        return number or int(SIGTERM)

    def _wrong(self, name: bytes, wanted: bytes) -> None:
        self.problems.append(name + b" does not hold " + wanted)


def _is_number(word: bytes) -> bool:
    whole, _, part = word.partition(b".")
    return (whole + part).isdigit()


def signal_number(word: bytes) -> int | None:
    """The signal called WORD: a number, or a name with or without SIG."""
    if word.isdigit():
        return int(word) if 0 < int(word) < _signal.NSIG else None
    name = "SIG" + word.decode("latin-1").upper().removeprefix("SIG")
    number = getattr(_signal, name, None)
    return int(number) if isinstance(number, int) and name[3] != "_" else None
