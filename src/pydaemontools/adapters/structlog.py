"""structlog: the last of its processors writes as logging's handler does, the first one drops.

What a program has configured itself stays, but for the renderer at the end and for where it
prints to. If it sends its records to logging, they arrive there, and nothing is changed.
"""

import logging
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import structlog
from structlog.processors import TimeStamper

from . import as_logging, structlog_calls
from .level import STEPS, Level
from .output import Output
from .stdlib import RecordFormat, RecordHandler, data_of
from .values import shown

Event = dict[str, Any]
# structlog's names of what logging calls otherwise.
_METHODS = {"exception": STEPS["error"], "msg": STEPS["info"], "log": STEPS["info"]}
# Methods that what structlog logs with has to have.
_NAMES = (
    *("msg", "log", "trace", "debug", "info", "notice", "warn", "warning", "err", "error"),
    *("exception", "fatal", "critical", "crit", "alert", "emerg", "failure"),
)
# What a renderer of structlog's colours with.
_SGR = "\x1b\\[[0-9;]*m"


class Lines(bytes):
    """The lines of a record, as the Renderer has made them."""

    __slots__ = ()


class Logger:
    """What structlog hands a record to; it has a method for every level.

    Behind our Renderer that is its lines. What renderers of the program's own make (text, JSON,
    the arguments of a call of logging's) is made an event again, which SAY writes.
    """

    def __init__(
        self,
        output: Output,
        name: str = "",
        say: "Callable[[Logger, str, Event], None] | None" = None,
    ) -> None:
        self.name = name
        self._output = output
        self._say = say

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, str, str]]:
        return _there, (_here["child"], "factory", self.name)

    def take(self, method: str, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Write what METHOD was called with, ARGS and those NAMED."""
        if args and type(args[0]) is Lines:
            self._output.write(args[0])
        elif self._say:
            self._say(self, method, event_of(args, named))

    def isEnabledFor(self, _level: int) -> bool:  # noqa: N802 - logging's, which structlog.stdlib asks
        """Whether a record of that level may be said: that is found out when it is there."""
        return True


def _method(name: str) -> Callable[..., None]:
    def log(self: Logger, *args: object, **named: object) -> None:
        self.take(name, args, named)

    log.__name__ = name
    log.__doc__ = f"Write a record of the level {name}."
    return log


for _name in _NAMES:
    setattr(Logger, _name, _method(_name))


def event_of(args: tuple[Any, ...], named: dict[str, Any]) -> Event:
    """The event that a renderer has made ARGS of, and those NAMED."""
    first = args[0] if args else named.pop("event", named.pop("msg", ""))
    extra = named.pop("extra", None)
    # Of render_to_log_kwargs the fields; of wrap_for_formatter nothing that is one.
    fields = named | (extra if isinstance(extra, dict) and "_logger" not in extra else {})
    if isinstance(first, bytes | bytearray):
        first = bytes(first).decode("utf-8", "surrogateescape")
    if isinstance(first, str) and first.startswith("{"):
        import json

        try:
            first = json.loads(first)
        except ValueError:
            pass
    if isinstance(first, dict):
        if "event" not in first:
            name = next((key for key in ("message", "msg") if key in first), None)
            first = first | ({"event": first[name]} if name else {})
            first.pop(name, None)
        return first | fields
    text = shown(first)
    if "\x1b" in text:
        import re

        text = re.sub(_SGR, "", text)
    return {"event": text, **fields}


class Factory:
    """Makes Loggers for OUTPUT, which SAY writes events to; get_logger's argument is the name."""

    def __init__(self, output: Output, say: Callable[[Logger, str, Event], None]) -> None:
        self._output = output
        self._say = say

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, str]]:
        return _there, (_here["child"], "factory")

    def __call__(self, *args: object) -> Logger:
        """Give a Logger."""
        return Logger(self._output, shown(args[0]) if args else "", self._say)


class Threshold:
    """The first processor: drops what is less than LEVEL says, or that of a category."""

    def __init__(self, level: Level, categories: Mapping[str, Level]) -> None:
        self._level = level
        self._categories = sorted(categories.items(), key=lambda one: -len(one[0]))

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, str]]:
        return _there, (_here["child"], "threshold")

    def __call__(
        self,
        logger: Any,  # noqa: ANN401 - structlog's, or what the program wrapped
        method: str,
        event: MutableMapping[str, Any],
    ) -> MutableMapping[str, Any]:
        """EVENT, if it is to be said."""
        level = self._level
        if self._categories:
            name = shown(event.get("logger") or getattr(logger, "name", ""))
            for category, one in self._categories:
                if name == category or name.startswith(category + "."):
                    level = one
                    break
        if _step(method) > level.step:
            raise structlog.DropEvent
        return event


