"""A log call of logging's never raises into the program: its arguments, and what filters do."""

import logging
from collections.abc import Callable

from . import level as levels
from . import once
from .as_logging import allowed
from .interrupts import interrupted
from .values import quiet_args

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

_MAKE = ("name", "level", "fn", "lno", "msg", "args", "exc_info", "func", "extra", "sinfo")


def guard(unfiltered: Callable[[Exception], None]) -> Callable[[], None]:
    """Have log calls raise nothing; gives what undoes it.

    UNFILTERED is called with what a filter of the program's has raised.
    """
    parts = [rename_extra(), take_any_level(), take_any_field(), _guard_filters(unfiltered)]

    def undo() -> None:
        for part in parts:
            part()

    return undo


def rename_extra() -> Callable[[], None]:
    """Have a log call keep `extra` of names that logging has itself; gives what undoes it.

    logging raises KeyError for these: what a field is called then depends on who calls.
    """
    before = logging.Logger.makeRecord

    def make_record(self: logging.Logger, *args: Any, **more: Any) -> logging.LogRecord:
        try:
            made = before(self, *args, **more) if more else before(self, *args)
            if type(made) is not logging.LogRecord:
                # A factory of the program's may give anything.
                return _checked(made)
        except Exception as error:
            # An extra may be anything.
            if interrupted(error):
                raise
            # name, level, fn, lno, msg, args, exc_info, func, extra, sinfo
            given = dict(zip(_MAKE, args, strict=False)) | more
            extra = given["extra"] = allowed(given.get("extra"))
            try:
                return _checked(before(self, **given))
            except Exception as again:
                # An argument, or a factory of the program's.
                if interrupted(again):
                    raise
                return _made(given, extra)
        return made

    logging.Logger.makeRecord = make_record  # type: ignore[method-assign]

    def undo() -> None:
        if logging.Logger.makeRecord is make_record:
            logging.Logger.makeRecord = before  # type: ignore[method-assign]

    return undo


def _checked(made: object) -> logging.LogRecord:
    """MADE, which is a record. Raises TypeError if it is none."""
    if isinstance(made, logging.LogRecord):
        return made
    raise TypeError


def _made(given: dict[str, Any], extra: dict[str, object]) -> logging.LogRecord:
    """A record of what a log call was GIVEN, and of its EXTRA."""
    parts = given | {"args": quiet_args(given["args"])}
    del parts["extra"]
    made = logging.LogRecord(*parts.values())
    made.__dict__.update(extra)
    return made


def take_any_level() -> Callable[[], None]:
    """Have Logger.log() take levels by their names, as others do; gives what undoes it.

    logging raises TypeError for all that is no number. What means no level is a warning.
    """
    before = logging.Logger.log

    def log(self: logging.Logger, level: object, msg: object, *args: object, **more: Any) -> None:
        number = level if type(level) is int else levels.number_of(level)
        before(self, number, msg, *args, **more)

    ours = once.passed_over(log, logging)
    logging.Logger.log = ours  # type: ignore[method-assign]

    def undo() -> None:
        if logging.Logger.log is ours:
            logging.Logger.log = before  # type: ignore[method-assign]

    return undo


def take_any_field() -> Callable[[], None]:
    """Have log calls take named arguments that logging does not know as fields, as others do.

    logging raises TypeError for these, and for a `stacklevel` that is no number. Gives the undo.
    """
    before = logging.Logger._log  # noqa: SLF001 - all methods end in it

    def _log(  # noqa: PLR0917 - they are logging's
        self: logging.Logger,
        level: int,
        msg: object,
        args: Any,
        exc_info: Any = None,
        extra: Any = None,
        stack_info: bool = False,  # noqa: FBT001, FBT002 - as logging has it
        stacklevel: int = 1,
        **fields: object,
    ) -> None:
        if fields:
            extra = fields | allowed(extra)
        deep = stacklevel if type(stacklevel) is int else 1
        before(self, level, msg, args, exc_info, extra, stack_info, deep)

    ours = once.passed_over(_log, logging)
    logging.Logger._log = ours  # type: ignore[method-assign]  # noqa: SLF001 - as above

    def undo() -> None:
        if logging.Logger._log is ours:  # noqa: SLF001 - as above
            logging.Logger._log = before  # type: ignore[method-assign]  # noqa: SLF001 - as above

    return undo


def _guard_filters(unfiltered: Callable[[Exception], None]) -> Callable[[], None]:
    """Have a filter of a logger's that raises be against nothing; gives what undoes it."""
    before = logging.Logger.filter

    def filter(self: logging.Logger, record: logging.LogRecord) -> Any:  # noqa: A001
        if not self.filters:
            return True
        try:
            return before(self, record)
        except Exception as error:
            # A filter of the program's may raise anything.
            if interrupted(error):
                raise
            unfiltered(error)
            return record

    ours = once.passed_over(filter, logging)
    logging.Logger.filter = ours  # type: ignore[method-assign,assignment]

    def undo() -> None:
        if logging.Logger.filter is ours:
            logging.Logger.filter = before  # type: ignore[method-assign]

    return undo
