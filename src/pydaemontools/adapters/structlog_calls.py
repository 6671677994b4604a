"""A log call of structlog's never raises into the program: what it is made of, and what fails."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from . import once
from .interrupts import interrupted
from .level import NUMBERS, number_of, step_of_number
from .stdlib import ADDED
from .values import (
    MOST,
    nameless,
    quiet_args,
    represented,
    represented_args,
    set_apart,
    shown,
    within,
)


def interpolated(event: Any, args: tuple[object, ...]) -> Any:  # noqa: ANN401 - as structlog has it
    """EVENT % ARGS; if that cannot be made, with what can be said of them."""
    if not args:
        return event
    if within.texts >= MOST:
        return shown(event)
    within.texts += 1
    given: Any = args
    try:
        if len(args) == 1 and issubclass(type(args[0]), Mapping) and args[0]:
            given = args[0]
        return event % given
    except Exception as error:
        # A value of the program's may raise anything.
        if interrupted(error):
            raise
        try:
            return shown(event) % quiet_args(given)
        except Exception as again:
            if interrupted(again):
                raise
            return f"{shown(event)} (with {represented_args(args)}: {represented(error)})"
    finally:
        within.texts -= 1


def _allowed(fields: dict[str, Any]) -> dict[str, Any]:
    """FIELDS under names that are no parameter of what they are handed to."""
    if _PARAMETERS.isdisjoint(fields):
        return fields
    return {
        set_apart(name, fields) if name in _PARAMETERS else name: fields[name] for name in fields
    }


_PARAMETERS = {"self", "method_name", "event"}
# The methods that structlog has, with and without an exception, and those that it has not.
_METHODS = ("debug", "info", "warning", "warn", "error", "critical", "fatal", "msg")


def _bound() -> type:
    """The bound logger of structlog, with methods for the levels that it has not.

    Any field may be called anything, and any level is one.
    """
    base = structlog.make_filtering_bound_logger(0)

    def method(name: str) -> Callable[..., Any]:
        def log(
            self: Any,  # noqa: ANN401 - a bound logger
            event: Any = None,  # noqa: ANN401 - whatever was logged
            /,
            *args: object,
            **fields: object,
        ) -> Any:  # noqa: ANN401
            if args:
                event = interpolated(event, args)
            elif event is None and "event" in fields:
                # structlog's has that name, and may be given by it.
                event = fields.pop("event")
            return self._proxy_to_logger(name, event, **_allowed(fields))

        log.__name__ = name
        log.__doc__ = f"Log event with the level {name}."
        return once.passed_over(log, structlog)

    def log(self: Any, level: object, /, *args: object, **fields: object) -> Any:  # noqa: ANN401
        return getattr(self, METHODS[step_of_number(number_of(level))])(*args, **fields)

    def exception(self: Any, /, *args: object, **fields: object) -> Any:  # noqa: ANN401
        return self.error(*args, **{"exc_info": True, **fields})

    names = (*_METHODS, *(name.lower() for name in ADDED.values()))
    own: dict[str, Any] = {name: method(STANDARD.get(name, name)) for name in names}
    own |= {one.__name__: once.passed_over(one, structlog) for one in (log, exception)}
    own["__module__"] = __name__
    return type("BoundLogger", (base,), own)


# As structlog calls the levels that have several names.
STANDARD = {"warn": "warning", "fatal": "critical", "msg": "info"}
# By step.
METHODS = ("emerg", "alert", "critical", "error", "warning", "notice", "info", "debug", "trace")


BoundLogger = _bound()


def guard(
    say: Callable[[Any, str, dict[str, Any]], None],
    turned: Callable[[Any, object], Any],
    processors: object,
    made: type,
) -> Callable[[], None]:
    """Have log calls raise nothing, whatever a processor of the program's does.

    What does not come to its logger for that, SAY writes. A bound logger that has other
    PROCESSORS, or a logger that the factory has not MADE, is TURNED first. Gives what undoes it.
    """
    active = True
    kind: Any = structlog.BoundLoggerBase
    before = kind._proxy_to_logger  # noqa: SLF001 - that is for classes of others, it says

    def _proxy_to_logger(
        self: Any,  # noqa: ANN401 - a bound logger
        method_name: str,
        event: Any = None,  # noqa: ANN401 - whatever was logged
        **event_kw: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        logger = getattr(self, "_logger", None)
        if within.calls >= MOST:
            text = event if type(event) is str else nameless(event)
            return say(logger, method_name, {"event": text})
        handled = sys.exc_info()[1]
        within.calls += 1
        try:
            bound = self
            if active and (self._processors is not processors or type(logger) is not made):
                bound = turned(self, logger)
            return before(bound, method_name, event, **event_kw)
        except Exception as error:
            if interrupted(error):
                raise
            if event_kw.get("exc_info") is True:
                # By now it would be what has failed here.
                event_kw["exc_info"] = handled
            fields = {**self._context, **event_kw, "event": event}
            return _plainly(lambda made: say(logger, method_name, made), fields)
        finally:
            within.calls -= 1

    guarded = once.passed_over(_proxy_to_logger, structlog)
    kind._proxy_to_logger = guarded  # noqa: SLF001 - as above
    put_back = _add_levels(), _interpolate(), _turn_generic(turned)

    def undo() -> None:
        nonlocal active
        active = False  # for who keeps it, as structlog's generic bound logger does
        if kind._proxy_to_logger is guarded:  # noqa: SLF001 - as above
            kind._proxy_to_logger = before  # noqa: SLF001 - as above
        for one in put_back:
            one()

    return undo


def _turn_generic(turned: Callable[[Any, object], Any]) -> Callable[[], None]:
    """Have structlog's generic bound logger TURNED too; gives the undo.

    It keeps each method that it has found once, and what has been kept does not come to us.
    """
    kind: Any = structlog.BoundLogger
    before = kind._process_event  # noqa: SLF001 - that is for classes of others, too

    def _process_event(self: Any, *args: object) -> Any:  # noqa: ANN401 - as structlog has it
        return before(turned(self, self._logger), *args)

    process = once.passed_over(_process_event, structlog)
    kind._process_event = process  # noqa: SLF001 - as above

    def undo() -> None:
        if kind.__dict__.get("_process_event") is process:
            del kind._process_event  # noqa: SLF001 - as above

    return undo


def _interpolate() -> Callable[[], None]:
    """Have structlog's own methods make their text as ours do; gives the undo."""
    native: Any = sys.modules.get("structlog._native")
    plain = getattr(native, "_maybe_interpolate", None)
    if plain:
        native._maybe_interpolate = interpolated  # noqa: SLF001 - they raise before all else

    def undo() -> None:
        if plain and native._maybe_interpolate is interpolated:  # noqa: SLF001 - as above
            native._maybe_interpolate = plain  # noqa: SLF001 - as above

    return undo


