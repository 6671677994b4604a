"""A record of loguru's, or of structlog's, as one of logging's: what all forms understand."""

import datetime as dt
import logging
import sys
import time
from collections.abc import Callable, Container, Mapping
from types import TracebackType
from typing import Any, cast

from . import text_formats, tracebacks
from .level import NUMBERS, STEPS
from .values import set_apart, shown

Event = dict[str, Any]
Excinfo = tuple[type[BaseException], BaseException, TracebackType | None]
# Where an event was logged, as structlog's processor has it; and the key of what ours has found.
_PLACE = {"pathname": str, "lineno": int, "func_name": str}
PLACE = "_pydaemontools_place"
SOON = 60  # seconds, within which a time is that of an event
# What a renderer of structlog's colours with.
_SGR = "\x1b\\[[0-9;]*m"
# Attributes of every record: a field of the program's that is called so gets another name.
OWN = {
    *logging.LogRecord("", 0, "", 0, "", None, None).__dict__,
    "message",
    "asctime",
    "taskName",
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
        record.__dict__[set_apart(name, fields) if name in OWN else name] = value
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


def event_of(args: tuple[Any, ...], named: dict[str, Any], renamed: str | None = None) -> Event:
    """The event that a renderer has made ARGS of, and those NAMED; its text may be RENAMED."""
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
        return _with_event({**first, **fields}, renamed)
    text = shown(first)
    if "\x1b" in text:
        import re

        text = re.sub(_SGR, "", text)
    return {"event": text, **fields}


def _with_event(fields: Event, renamed: str | None) -> Event:
    """FIELDS with the text of the event as such, whatever a processor has called it."""
    keys = [key for key in ("message", "msg") if key in fields]
    keys.sort(key=lambda key: not isinstance(fields[key], str))
    text = next((key for key in (renamed, "event", *keys) if key in fields), None)
    if text is None or text == "event":
        return fields
    # What is called so now is a field.
    rest = {
        set_apart(key, fields) if key == "event" else key: fields[key]
        for key in fields
        if key != text
    }
    return {"event": fields[text], **rest}


def of_event(
    name: str,
    step: int,
    event: Mapping[str, object],
    *,
    fields: bool,
    made: Container[str] = (),
) -> logging.LogRecord:
    """A LogRecord of the logger NAME at STEP that says what EVENT, a dict of structlog's, does.

    What is no FIELDS of it stands behind its text, as logfmt. What is MADE by its processors, of
    the keys that they have, is none.
    """
    more = {
        key: value
        for key, value in event.items()
        if key not in _MADE or not (key in made or _MADE[key](value, step))
    }
    place = _place(more, event)
    kept, text = more, shown(event.get("event", ""))
    if not fields:
        behind = text_formats.logfmt(list(more.items()))
        text, more = (f"{text} {behind}" if behind else text), {}
    exception, printed = excinfo(event.get("exc_info")), event.get("exception")
    record = logging.LogRecord(
        name,
        NUMBERS[step],
        shown(place.get("pathname") or ""),
        place.get("lineno") or 0,
        text,
        None,
        exception,
        place.get("func_name"),
    )
    if not exception and "exception" in event and "exception" not in kept:
        # A processor of the program's has made text of it, or a list of dicts.
        text_of = tracebacks.text_of if tracebacks.is_one(printed) else shown
        record.exc_text = text_of(printed)
    if "stack" in event and "stack" not in kept:
        record.stack_info = shown(event["stack"])
    return with_fields(record, more)


def _place(more: dict[str, object], event: Mapping[str, object]) -> dict[str, Any]:
    """Where EVENT was logged; a processor's words for it are taken out of MORE, its fields.

    These are all three, or what our own processor has found too: else they are the program's.
    """
    found = cast("dict[str, Any]", event.get(PLACE) or {})
    given = {key: more[key] for key in _PLACE if key in more}
    if given:
        if [type(value) for value in given.values()] == list(_PLACE.values()):
            found = given
        for key, value in given.items():
            if type(value) is _PLACE[key] and found.get(key) == value:
                del more[key]
    return found


def _is_level(value: object, step: int) -> bool:
    return type(value) is str and STEPS.get(value.lower()) == step


def _is_now(value: object, _step: int) -> bool:
    """Whether VALUE is about now, as a number or in ISO's form; without a zone it may be local."""
    now = time.time()
    if type(value) is float:
        return abs(value - now) < SOON
    if type(value) is not str:
        return False
    try:
        when = dt.datetime.fromisoformat(value)
        zones = {when.tzinfo, when.tzinfo or dt.UTC}
        return any(abs(when.replace(tzinfo=zone).timestamp() - now) < SOON for zone in zones)
    except (ValueError, OverflowError, OSError):
        return False


def _is_stack(value: object, _step: int) -> bool:
    return issubclass(type(value), str) and shown(value).startswith("Stack (most recent call last)")


def _always(_value: object, _step: int) -> bool:
    return True


# What is no field of an event, or none if it is as a processor of structlog's makes it: else the
# program has a field that is called so.
_MADE: dict[str, Callable[[object, int], bool]] = {
    **dict.fromkeys(("event", "logger", "exc_info", PLACE), _always),
    **dict.fromkeys(("_record", "_from_structlog"), _always),  # its formatter's for logging
    "exception": lambda value, _step: issubclass(type(value), str) or tracebacks.is_one(value),
    "stack": _is_stack,
    "timestamp": _is_now,
    "level": _is_level,
    "log_level": _is_level,
}


def of_formatter(record: logging.LogRecord, step: int, *, fields: bool) -> logging.LogRecord:
    """What RECORD says, which structlog has prepared for a formatter of its own: its dict."""
    place = zip(_PLACE, (record.pathname, record.lineno, record.funcName), strict=True)
    event = {**record.msg, PLACE: dict(place)}  # type: ignore[dict-item]
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
                set_apart(name, extra) if name in OWN else shown(name): value  # type: ignore[arg-type]
                for name, value in extra.items()  # type: ignore[attr-defined]
            }
        except Exception:  # noqa: BLE001, S110 - it may be anything
            pass
    return {} if extra is None else {"field_extra": extra}


# By these attributes a record is known that structlog has prepared for a formatter.
STRUCTLOG = ("_logger", "_name")
