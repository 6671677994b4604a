"""Levels: how much a program says, as one number for every library in it.

A step is syslog's number of a severity, 0 (emergency) to 7 (debug); below it is NONE, which says
nothing at all, and above it TRACE, which says everything. Each library counts otherwise; here
is the one table of what they call a step.
"""

import logging
import re
from collections.abc import Callable

from ..log.lines import keys, level_words
from ..log.lines.keys import PYTHON
from ..log.lines.levels import DEBUG, INFO

NONE, TRACE = -1, 8
# By step: the word before a line, which is also the level in JSON.
HEADS = (
    "emergency",
    "alert",
    "critical",
    "error",
    "warning",
    "notice",
    "info",
    "debug",
    "trace",
)
# Every word that anybody uses for one, in lower case: those that the router knows, and ours.
STEPS = {word.decode(): step for word, step in level_words.WORDS.items()} | keys.WORDS
STEPS |= {
    "trace": TRACE,
    "t": TRACE,
    "inform": INFO,
    "all": TRACE,
    "none": NONE,
    "off": NONE,
}
# By step: logging's number, which is loguru's too. EMERG and ALERT are nobody's but ours.
_BY_STEP = {step: least for least, step in PYTHON} | {DEBUG: 10, TRACE: 5}
NUMBERS = tuple(_BY_STEP[step] for step in range(TRACE + 1))
# By step: OpenTelemetry's SeverityNumber (its data model, appendix B, syslog) and GCP's name.
OTEL = (21, 19, 18, 17, 13, 10, 9, 5, 1)
GCP = (*(word.upper() for word in HEADS[:TRACE]), "DEBUG")
SILENT = 1 << 20  # a threshold that no number reaches
_CHANGE = re.compile(r"([+])=?\s*([0-9]+)|(-)=\s*([0-9]+)")


def step_of(level: "Level | str | int") -> int:
    """The step that LEVEL means: a word in any case, syslog's number -1 to 8, or logging's from 10.

    ValueError if it means none.
    """
    if isinstance(level, Level):
        return level.step
    if isinstance(level, str):
        word = level.strip().lower()
        if word in STEPS:
            return STEPS[word]
        if word.removeprefix("-").isdecimal() and len(word) < 5:
            return step_of(int(word))
    elif isinstance(level, int) and not isinstance(level, bool):
        if NONE <= level <= TRACE:
            return level
        if level >= 10:
            return step_of_number(level)
    words = ", ".join(("none", *HEADS))
    raise ValueError(f"no level: {level!r}; say one of {words}, or -1 to 8, or logging.DEBUG")


def number_of(level: object) -> int:
    """What logging calls LEVEL, a number or a name; a warning if it is neither."""
    kind = type(level)
    if issubclass(kind, int):
        return int.__index__(level)  # type: ignore[arg-type]
    step = STEPS.get(str.lower(level).strip()) if kind is str else None  # type: ignore[arg-type]
    return NUMBERS[STEPS["warning"] if step is None or step < 0 else step]


def step_of_number(number: int, name: str = "") -> int:
    """The step of a record whose level has NUMBER in logging or loguru, and perhaps NAME there.

    The name comes first: a program may have a NOTICE of its own at 22.
    """
    word = name.strip().lower()
    known = STEPS.get(word)
    if known is None and word and not word.isdecimal():
        # As OpenTelemetry and Go's slog spell them: WARN2, INFO+1.
        known = keys.severity("level", word)
    if known is not None and known >= 0:
        return known
    if number <= NUMBERS[TRACE]:
        return TRACE
    return next(step for least, step in PYTHON if number >= least)


def threshold(step: int) -> int:
    """The least number of logging and loguru that is still said at STEP."""
    if step < 0:
        return SILENT
    return 1 if step == TRACE else NUMBERS[step]


class Steps(dict[tuple[int, str], int]):
    """Numbers and names of levels, and their steps; one that is new is looked up once."""

    def __missing__(self, level: tuple[int, str]) -> int:
        """The step of LEVEL, a number and what it is called there."""
        step = self[level] = step_of_number(*level)
        return step

    def of(self, record: logging.LogRecord) -> int:
        """The step of RECORD."""
        return self[record.levelno, record.levelname]


class Level:
    """How much is said: a step between two bounds, which may change while the program runs.

    Whoever follows it is called after each change, and reads `step` or `threshold` itself. It
    takes no lock, so it may be changed in a signal handler and in any thread.
    """

    __slots__ = ("_followers", "_most", "_step", "least")

    def __init__(
        self,
        level: "Level | str | int" = INFO,
        *,
        min: "Level | str | int" = NONE,  # noqa: A002
        max: "Level | str | int" = TRACE,  # noqa: A002
    ) -> None:
        self._followers: list[Callable[[], None]] = []
        self._step = INFO
        self.least, self._most = NONE, TRACE
        self.clamp(min=min, max=max)
        self.set(level)

    def __repr__(self) -> str:
        return f"<Level {self.name}>"

    @property
    def step(self) -> int:
        """-1 (none) to 8 (trace); 0 to 7 are syslog's numbers."""
        return self._step

    @property
    def name(self) -> str:
        """The word for it: `none`, `emergency` to `trace`."""
        return "none" if self._step < 0 else HEADS[self._step]

    @property
    def threshold(self) -> int:
        """The least number of a level in logging and loguru that is said."""
        return threshold(self._step)

    @property
    def most(self) -> int:
        """The step above which it does not go."""
        return self._most

    def clamp(
        self,
        *,
        min: "Level | str | int" = NONE,  # noqa: A002 - what the field calls it
        max: "Level | str | int" = TRACE,  # noqa: A002
    ) -> None:
        """Keep it between MIN, which is always said, and MAX, above which nothing ever is.

        ValueError if MIN says more than MAX.
        """
        least, most = step_of(min), step_of(max)
        if least > most:
            raise ValueError(f"min={min!r} says more than max={max!r}: exchange them")
        self.least, self._most = least, most
        self.set(self._step)

    def set(self, level: "Level | str | int") -> None:
        """Make it LEVEL, or as near as its bounds allow; "+= 2" and "-= 2" are steps.

        ValueError if that is no level.
        """
        if isinstance(level, str) and (change := _CHANGE.fullmatch(level.strip())):
            self.adjust(int("".join(filter(None, change.groups()))))
            return
        self._step = max(self.least, min(self._most, step_of(level)))
        for follow in tuple(self._followers):
            follow()

    def adjust(self, steps: int) -> None:
        """Say more by STEPS, or less where it is negative: 1 makes debug of info."""
        self.set(max(NONE, min(TRACE, self._step + steps)))

    def follow(self, follower: Callable[[], None]) -> None:
        """Call FOLLOWER now and after each change, also within signal handlers."""
        self._followers.append(follower)
        follower()

    def leave(self, follower: Callable[[], None]) -> None:
        """Call FOLLOWER no more."""
        if follower in self._followers:
            self._followers.remove(follower)
