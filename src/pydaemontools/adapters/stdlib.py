"""logging: a handler that writes records as the router wants them, and the levels it lacks."""

import logging
from collections.abc import Callable, Mapping

from . import level as levels
from . import once
from .hooked import told, untold
from .interrupts import interrupted
from .level import NUMBERS, TRACE, Level
from .output import Output
from .values import MOST, nameless, quiet_args, represented, represented_args, shown, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol
else:
    Any = Protocol = object

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


class RecordHandler(logging.Handler):
    """Writes records in FORM to OUTPUT, one write each.

    It takes no lock of logging's, and so a child that was forked while another thread was
    logging never waits for it.
    """

    def __init__(self, form: RecordFormat, output: Output) -> None:
        super().__init__()
        self.form = form
        self.output = output
        # Says of a record that somebody else writes it.
        self.passes: Callable[[logging.LogRecord], bool] | None = None
        # Sets the same up in another process, where what is pickled arrives.
        self.child: Callable[[], object] = lambda: None

    def handle(self, record: logging.LogRecord) -> bool:
        """Write RECORD unless a filter is against it; whether it was written."""
        if self.passes and self.passes(record):
            return False
        if self.filters:
            kept = self.filter(record)
            if not kept:
                return False
            # From Python 3.12 on a filter may give another record.
            record = kept if isinstance(kept, logging.LogRecord) else record
        self.emit(record)
        return True

    def filter(self, record: logging.LogRecord) -> Any:
        """What the filters say of RECORD, or RECORD itself: one that raises is against nothing."""
        try:
            return super().filter(record)
        except Exception as error:
            # A filter of the program's may raise anything.
            if interrupted(error):
                raise
            self.fault("a filter", error)
            return record

    def fault(self, what: str, error: Exception) -> None:
        """Say that WHAT, of the program's, has raised ERROR."""
        self.output.write(self.form.text(4, f"{what} failed: {represented(error)}"))

    def failed(self, logger: logging.Logger, record: logging.LogRecord, error: Exception) -> None:
        """Say that another handler has raised ERROR for RECORD, of LOGGER.

        Those behind it have RECORD too. This one raises nothing: what raised in its turn is
        RECORD, asked for its level.
        """
        reached = once.reaches(logger, self)
        first, *behind = once.turns(error) or (self,)
        if reached:
            if first is self or self in behind:
                self.handle(record)
            self.fault("a handler", error)
        for turn in behind:
            try:
                if turn is not self and record.levelno >= turn.level:
                    turn.handle(record)
            except Exception as again:
                if interrupted(again):
                    raise
                if reached:
                    self.fault("a handler", again)

    def emit(self, record: logging.LogRecord) -> None:
        """Write RECORD; one whose arguments do not fit its text says so, with its level."""
        self.output.write(data_of(record, self.form))


def data_of(record: logging.LogRecord, form: RecordFormat) -> bytes:
    """RECORD in FORM, or what can be said of it, whatever its values do. Never raises for these."""
    deep = within.records
    if deep >= MOST:
        said = record.msg if isinstance(record.msg, str) else nameless(record.msg)
        return form.text(levels.step_of_number(record.levelno, record.levelname), said)
    within.records = deep + 1
    try:
        if told:
            record = untold(record, safe_message)
        if (kind := type(record.msg)) is not str and _is_event(record, kind):
            from .as_logging import of_formatter

            step = levels.step_of_number(record.levelno, record.levelname)
            record = of_formatter(record, step, fields=form.fields)
        return form.record(record)
    except Exception as error:
        # A value of the program's may raise anything.
        if interrupted(error):
            raise
        return _rescued(record, form, error)
    finally:
        within.records = deep


def _is_event(record: logging.LogRecord, kind: type) -> bool:
    """Whether RECORD, with a message of that KIND, is an event that structlog has prepared."""
    # Its context_class may be any.
    return hasattr(record, "_logger") and issubclass(kind, Mapping)


def _rescued(record: logging.LogRecord, form: RecordFormat, error: Exception) -> bytes:
    """What can be said of RECORD in FORM, which ERROR kept from being made."""
    # None of the program's own, whose getMessage() may be what raised.
    made = logging.LogRecord("", 0, "", 0, "", None, None)
    made.__dict__.update(record.__dict__ | {"msg": safe_message(record), "args": None})
    # One that somebody has made by hand, or another language, may have any.
    made.levelno, made.levelname = levels.number_of(made.levelno), shown(made.levelname)
    for instead in ({}, {"exc_info": None, "exc_text": represented(error), "stack_info": None}):
        made.__dict__.update(instead)
        try:
            return form.record(made)
        except Exception as again:
            if interrupted(again):
                raise
    return form.text(levels.step_of_number(made.levelno, made.levelname), made.msg)


def safe_message(record: logging.LogRecord) -> str:
    """The message of RECORD, with the repr of an argument that cannot be said otherwise.

    If there is none it says that, on one line, with what was raised.
    """
    try:
        return record.getMessage()
    except Exception as error:
        if interrupted(error):
            raise
        try:
            text = shown(record.msg)
            return text % quiet_args(record.args) if record.args else text
        except Exception as again:
            if interrupted(again):
                raise
            args, where = represented_args(record.args), f"{record.pathname}:{record.lineno}"
            said = f"{shown(record.msg)} (with {args}, {where}: {represented(error)})"
            return said.replace("\n", "\\n")


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
