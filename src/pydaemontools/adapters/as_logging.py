"""A record of loguru's, or of structlog's, as one of logging's: what all forms understand."""

import logging
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from .level import NUMBERS

Excinfo = tuple[type[BaseException], BaseException, TracebackType | None]
# Attributes of every record: a field of the program's that is called so gets another name.
OWN = {*logging.LogRecord("", 0, "", 0, "", None, None).__dict__, "message", "asctime", "taskName"}


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
    if isinstance(value, BaseException):
        return type(value), value, value.__traceback__
    if isinstance(value, tuple) and len(value) == 3 and value[0]:
        return value
    found = sys.exc_info()
    return found if value and not isinstance(value, tuple) and found[0] else None


def of_structlog(
    name: str, step: int, event: object, fields: Mapping[str, object], exception: Excinfo | None
) -> logging.LogRecord:
    """A LogRecord of the logger NAME at STEP that says EVENT, with FIELDS."""
    pathname, line, function = (fields.get(key) for key in ("pathname", "lineno", "func_name"))
    made = logging.LogRecord(
        name,
        NUMBERS[step],
        str(pathname or ""),
        line if isinstance(line, int) else 0,
        str(event),
        None,
        exception,
        str(function) if function else None,
    )
    more = {k: v for k, v in fields.items() if k not in ("pathname", "lineno", "func_name")}
    return with_fields(made, more)
