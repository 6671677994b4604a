"""A record of loguru's, or of structlog's, as one of logging's: what all forms understand."""

import logging
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, cast

from . import text_formats
from .level import NUMBERS, STEPS
from .once import WRITTEN
from .values import shown

Excinfo = tuple[type[BaseException], BaseException, TracebackType | None]
# What structlog's parts leave in an event, and is no field of it.
_NO_FIELDS = ("event", "logger", "exc_info", "exception", "timestamp", "stack")
_META = ("_record", "_from_structlog")  # what its formatter for logging puts there
_LEVELS = ("level", "log_level")
# Where an event was logged, if one of its processors said so.
_PLACE = ("pathname", "lineno", "func_name")
# Attributes of every record: a field of the program's that is called so gets another name.
OWN = {
    *logging.LogRecord("", 0, "", 0, "", None, None).__dict__,
    "message",
    "asctime",
    "taskName",
    WRITTEN,
}


def of_loguru(record: Mapping[str, Any]) -> logging.LogRecord:
    """A LogRecord that says what RECORD, a dict of loguru's, does: place, time and exception."""
    level, exception = record["level"], record["exception"]
    info = tuple(exception) if exception and exception[0] else None
    made = logging.LogRecord(
        record["name"] or "root",
        level.no,
        record["file"].path,
        record["line"],
        record["message"],
        None,
        info,
        record["function"],
    )
    made.levelname = level.name
    # It may have waited in a queue.
    made.created = record["time"].timestamp()
    made.msecs = record["time"].microsecond // 1000
    made.process, made.processName = record["process"].id, record["process"].name
    made.thread, made.threadName = record["thread"].id, record["thread"].name
    return with_fields(made, record["extra"])


def with_fields(record: logging.LogRecord, fields: Mapping[str, object]) -> logging.LogRecord:
    """RECORD, with FIELDS as its attributes, as `extra` of logging's makes them."""
    for name, value in fields.items():
        record.__dict__[f"field_{name}" if name in OWN else name] = value
    return record


def excinfo(value: object) -> Excinfo | None:
    """The exception that VALUE stands for: one, its three parts, or True for the current one."""
    kind = type(value)
    if issubclass(kind, BaseException):
        error = cast("BaseException", value)
        return kind, error, error.__traceback__
    if issubclass(kind, tuple):
        given = cast("Excinfo", value)
        return given if len(given) == 3 and given[0] else None
    found = sys.exc_info()
    return found if value and found[0] else None


def of_event(
    name: str, step: int, event: Mapping[str, object], *, fields: bool
) -> logging.LogRecord:
    """A LogRecord of the logger NAME at STEP that says what EVENT, a dict of structlog's, does.

    What is no FIELDS of it stands behind its text, as logfmt.
    """
    more = {
        key: value
        for key, value in event.items()
        if key not in _NO_FIELDS
        and key not in _META
        and not (key in _LEVELS and shown(value).lower() in STEPS)
    }
    pathname, line, function = (more.pop(key, None) for key in _PLACE)
    text = shown(event.get("event", ""))
    if not fields:
        behind = text_formats.logfmt(list(more.items()))
        text, more = (f"{text} {behind}" if behind else text), {}
    exception = excinfo(event.get("exc_info"))
    made = logging.LogRecord(
        name,
        NUMBERS[step],
        shown(pathname or ""),
        line if isinstance(line, int) else 0,
        text,
        None,
        exception,
        shown(function) if function else None,
    )
    if not exception and issubclass(type(event.get("exception")), str):
        # A processor of the program's has made text of it.
        made.exc_text = shown(event["exception"])
    if issubclass(type(event.get("stack")), str):
        made.stack_info = shown(event["stack"])
    return with_fields(made, more)


def of_formatter(record: logging.LogRecord, step: int, *, fields: bool) -> logging.LogRecord:
    """What RECORD says, which structlog has prepared for a formatter of its own: its dict."""
    place = zip(_PLACE, (record.pathname, record.lineno, record.funcName), strict=True)
    event = {**dict(place), **record.msg}  # type: ignore[dict-item]
    made = of_event(record.name, step, event, fields=fields)
    made.levelno, made.levelname = record.levelno, record.levelname
    made.created, made.msecs = record.created, record.msecs
    made.process, made.thread = record.process, record.thread
    made.processName, made.threadName = record.processName, record.threadName
    if not made.exc_info and not made.exc_text:
        made.exc_info, made.exc_text = record.exc_info, record.exc_text
    own = {k: v for k, v in record.__dict__.items() if k not in OWN and k not in STRUCTLOG}
    return with_fields(made, own)


def allowed(extra: object) -> dict[str, object]:
    """EXTRA of a log call under names that logging allows."""
    if issubclass(type(extra), Mapping):
        try:
            return {
                f"field_{name}" if name in OWN else shown(name): value
                for name, value in extra.items()  # type: ignore[attr-defined]
            }
        except Exception:  # noqa: BLE001, S110 - it may be anything
            pass
    return {} if extra is None else {"field_extra": extra}


# By these attributes a record is known that structlog has prepared for a formatter.
STRUCTLOG = ("_logger", "_name")
