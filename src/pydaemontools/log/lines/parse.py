"""Lines that say what they mean: a JSON object, or logfmt, becomes a Record.

Nothing here raises, whatever the line. What is no object, is cut short, or is nested deeper
than anybody reads is no record, and remains a line like others. Where a key is there twice
the last one counts; NaN and Infinity, which JSON has not, become text.
"""

import json

from . import keys, logfmt
from .record import Opened, Record, value_of
from .shown import last_shown

DEPTH = 64  # of objects and arrays in each other; json itself ends at about a thousand
_scan = json.JSONDecoder(strict=False, parse_constant=str).scan_once  # type: ignore[attr-defined]
# What an object of loguru's serializer has, and nothing else has.
LOGURU = {"text", "record"}
FEW = len(LOGURU)
FIRST, SECOND, THIRD = keys.LEVEL[0], keys.MESSAGE[1], keys.MESSAGE[0]
WORDS = keys.WORDS
# Without any of these an object has nothing to say but the line that it holds in `log`.
KNOWN = {key.lower() for key in keys.LEVELS | keys.MESSAGES} - {"log"}


def parse(line: bytes) -> Record | None:
    """The record that LINE is; None if it is neither a JSON object nor logfmt."""
    if line[:1] == b"{":
        return parse_json(line)
    pairs = logfmt.parse(line)
    return None if pairs is None else made(line, pairs)


def encoded(text: str) -> bytes:
    """TEXT in UTF-8; bytes that were none are themselves again, half a character is `?`."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        whole = "".join(
            c if c < "\ud800" or "\udc80" <= c <= "\udcff" or c > "\udfff" else "?" for c in text
        )
        return whole.encode("utf-8", "surrogateescape")


def parse_json(line: bytes) -> Record | None:
    """The record that LINE is if it is one JSON object."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("utf-8", "surrogateescape")
    try:
        found, end = _scan(text, 0)
    except (ValueError, RecursionError, StopIteration):
        return None
    if end != len(text) and text[end:].strip(" \t\r\n"):
        return None
    deep = len(line) > 2 * DEPTH and line.count(b"{") + line.count(b"[") > DEPTH
    if deep and _deep(found):
        return None
    if len(found) == FEW and found.keys() == LOGURU and isinstance(found["record"], dict):
        return made(line, _loguru(found["record"], found["text"]))
    if "log" in found:
        held = found["log"]
        if isinstance(held, str) and KNOWN.isdisjoint(map(str.lower, found)):
            return _held(line, found, encoded(held).rstrip(b"\r\n"))
    return made(line, found)


def _held(line: bytes, found: dict[str, object], text: bytes) -> Record:
    """The record of TEXT, which docker or another has put into LINE; all else FOUND is fields."""
    del found["log"]
    inner = parse(text)
    if inner:
        inner.fields, inner.line = found | inner.fields, line
        return inner
    return Opened(last_shown(text), found, line)


def _loguru(record: dict[str, object], text: object) -> dict[str, object]:
    """What loguru's serializer says. Only TEXT has the traceback, if there is one."""
    return record | {"text": text} if record.get("exception") else record


def made(line: bytes, fields: dict[str, object]) -> Record:
    """The record of LINE; level and message are taken out of FIELDS."""
    level: int | None
    message: bytes | None
    try:
        # Nearly always.
        level = WORDS[fields[FIRST]]  # type: ignore[index]
        del fields[FIRST]
    except (KeyError, TypeError):
        level = _level(fields)
    if THIRD not in fields and (value := fields.get(SECOND)).__class__ is str:
        message = encoded(value)
        del fields[SECOND]
    else:
        message = _message(fields)
    return Record(level, line if message is None else message, fields, line)


def _message(fields: dict[str, object]) -> bytes | None:
    """The message that FIELDS have, which is taken out; None if they have none."""
    for key in () if keys.MESSAGES.isdisjoint(fields) else keys.MESSAGE:
        value = value_of(fields, key)
        if value is not None and (message := _text(value)) is not None:
            _drop(fields, key)
            return message
    return None


def _level(fields: dict[str, object]) -> int | None:
    """The level that FIELDS name, which is taken out; None if they name none."""
    for key in () if keys.LEVELS.isdisjoint(fields) else keys.LEVEL:
        value = value_of(fields, key)
        if value is not None and (level := keys.severity(key, value)) is not None:
            _drop(fields, key)
            return level
    return _folded_level(fields)


def _folded_level(fields: dict[str, object]) -> int | None:
    """The level of a key in FIELDS that is one in another case, or MongoDB's; it is taken out."""
    of_mongodb = fields.keys() >= keys.MONGODB
    for name, value in fields.items():
        key = "s" if of_mongodb and name == "s" else keys.FOLDED.get(name.lower())
        level = keys.severity(key, value) if key else None
        if level is not None:
            del fields[name]
            return level
    return None


def _text(value: object) -> bytes | None:
    """VALUE as a message; None if it cannot be one."""
    if isinstance(value, str):
        return encoded(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value).encode()
    return None


def _drop(fields: dict[str, object], key: str) -> None:
    """Take KEY out; an object that held only this goes too."""
    if key in fields:
        del fields[key]
        return
    outer, _, inner = key.partition(".")
    held = fields.get(outer)
    if isinstance(held, dict):
        del held[inner]
        if not held:
            del fields[outer]


def _deep(found: object) -> bool:
    """Whether FOUND is nested deeper than DEPTH. Without recursion, since it may be."""
    layer = [found]
    for _ in range(DEPTH):
        layer = [
            inner
            for one in layer
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, dict | list) for one in layer)