_PART = structlog.processors.CallsiteParameter


class Place(structlog.processors.CallsiteParameterAdder):
    """Adds where an event was logged, under a key that no field of the program's has."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__({_PART.PATHNAME, _PART.LINENO, _PART.FUNC_NAME}, [__package__])

    def __call__(
        self,
        logger: Any,  # noqa: ANN401 - structlog's, or what the program wrapped
        name: str,
        event_dict: MutableMapping[str, Any],
    ) -> MutableMapping[str, Any]:
        """EVENT_DICT with its place."""
        event_dict[as_logging.PLACE] = super().__call__(logger, name, {})
        return event_dict


class Renderer:
    """The last processor: makes of an event what FORM makes of a record."""

    def __init__(self, form: RecordFormat, processors: Sequence[object]) -> None:
        self._form = form
        stamps = any(type(one) is TimeStamper and one.key == "timestamp" for one in processors)
        self._made = {"timestamp"} if stamps else set()

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, str]]:
        return _there, (_here["child"], "renderer")

    def __call__(
        self,
        logger: Any,  # noqa: ANN401 - structlog's, or what the program wrapped
        method: str,
        event: MutableMapping[str, Any],
    ) -> Lines:
        """The lines of EVENT, which may be a text by now. Raises nothing for what is in it."""
        if not isinstance(event, dict):
            event = event_of((event,), {})
        name = shown(event.get("logger") or getattr(logger, "name", "") or "root")
        made = as_logging.of_event(
            name, _step(method), event, fields=self._form.fields, made=self._made
        )
        return Lines(data_of(made, self._form))


def _step(method: str) -> int:
    """The step of the method that was called."""
    found = STEPS.get(method, _METHODS.get(method))
    return STEPS["info"] if found is None else found


# What is installed in this process, by name. A bound logger that is handed to another process
# is made of what is installed there.
_here: dict[str, Any] = {}


def _there(child: Callable[[], object], name: str, *args: object) -> Any:  # noqa: ANN401
    """The part NAME of a process, which CHILD sets up if nobody has; called with ARGS if any."""
    child()
    return _here[name](*args) if args else _here[name]


def _guard_logging(handler: RecordHandler) -> Callable[[], None]:
    """Have calls that end in logging raise nothing; gives what undoes it."""

    def say(logger: logging.Logger, method: str, event: Event) -> None:
        fields = handler.form.fields
        made = as_logging.of_event(logger.name, _step(method), event, fields=fields)
        if logger.isEnabledFor(made.levelno):
            logger.handle(made)

    return structlog_calls.guard(say, logging.Logger)


def install(
    handler: RecordHandler, level: Level, categories: Mapping[str, Level]
) -> Callable[[], None]:
    """Have structlog write as HANDLER does; gives what puts its configuration back.

    Where fields are seen each record says the file, the line and the function it came from.
    """
    before = structlog.get_config().copy() if structlog.is_configured() else None
    if before and isinstance(before["logger_factory"], structlog.stdlib.LoggerFactory):
        return _guard_logging(handler)
    processors: list[Any] = [structlog.contextvars.merge_contextvars]
    processors.append(structlog.processors.StackInfoRenderer())
    if before:
        processors = [
            one for one in before["processors"][:-1] if not isinstance(one, Threshold | Renderer)
        ]
    if handler.form.fields:
        processors.append(Place())
    threshold, render = Threshold(level, categories), Renderer(handler.form, processors)

    def say(logger: Logger, method: str, event: Event) -> None:
        try:
            threshold(logger, method, event)
        except structlog.DropEvent:
            return
        handler.output.write(render(logger, method, event))

    factory = Factory(handler.output, say)
    _here.update(child=handler.child, factory=factory, threshold=threshold, renderer=render)
    undo_guard = structlog_calls.guard(say, Logger)
    structlog.configure(
        processors=[threshold, *processors, render],
        wrapper_class=before["wrapper_class"] if before else structlog_calls.BoundLogger,
        logger_factory=factory,
        cache_logger_on_first_use=before["cache_logger_on_first_use"] if before else False,
    )

    def undo() -> None:
        undo_guard()
        if before:
            structlog.configure(**before)
        else:
            structlog.reset_defaults()

    return undo
