"""structlog: the last of its processors writes as logging's handler does, the first one drops.

What a program has configured itself stays, but for the renderer at the end and for where it
prints to. If it sends its records to logging, they arrive there, and nothing is changed.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import structlog

from . import as_logging, text_formats
from .level import STEPS, Level
from .output import Output
from .stdlib import ADDED, RecordFormat

# What structlog's other parts leave in an event, and is no field of it.
_NO_FIELDS = ("event", "logger", "exc_info", "exception", "timestamp", "stack")
_LEVELS = ("level", "log_level")
# structlog's names of what logging calls otherwise.
_METHODS = {"exception": STEPS["error"], "msg": STEPS["info"], "log": STEPS["info"]}


class Logger:
    """What structlog hands the bytes of a record to; it has a method for every level."""

    def __init__(self, output: Output, name: str = "") -> None:
        self.name = name
        self._output = output

    def msg(self, data: bytes) -> None:
        """Write DATA."""
        self._output.write(data)

    log = trace = debug = info = notice = warn = warning = msg
    err = error = exception = fatal = critical = crit = alert = emerg = failure = msg


class Factory:
    """Makes Loggers for OUTPUT; the first argument of get_logger is the name."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, *args: object) -> Logger:
        """Give a Logger."""
        return Logger(self._output, str(args[0]) if args else "")


class Threshold:
    """The first processor: drops what is less than LEVEL says, or that of a category."""

    def __init__(self, level: Level, categories: Mapping[str, Level]) -> None:
        self._level = level
        self._categories = sorted(categories.items(), key=lambda one: -len(one[0]))

    def __call__(
        self,
        logger: Any,  # noqa: ANN401 - structlog's, or what the program wrapped
        method: str,
        event: MutableMapping[str, Any],
    ) -> MutableMapping[str, Any]:
        """EVENT, if it is to be said."""
        level = self._level
        if self._categories:
            name = str(event.get("logger") or getattr(logger, "name", ""))
            for category, one in self._categories:
                if name == category or name.startswith(category + "."):
                    level = one
                    break
        if _step(method) > level.step:
            raise structlog.DropEvent
        return event


class Renderer:
    """The last processor: makes of an event what FORM makes of a record."""

    def __init__(self, form: RecordFormat) -> None:
        self._form = form

    def __call__(
        self,
        logger: Any,  # noqa: ANN401 - structlog's, or what the program wrapped
        method: str,
        event: MutableMapping[str, Any],
    ) -> bytes:
        """The lines of EVENT."""
        name = str(event.get("logger") or getattr(logger, "name", "") or "root")
        fields = {
            key: value
            for key, value in event.items()
            if key not in _NO_FIELDS and not (key in _LEVELS and str(value).lower() in STEPS)
        }
        # What one has to have in a record is no field either.
        place = {k: fields.pop(k) for k in ("pathname", "lineno", "func_name") if k in fields}
        exception = as_logging.excinfo(event.get("exc_info"))
        text = str(event.get("event", ""))
        if not self._form.fields:
            shown = text_formats.logfmt(list(fields.items()))
            text, fields = (f"{text} {shown}" if shown else text), {}
        made = as_logging.of_structlog(name, _step(method), text, fields | place, exception)
        if not exception and isinstance(event.get("exception"), str):
            # A processor of the program's has made text of it.
            made.exc_text = event["exception"]
        if isinstance(event.get("stack"), str):
            made.stack_info = event["stack"]
        return self._form.record(made)


def _step(method: str) -> int:
    """The step of the method that was called."""
    found = STEPS.get(method, _METHODS.get(method))
    return STEPS["info"] if found is None else found


def _bound() -> type:
    """The bound logger of structlog, with methods for the levels that it has not."""
    base = structlog.make_filtering_bound_logger(0)

    def method(name: str) -> Callable[..., Any]:
        def log(self: Any, event: str, *args: object, **fields: object) -> Any:  # noqa: ANN401
            return self._proxy_to_logger(name, event % args if args else event, **fields)

        log.__name__ = name
        log.__doc__ = f"Log event with the level {name}."
        return log

    names = [name.lower() for name in ADDED.values()]
    return type("BoundLogger", (base,), {name: method(name) for name in names})


def install(
    form: RecordFormat,
    output: Output,
    level: Level,
    categories: Mapping[str, Level],
    *,
    places: bool,
) -> Callable[[], None]:
    """Have structlog write in FORM to OUTPUT; gives what puts its configuration back.

    With PLACES each record says the file, the line and the function it came from.
    """
    before = structlog.get_config().copy() if structlog.is_configured() else None
    if before and isinstance(before["logger_factory"], structlog.stdlib.LoggerFactory):
        return lambda: None
    processors: list[Any] = [structlog.contextvars.merge_contextvars]
    processors.append(structlog.processors.StackInfoRenderer())
    if before:
        processors = [
            one for one in before["processors"][:-1] if not isinstance(one, Threshold | Renderer)
        ]
    if places:
        part = structlog.processors.CallsiteParameter
        adder = structlog.processors.CallsiteParameterAdder(
            {part.PATHNAME, part.LINENO, part.FUNC_NAME}, [__package__]
        )
        processors.append(adder)
    structlog.configure(
        processors=[Threshold(level, categories), *processors, Renderer(form)],
        wrapper_class=before["wrapper_class"] if before else _bound(),
        logger_factory=Factory(output),
        cache_logger_on_first_use=before["cache_logger_on_first_use"] if before else False,
    )

    def undo() -> None:
        if before:
            structlog.configure(**before)
        else:
            structlog.reset_defaults()

    return undo
