"""What a structured line says whose end is not there: the fields that are whole, in its beginning.

A long line may come in pieces. The first one tells the level of all, if that is in it.
"""

import json
import re

from . import logfmt
from .parse import DEPTH, made
from .record import Record

_value = json.JSONDecoder(strict=False, parse_constant=str).raw_decode
KEY = re.compile(r'[ \t\r\n]*+"')
COLON = re.compile(r"[ \t\r\n]*+:[ \t\r\n]*+")
END = re.compile(r"[ \t\r\n]*+[,}]")


def partial(piece: bytes) -> Record | None:
    """The record that a line which begins with PIECE is, with PIECE as its message; None if that
    is neither JSON nor logfmt, or names no level.
    """
    text = piece.decode("utf-8", "surrogateescape")
    fields = _members(text, 1, DEPTH) if text[:1] == "{" else logfmt.begun(text)
    record = made(piece, fields)
    if record.level is None:
        return None
    # Another object than the line: nothing of it stands in the fields alone.
    return Record(record.level, bytes(bytearray(piece)), record.fields, piece)


def _members(text: str, at: int, depth: int) -> dict[str, object]:
    """The members of the JSON object in TEXT whose first one is at AT, as far as they are whole."""
    found: dict[str, object] = {}
    while (key := _key(text, at)) is not None:
        name, at = key
        try:
            value, end = _value(text, at)
        except (ValueError, RecursionError):
            if text[at : at + 1] == "{" and depth and (inner := _members(text, at + 1, depth - 1)):
                found[name] = inner
            break
        closed = END.match(text, end)
        if not closed:
            # A number may go on.
            break
        found[name], at = value, closed.end()
    return found


def _key(text: str, at: int) -> tuple[str, int] | None:
    """The name of the member in TEXT at AT, and where its value begins; None if it is cut."""
    quote = KEY.match(text, at)
    if not quote:
        return None
    try:
        name, end = _value(text, quote.end() - 1)
    except ValueError:
        return None
    colon = COLON.match(text, end)
    return (name, colon.end()) if colon else None
