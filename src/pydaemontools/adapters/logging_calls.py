"""A log call of logging's never raises into the program: its arguments, and what filters do."""

import logging
from collections.abc import Callable

from . import level as levels
from . import once
from .as_logging import allowed, excinfo
from .interrupts import interrupted
from .values import quiet_args

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
else:
    Any = object

_MAKE = ("name", "level", "fn", "lno", "msg", "args", "exc_info", "func", "extra", "sinfo")


def guard(fault: Callable[[str, Exception], None]) -> Callable[[], None]:
    """Have log calls raise nothing; gives what undoes it.

    FAULT is called with what of the program's has raised, and what.
    """
    parts = [rename_extra(), *take_any_level(fault), take_any_field(), _guard_filters(fault)]

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

    return _put(logging.Logger, "makeRecord", make_record)


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


def take_any_level(fault: Callable[[str, Exception], None]) -> list[Callable[[], None]]:
    """Have log(), of loggers and adapters, take levels by their names; gives what undoes it.

    logging raises TypeError for all that is no number. What means no level is a warning. An
    adapter that raises is a FAULT, and its logger has what it was given.
    """
    before = logging.Logger.log

    def log(
        self: logging.Logger,
        level: object = None,
        msg: object = None,
        /,
        *args: object,
        **more: Any,
    ) -> None:
        if more:
            level, msg = _named(level, msg, more)
            _put_apart(more)
        number = level if type(level) is int else levels.number_of(level)
        before(self, number, msg, *args, **more)

    def adapter_log(
        self: Any, level: object = None, msg: object = None, /, *args: object, **more: Any
    ) -> None:
        # As logging has it, but a field may have the name of a parameter.
        level, msg = _named(level, msg, more)
        number = level if type(level) is int else levels.number_of(level)
        if self.isEnabledFor(number):
            try:
                said, named = self.process(msg, {**more})
                named = dict(**named)
            except Exception as error:
                # It is the program's, as is what it asks.
                if interrupted(error):
                    raise
                fault("an adapter", error)
                said, named = msg, more
            self.logger.log(number, said, *args, **named)

    return [
        _put(logging.Logger, "log", once.passed_over(log, logging)),
        _put(logging.LoggerAdapter, "log", once.passed_over(adapter_log, logging)),
    ]


def _named(level: object, msg: object, more: dict[str, Any]) -> tuple[object, object]:
    """LEVEL and MSG of a log call, which may be named, and are among MORE then."""
    return more.pop("level", None) if level is None else level, (
        more.pop("msg", None) if msg is None else msg
    )


def _put_apart(more: dict[str, Any]) -> None:
    """Have what is called as a parameter of logging's be in `extra` of MORE, of a log call."""
    if apart := {name: more.pop(name) for name in ("self", "level", "msg", "args") if name in more}:
        more["extra"] = apart | allowed(more.get("extra"))


def take_any_field() -> Callable[[], None]:
    """Have log calls take named arguments that logging does not know as fields, as others do.

    logging raises TypeError for these, and for a `stacklevel` that is no number. Gives the undo.
    """
    before = logging.Logger._log  # noqa: SLF001 - all methods end in it

    def _log(  # noqa: PLR0917 - they are logging's
        self: logging.Logger,
        level: Any = None,
        msg: object = None,
        args: Any = None,
        /,
        exc_info: Any = None,
        extra: Any = None,
        stack_info: bool = False,  # noqa: FBT001, FBT002 - as logging has it
        stacklevel: int = 1,
        **fields: Any,
    ) -> None:
        if fields:
            level, msg = _named(level, msg, fields)
            args = fields.pop("args", None) if args is None else args
            extra = fields | allowed(extra)
        deep = stacklevel if type(stacklevel) is int else 1
        try:
            before(self, level, msg, args, exc_info, extra, stack_info, deep)
        except Exception as error:
            # A class of the program's, or what was given, may raise anything.
            if interrupted(error):
                raise
            failed = error
        else:
            return
        try:
            place = self.findCaller(stack_info=False, stacklevel=deep)[:3]
        except Exception:  # noqa: BLE001 - as above
            place = "", 0, ""
        _rescue(self, failed, (level, *place[:2], msg, args, exc_info, place[2], extra))

    return _put(logging.Logger, "_log", once.passed_over(_log, logging))


def _rescue(logger: logging.Logger, error: Exception, given: tuple[Any, ...]) -> None:
    """Log by LOGGER what was GIVEN, as logging's own class does, if ERROR came before that."""
    trace = error.__traceback__
    while trace:
        frame, trace = trace.tb_frame, trace.tb_next
        made = frame.f_locals.get("record") if frame.f_code.co_name == "_log" else None
        if isinstance(made, logging.LogRecord):
            # What handles it has raised, perhaps when all was done.
            if once.calls.handled is not made:
                logging.Logger.handle(logger, made)
            return
    level, path, line, msg, args, exc_info, function, extra = given
    if not issubclass(type(exc_info), BaseException | tuple | bool | None):
        # It may not say whether it is true.
        exc_info = True
    info = excinfo(exc_info)
    make, name = logging.Logger.makeRecord, logger.name
    made = make(logger, name, level, path, line, msg, args, info, function, extra)
    logging.Logger.handle(logger, made)


def _guard_filters(fault: Callable[[str, Exception], None]) -> Callable[[], None]:
    """Have a filter of a logger's that raises, a FAULT, be against nothing; gives the undo."""
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
            fault("a filter", error)
            return record

    return _put(logging.Logger, "filter", once.passed_over(filter, logging))


def _put(kind: Any, name: str, function: Callable[..., Any]) -> Callable[[], None]:
    """Have FUNCTION be the method NAME of KIND; gives what undoes it."""
    before = getattr(kind, name)
    setattr(kind, name, function)

    def undo() -> None:
        if getattr(kind, name) is function:
            setattr(kind, name, before)

    return undo