def _plainly(say: Callable[[dict[str, Any]], object], event: dict[str, Any]) -> object:
    """SAY what EVENT is without any processor; its text alone if that cannot be said either."""
    args = event.pop("positional_args", ())
    if type(args) is tuple:
        event["event"] = interpolated(event["event"], args)
    try:
        return say(event)
    except Exception as error:
        if interrupted(error):
            raise
        why = f"with fields that cannot be said: {represented(error)}"
        return say({"event": f"{shown(event['event'])} ({why})"})


class _Names(dict[int, str]):
    """structlog's names of levels by their numbers; any other level has that of its step."""

    def __missing__(self, level: object) -> str:
        """The method for LEVEL."""
        return METHODS[step_of_number(number_of(level))]


def _add_levels() -> Callable[[], None]:
    """Have log() of all bound loggers know the levels that structlog has not; gives the undo."""
    before: Any = getattr(structlog.stdlib, "LEVEL_TO_NAME", {})
    names = _Names({NUMBERS[step]: name.lower() for step, name in ADDED.items()} | before)
    # Each has it by that name.
    modules = [structlog.stdlib, sys.modules.get("structlog._native")]
    users = [one for one in modules if getattr(one, "LEVEL_TO_NAME", None) is before]
    for one in users:
        one.LEVEL_TO_NAME = names  # type: ignore[union-attr]

    def undo() -> None:
        for one in users:
            one.LEVEL_TO_NAME = before  # type: ignore[union-attr]

    return undo
