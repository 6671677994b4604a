r"""What becomes of a record's fields: structured data of RFC 5424, journald's fields, JSON.

For syslog and journald an object in an object is taken apart: {"user": {"id": 7}} is
`user.id`. Text is itself, true is `true`, a list is its JSON, null is left out. What is no
UTF-8, or half a character, becomes `?`.
"""

from .levels import CLEAN, SEVERITIES
from .shown import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .record import Record

SD_ID = b"pydt@32473"  # 32473 is the enterprise number for documentation (RFC 5612)
SD_NAME = 32  # bytes
SD_ROOM = 4096  # bytes that an element has at the most; a message has 8096
JOURNAL_NAME = 64  # bytes
# What pysissylog itself tells journald, or journald believes of it.
RESERVED = ("MESSAGE", "PRIORITY", "SYSLOG_", "CODE_", "OBJECT_", "COREDUMP_", "ERRNO", "UNIT")
SD_BYTES = bytes(i if 32 < i < 127 and i not in b'="]' else 0x5F for i in range(256))
JOURNAL_BYTES = bytes(
    i if i in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" else 0x5F for i in range(256)
)


def flat(fields: "Mapping[str, object]") -> "Iterator[tuple[str, str]]":
    """The names and the values of FIELDS as text, those of an inner object after a dot."""
    for name, value in fields.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, dict):
            for inner, one in flat(value):
                yield f"{name}.{inner}", one
        elif value is not None:
            yield name, dumps(value)


def dumps(value: object) -> str:
    """VALUE in JSON, in one line. A number beyond all bounds is text."""
    # Most fields are text: json, and re with it, is imported with the first that is not.
    from .jsonline import encode, encode_object

    try:
        return encode_object(value) if isinstance(value, dict) else encode(value)
    except ValueError:
        return encode(_bounded(value))


def element(fields: "Mapping[str, object]", room: int = SD_ROOM) -> bytes:
    r"""FIELDS as one element of structured data, `[pydt@32473 user="7"]`; `-` without any.

    In a name, what RFC 5424 does not allow is `_`, and 32 bytes are left of it. A value is
    one line, in which `"`, `\` and `]` are escaped. A parameter with which the element would
    be longer than ROOM is left out.
    """
    parts, length = [b"[" + SD_ID], len(SD_ID) + 2
    for name, value in flat(fields):
        param = b' %b="%b"' % (_sd_name(name), _sd_value(value))
        if length + len(param) <= room:
            parts.append(param)
            length += len(param)
    return b"".join(parts) + b"]" if parts[1:] else b"-"


def journal(fields: "Mapping[str, object]") -> list[tuple[bytes, bytes]]:
    """FIELDS as journald has them: USER_ID for user.id, in capitals, and the value's bytes.

    A name that journald or pysissylog gives a meaning to, that begins with a digit, or of
    which nothing is left, has FIELD_ before it. Newlines and tabs remain in a value.
    """
    return [
        (_journal_name(name), shown(value.encode("utf-8", "replace")).translate(CLEAN))
        for name, value in flat(fields)
    ]


def one_line(value: bytes) -> bytes:
    """VALUE as a line: a newline is #012, as rsyslog writes it, other control characters are ?,
    and escape sequences are left out.
    """
    return shown(value).translate(CLEAN).replace(b"\n", b"#012")


def text(value: bytes) -> str:
    """VALUE as text; a byte that is no UTF-8 is told as its number."""
    return value.decode("utf-8", "backslashreplace")


def line(
    record: "Record",
    given: "Mapping[str, object]",
    added: "Mapping[str, object] | None" = None,
) -> bytes:
    """RECORD as a line of JSON, without a newline, in UTF-8 (see line_text)."""
    return line_text(record, given, added).encode("utf-8", "replace")


def line_text(
    record: "Record",
    given: "Mapping[str, object]",
    added: "Mapping[str, object] | None" = None,
) -> str:
    """RECORD as a line of JSON, without a newline.

    First GIVEN (time, host, ident, pid, and what else is known), `level` by its name, and
    `message`, then the fields as they are. Of these, what has the name of one of those is
    kept as field_NAME, or with more of field_ if that is there too. ADDED are fields that
    replace those of the same name.
    """
    first: dict[str, object] = {**given}
    if record.level is not None:
        first["level"] = SEVERITIES[record.level]
    if record.message is not record.line or not record.fields:
        first["message"] = text(record.message)
    fields = merged(record.fields, added)
    if first.keys().isdisjoint(fields):
        # Nearly always.
        first.update(fields)
    else:
        _add(first, fields)
    return dumps(first)


def _add(first: dict[str, object], fields: "Mapping[str, object]") -> None:
    """Have FIELDS behind what stands FIRST, by other names where those are taken."""
    for name, value in fields.items():
        free = name
        while free in first or (free is not name and free in fields):
            free = f"field_{free}"
        first[free] = value


def merged(
    fields: "Mapping[str, object]", added: "Mapping[str, object] | None"
) -> "Mapping[str, object]":
    """FIELDS, and those ADDED, which no line can replace."""
    return {**fields, **added} if added else fields


def addition(word: bytes) -> tuple[str, str] | None:
    """The field that WORD adds, an argument of the form key=value; None if it has another."""
    name, equals, value = word.decode("utf-8", "replace").partition("=")
    return (name, value) if name and equals else None


def _sd_name(name: str) -> bytes:
    plain = "".join(c if c.isascii() else "_" for c in name)
    return plain.encode().translate(SD_BYTES)[:SD_NAME] or b"_"


def _sd_value(value: str) -> bytes:
    line = one_line(value.encode("utf-8", "replace"))
    return line.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"]", b"\\]")


def _journal_name(name: str) -> bytes:
    upper = name.upper().encode("ascii", "replace").translate(JOURNAL_BYTES).lstrip(b"_")
    if not upper or upper[:1].isdigit() or upper.decode().startswith(RESERVED):
        upper = b"FIELD_" + upper
    return upper[:JOURNAL_NAME]


def _bounded(value: object) -> object:
    """VALUE with text in the place of numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _bounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_bounded(inner) for inner in value]
    return str(value) if isinstance(value, float) and value - value != 0 else value
