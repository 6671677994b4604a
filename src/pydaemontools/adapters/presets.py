"""Which fields a structured record has, and what each of the presets calls them.

A record of any library is a logging.LogRecord here, so all of them have the same fields.
"""

import datetime as dt
import logging

from ..log.lines.exceptions import last_exception
from .level import GCP, HEADS, OTEL, Steps
from .values import set_apart, shown

_steps = Steps()
# What is known of a record -> where a preset has it; a tuple is a key in an object. In order.
PLAIN: dict[str, str | tuple[str, str]] = {
    "time": "time",
    "level": "level",
    "message": "message",
    "logger": "logger",
    "path": "file",
    "line": "line",
    "function": "function",
    "pid": "pid",
    "thread": "thread",
    "type": "exception.type",
    "what": "exception.message",
    "trace": "exception.stacktrace",
    "stack": "stack",
}
# Elastic Common Schema 8.11.
ECS: dict[str, str | tuple[str, str]] = {
    "time": "@timestamp",
    "level": "log.level",
    "message": "message",
    "ecs": "ecs.version",
    "logger": "log.logger",
    "file": "log.origin.file.name",
    "line": "log.origin.file.line",
    "function": "log.origin.function",
    "pid": "process.pid",
    "thread": "process.thread.name",
    "type": "error.type",
    "what": "error.message",
    "trace": "error.stack_trace",
    "stack": "stack",
}
# OpenTelemetry's log data model; what is not of the model is an attribute.
ATTRIBUTES = "Attributes"
OPENTELEMETRY: dict[str, str | tuple[str, str]] = {
    "nanoseconds": "Timestamp",
    "LEVEL": "SeverityText",
    "number": "SeverityNumber",
    "message": "Body",
    "logger": (ATTRIBUTES, "logger"),
    "path": (ATTRIBUTES, "code.file.path"),
    "line": (ATTRIBUTES, "code.line.number"),
    "function": (ATTRIBUTES, "code.function.name"),
    "pid": (ATTRIBUTES, "process.pid"),
    "thread": (ATTRIBUTES, "thread.name"),
    "type": (ATTRIBUTES, "exception.type"),
    "what": (ATTRIBUTES, "exception.message"),
    "trace": (ATTRIBUTES, "exception.stacktrace"),
    "stack": (ATTRIBUTES, "stack"),
}
# Google Cloud's structured logging.
_SOURCE = "logging.googleapis.com/sourceLocation"
GOOGLE: dict[str, str | tuple[str, str]] = {
    "time": "time",
    "gcp": "severity",
    "message": "message",
    "logger": "logger",
    "path": (_SOURCE, "file"),
    "text_line": (_SOURCE, "line"),
    "function": (_SOURCE, "function"),
    "pid": "pid",
    "thread": "thread",
    "type": "exception.type",
    "what": "exception.message",
    "trace": "stack_trace",
    "stack": "stack",
}
LOGFMT = PLAIN | {"time": "ts", "message": "msg"}
PRESETS = {"plain": PLAIN, "ecs": ECS, "otel": OPENTELEMETRY, "gcp": GOOGLE}


def known(
    record: logging.LogRecord, message: object, trace: str | None, stack: str | None
) -> dict[str, object]:
    """What is known of RECORD, by the names that presets have for it; None where nothing is."""
    step = _steps.of(record)
    when = dt.datetime.fromtimestamp(record.created, dt.UTC)
    kind, what = exception_of(record, trace)
    return {
        "time": when.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        # As text: JSON's numbers are exact up to 2**53 only.
        "nanoseconds": str(int(record.created * 1e6) * 1000),
        "level": HEADS[step],
        "LEVEL": HEADS[step].upper(),
        "number": OTEL[step],
        "gcp": GCP[step],
        "ecs": "8.11.0",
        "message": message,
        "logger": record.name,
        "file": record.filename or None,
        "path": record.pathname or None,
        "line": record.lineno if record.pathname else None,
        "text_line": str(record.lineno) if record.pathname else None,
        "function": record.funcName,
        "pid": record.process,
        "thread": record.threadName,
        "type": kind,
        "what": what,
        "trace": trace,
        "stack": stack,
    }


def exception_of(record: logging.LogRecord, trace: str | None) -> tuple[str | None, str | None]:
    """The type of the exception of RECORD, as its traceback names it, and what it says."""
    if record.exc_info and record.exc_info[0]:
        kind, value, _ = record.exc_info
        module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
        return f"{module}{kind.__qualname__}", shown(value)
    return (last_exception(trace) if trace else None) or (None, None)


def arranged(
    values: dict[str, object],
    preset: dict[str, str | tuple[str, str]],
    more: dict[str, object],
) -> dict[str, object]:
    """VALUES under the names of PRESET, and MORE fields of the program's own behind them.

    One of these that has a name of ours is kept as `field_NAME`.
    """
    done: dict[str, object] = {}
    for key, name in preset.items():
        if (value := values[key]) is None:
            continue
        if isinstance(name, tuple):
            inner = done.setdefault(name[0], {})
            assert isinstance(inner, dict)  # noqa: S101 - for mypy: it was made here
            inner[name[1]] = value
        else:
            done[name] = value
    place = done.get(ATTRIBUTES) if preset is OPENTELEMETRY else done
    assert isinstance(place, dict)  # noqa: S101 - as above
    for name, value in more.items():
        place[set_apart(name, more) if name in place else str(name)] = value
    return done
