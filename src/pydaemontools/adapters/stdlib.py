"""logging: a handler that writes records as the router wants them, and the levels it lacks."""

import contextlib
import logging
import sys
from collections.abc import Callable

from . import level as levels
from .level import NUMBERS, TRACE, Level
from .output import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

# By step: what loguru and logging call the levels that logging has not.
ADDED = {0: "EMERG", 1: "ALERT", 5: "NOTICE", TRACE: "TRACE"}


class RecordFormat(Protocol):
    """How records are written.

    `plain` says that text() does for a record without exception, `fields` that fields of the
    program's own are seen.
    """

    plain: bool
    fields: bool

    def record(self, record: logging.LogRecord) -> bytes:
        """The lines of RECORD."""

    def text(self, step: int, text: str) -> bytes:
        """The lines of a record at STEP that says TEXT."""


class Handler(logging.Handler):
    """Writes records in FORM to OUTPUT, one write each.

    It takes no lock: a write needs none, and so a child that was forked while another thread
    was logging never waits for it.
    """

    def __init__(self, form: RecordFormat, output: Output) -> None:
        super().__init__()
        self.form = form
        self.output = output
        # An attribute that says of a record that somebody else has written it.
        self.passes = ""

    def handle(self, record: logging.LogRecord) -> bool:
        """Write RECORD unless a filter is against it; whether it was written."""
        if self.passes and hasattr(record, self.passes):
            return False
        if self.filters:
            kept = self.filter(record)
            if not kept:
                return False
            # From Python 3.12 on a filter may give another record.
            record = kept if isinstance(kept, logging.LogRecord) else record
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Write RECORD; one whose arguments do not fit its text says so, with its level."""
        try:
            data = self.form.record(record)
        except RecursionError:
            raise
        except Exception as error:  # noqa: BLE001 - a __str__ of the program's may raise anything
            data = self._broken(record, error)
        self.output.write(data)

    def _broken(self, record: logging.LogRecord, error: Exception) -> bytes:
        """What can be said of RECORD, of which a text cannot be made."""
        where = f"{record.pathname}:{record.lineno}"
        text = f"{_shown(record.msg)} (with {_shown(record.args)}, {where}: {error!r})"
        return self.form.text(levels.step_of_number(record.levelno), text.replace("\n", "\\n"))


def _shown(value: object) -> str:
    """VALUE for a person, whatever it does when it is asked."""
    try:
        return value if isinstance(value, str) else repr(value)
    except Exception:  # noqa: BLE001 - as above
        return f"<{type(value).__name__}>"


def add_levels() -> None:
    """Give logging the levels NOTICE, ALERT, EMERG and TRACE, and loggers methods for them.

    What the program or another library has put there before stays.
    """
    for step, name in ADDED.items():
        number = NUMBERS[step]
        if logging.getLevelName(number) == f"Level {number}":
            logging.addLevelName(number, name)
        if not hasattr(logging, name):
            setattr(logging, name, number)
        if not hasattr(logging.Logger, name.lower()):
            setattr(logging.Logger, name.lower(), _method(number, name))


def _method(number: int, name: str) -> Callable[..., None]:
    def log(self: logging.Logger, msg: object, *args: object, **more: object) -> None:
        if self.isEnabledFor(number):
            # The record is the caller's, and not this function's.
            depth = more.pop("stacklevel", 1)
            more["stacklevel"] = depth + 1 if isinstance(depth, int) else 2
            self._log(number, msg, args, **more)  # type: ignore[arg-type]

    log.__name__ = log.__qualname__ = name.lower()
    log.__doc__ = f"Log msg % args with the level {name}."
    return log


def take_over() -> Callable[[], None]:
    """Take away every handler that writes to stderr or stdout; gives what puts them back.

    A logger that had one of its own, and kept its records to itself, passes them on now, as
    uvicorn's have to: else they would be gone.
    """
    taken: list[tuple[logging.Logger, logging.Handler]] = []
    silent: list[logging.Logger] = []
    every = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in every:
        if not isinstance(logger, logging.Logger):
            continue
        for handler in [handler for handler in logger.handlers if _prints(handler)]:
            logger.removeHandler(handler)
            taken.append((logger, handler))
            if not logger.handlers and not logger.propagate:
                logger.propagate = True
                silent.append(logger)

    def undo() -> None:
        for logger, handler in taken:
            logger.addHandler(handler)
        for logger in silent:
            logger.propagate = False

    return undo


def _prints(handler: logging.Handler) -> bool:
    """Whether HANDLER is one that prints, or was ours."""
    if isinstance(handler, Handler):
        return True
    if not isinstance(handler, logging.StreamHandler) or isinstance(handler, logging.FileHandler):
        return False
    with contextlib.suppress(Exception):
        streams = (sys.stderr, sys.stdout, sys.__stderr__, sys.__stdout__)
        return any(handler.stream is stream for stream in streams)
    return False


class Thresholds:
    """Keeps the thresholds of the root logger and of those of CATEGORIES at their levels'."""

    def __init__(self, level: Level, categories: dict[str, Level]) -> None:
        self._followed: list[tuple[Level, Callable[[], None]]] = []
        for name, one in {"": level, **categories}.items():
            logger = logging.getLogger(name) if name else logging.root
            self._follow(one, logger)

    def _follow(self, level: Level, logger: logging.Logger) -> None:
        def set_threshold() -> None:
            logger.setLevel(level.threshold)

        level.follow(set_threshold)
        self._followed.append((level, set_threshold))

    def end(self) -> None:
        """Leave them as they are from now on."""
        for level, follower in self._followed:
            level.leave(follower)


def lost(form: RecordFormat) -> Callable[[int, str], bytes]:
    """A function that makes a record of how many were lost, and why."""

    def tell(count: int, why: str) -> bytes:
        return form.text(4, f"{count} log records were lost: {why}")

    return tell
