"""structlog: the last of its processors writes as logging's handler does, the first one drops.

What a program has configured itself stays, but for the renderer at the end and for where it
prints to. If it sends its records elsewhere, to logging or to a file, they arrive there, and
nothing is changed.
"""

import logging
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import structlog
from structlog.processors import EventRenamer, TimeStamper

from . import as_logging, structlog_calls
from .as_logging import Event, event_of
from .interrupts import interrupted
from .level import STEPS, Level
from .output import Output
from .printing import Printing
from .stdlib import RecordFormat, RecordHandler, data_of
from .values import shown

# structlog's names of what logging calls otherwise.
_METHODS = {"exception": STEPS["error"], "msg": STEPS["info"], "log": STEPS["info"]}
# Methods that what structlog logs with has to have.
_NAMES = (
    *("msg", "log", "trace", "debug", "info", "notice", "warn", "warning", "err", "error"),
    *("exception", "fatal", "critical", "crit", "alert", "emerg", "failure"),
)


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
        self.output = output
        self._say = say

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, str, str]]:
        return _there, (_here["child"], "factory", self.name)

    def take(self, method: str, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Write what METHOD was called with, ARGS and those NAMED."""
        if args and type(args[0]) is Lines:
            self.output.write(args[0])
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
        """EVENT_DICT with its place, unless it is a text by now."""
        if isinstance(event_dict, dict):
            event_dict[as_logging.PLACE] = super().__call__(logger, name, {})
        return event_dict


class Renderer:
    """The last processor: makes of an event what FORM makes of a record.

    That is for Loggers of OUTPUT; what PRINTS otherwise is written there too, and what goes
    elsewhere has a record, or a text. It stands behind PROCESSORS.
    """

    def __init__(
        self,
        form: RecordFormat,
        output: Output,
        prints: Callable[[object], bool],
        processors: Sequence[Any],
    ) -> None:
        self._form = form
        self._prints = prints
        self.output = output
        stamps = any(type(one) is TimeStamper and one.key == "timestamp" for one in processors)
        self._made = {"timestamp"} if stamps else set()
        names = [one.to for one in processors if isinstance(one, EventRenamer)]
        self._renamed = names[-1] if names else None

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, str]]:
        return _there, (_here["child"], "renderer")

    def __call__(
        self,
        logger: Any,  # noqa: ANN401 - structlog's, or what the program wrapped
        method: str,
        event: MutableMapping[str, Any],
    ) -> str | bytes:
        """The lines of EVENT, which may be a text by now. Raises nothing for what is in it.

        TypeError if it is none at all: a processor of the program's gives nothing back.
        """
        record = self._record(logger, method, event, self._renamed)
        if type(logger) is Logger and logger.output is self.output:
            return Lines(data_of(record, self._form))
        if isinstance(logger, logging.Logger | Logger) or self._prints(logger):
            self._write(logger, record)
            raise structlog.DropEvent
        data = data_of(record, self._form).removesuffix(b"\n")
        is_bytes = isinstance(logger, structlog.BytesLogger)
        return data if is_bytes else data.decode("utf-8", "surrogateescape")

    def say(self, logger: object, method: str, event: Event) -> None:
        """Say EVENT, which its processors have failed with, or know nothing of."""
        self._write(logger, self._record(logger, method, event, None))

    def _record(
        self,
        logger: object,
        method: str,
        event: Any,  # noqa: ANN401 - whatever the processors have made
        renamed: str | None,
    ) -> logging.LogRecord:
        if type(event) is not dict or "event" not in event or renamed:
            if event is None:
                raise TypeError
            args, named = event if type(event) is tuple and len(event) == 2 else ((event,), {})
            event = event_of(args, named, renamed)
        name = shown(event.get("logger") or getattr(logger, "name", "") or "root")
        fields, made = self._form.fields, self._made
        return as_logging.of_event(name, _step(method), event, fields=fields, made=made)

    def _write(self, logger: object, record: logging.LogRecord) -> None:
        """Hand RECORD to LOGGER if that is logging's, else write it."""
        if not isinstance(logger, logging.Logger):
            self.output.write(data_of(record, self._form))
        elif logger.isEnabledFor(record.levelno):
            logger.handle(record)


# What structlog prints with, and what it renders with.
_PRINTERS = (structlog.PrintLogger, structlog.WriteLogger, structlog.BytesLogger)
_RENDERERS = (
    Renderer,
    structlog.processors.JSONRenderer,
    structlog.processors.LogfmtRenderer,
    structlog.processors.KeyValueRenderer,
    structlog.dev.ConsoleRenderer,
)


class Turner:
    """Has bound loggers write to what HANDLER does, if they would print otherwise.

    That is what was bound before install(), or wraps a logger of structlog's, or has a renderer
    of the program's at the end.
    """

    def __init__(
        self, handler: RecordHandler, level: Level, categories: Mapping[str, Level]
    ) -> None:
        self._form, self._output = handler.form, handler.output
        self._printing = Printing(handler.output.fd)
        self._ours = [Threshold(level, categories)], [Place()] if handler.form.fields else []
        # Processors that were configured before, and what is in their place.
        self.instead: tuple[object, list[Any]] | None = None

    def around(self, own: Sequence[Any]) -> list[Any]:
        """OWN processors of a program's between ours, which drop and render."""
        first, place = self._ours
        own = [one for one in own if not isinstance(one, Threshold | Place | Renderer)]
        return [*first, *own, *place, Renderer(self._form, self._output, self.prints, own)]

    def prints(self, logger: Any) -> bool:  # noqa: ANN401 - what the program wrapped
        """Whether LOGGER is one of structlog's that prints."""
        # It says nowhere else where it writes to.
        return isinstance(logger, _PRINTERS) and self._printing.stream(logger._file) is True  # noqa: SLF001

    def replaces(self, logger: object) -> bool:
        """Whether LOGGER, of the factory that was configured, does nothing but print."""
        if isinstance(logger, (*_PRINTERS, Logger)):
            return isinstance(logger, Logger) or self.prints(logger)
        return self._printing.function(getattr(type(logger), "info", None)) is True

    def turned(self, bound: Any, logger: object) -> Any:  # noqa: ANN401 - a bound logger
        """BOUND, which hands records to LOGGER, or one like it with other processors."""
        ours = isinstance(logger, Logger)
        if not ours and not self.prints(logger):
            return bound
        given = bound._processors  # noqa: SLF001 - nobody else has them
        own = list(given)
        last = own[-1] if own else None
        renders = isinstance(last, _RENDERERS)
        here = ours and logger.output is self._output  # type: ignore[attr-defined]
        if (here and not renders) or getattr(last, "output", None) is self._output:
            return bound
        made = object.__new__(type(bound))
        made.__dict__.update(bound.__dict__)
        if self.instead and self.instead[0] is given:
            made._processors = self.instead[1]
        else:
            made._processors = self.around(own[:-1] if renders else own)
        return made


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


def _made_by(factory: Callable[..., object]) -> object:
    """A logger of FACTORY's, to see what it is; None if there is none without a name."""
    if isinstance(factory, structlog.stdlib.LoggerFactory):
        # It would make one with our name.
        return logging.getLoggerClass()("")
    try:
        return factory()
    except Exception as error:
        # A function of the program's may raise anything.
        if interrupted(error):
            raise
        return None


def install(
    handler: RecordHandler, level: Level, categories: Mapping[str, Level]
) -> Callable[[], None]:
    """Have structlog write as HANDLER does; gives what puts its configuration back.

    Where fields are seen each record says the file, the line and the function it came from.
    """
    before = structlog.get_config().copy() if structlog.is_configured() else None
    listed = structlog.get_config()["processors"]
    turner = Turner(handler, level, categories)
    own: list[Any] = [structlog.contextvars.merge_contextvars]
    own.append(structlog.processors.StackInfoRenderer())
    processors = turner.around(list(listed)[:-1] if before else own)
    threshold, render = processors[0], processors[-1]

    def say(logger: Any, method: str, event: Event) -> None:  # noqa: ANN401 - of any kind
        try:
            if not isinstance(logger, logging.Logger):
                threshold(logger, method, event)
            render.say(logger, method, event)
        except structlog.DropEvent:
            return

    factory = Factory(handler.output, say)
    _here.update(child=handler.child, factory=factory, threshold=threshold, renderer=render)
    logger = _made_by(before["logger_factory"]) if before else None
    if before and not turner.replaces(logger):
        return structlog_calls.guard(say, turner.turned, listed, type(logger))
    turner.instead = listed, processors
    undo_guard = structlog_calls.guard(say, turner.turned, processors, Logger)
    structlog.configure(
        processors=processors,
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
