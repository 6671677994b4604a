r"""Secrets in JSON whose key, or value, is written with escapes: `"p\u0061ssword"` is one too.

No pattern finds these in the text, but who takes the line apart has the key as it is meant. So
such an object is taken apart, masked value by value, and written anew if there was a secret.
"""

import json

from .emit import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ESCAPE = b"\\u"  # of other escapes none makes a letter
MASK = "***"


class _Doubled(dict[str, object]):
    """An object in which a key stands twice: its line says more than it does."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else _Doubled(made)


_DECODER = json.JSONDecoder(object_pairs_hook=_object)


def masked(text: bytes, mask: "Callable[[bytes], bytes]") -> bytes:
    """TEXT with what MASK finds in the objects of its lines when they are read."""
    lines = text.split(b"\n")
    for at, line in enumerate(lines):
        if ESCAPE in line and b"{" in line:
            lines[at] = _line(line, mask)
    return b"\n".join(lines)


def _line(line: bytes, mask: "Callable[[bytes], bytes]") -> bytes:
    """LINE, of which an object that begins in it is masked."""
    start = line.index(b"{")
    text = line[start:].decode("utf-8", "surrogateescape")
    try:
        found, end = _DECODER.raw_decode(text)
        done = _value(found, mask)
        if done == found and not _doubled(found):
            return line
        made = dumps(done) + text[end:]
    except (ValueError, RecursionError):
        # No JSON, or none that anybody takes apart.
        return line
    return line[:start] + _bytes(made)


def _doubled(value: object) -> bool:
    """Whether a key stands twice in an object of VALUE."""
    if isinstance(value, dict):
        return isinstance(value, _Doubled) or any(map(_doubled, value.values()))
    return isinstance(value, list) and any(map(_doubled, value))


def _value(value: object, mask: "Callable[[bytes], bytes]") -> object:
    """VALUE without the secrets that MASK finds in it."""
    if isinstance(value, dict):
        return {key: _pair(key, inner, mask) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner, mask) for inner in value]
    if not isinstance(value, str):
        return value
    plain = _bytes(value)
    if ESCAPE in plain and "{" in value:
        # JSON within JSON, as docker has it.
        plain = masked(plain, mask)
    found = mask(plain)
    return value if found == _bytes(value) else found.decode("utf-8", "surrogateescape")


def _pair(key: str, value: object, mask: "Callable[[bytes], bytes]") -> object:
    """VALUE of KEY, masked as its text would be."""
    if isinstance(value, dict | list):
        secret = _hides({key: "x"}, mask)
        return MASK if secret else _value(value, mask)
    if value is None or isinstance(value, bool):
        return value
    inner = _value(value, mask)
    return MASK if inner == value and _hides({key: value}, mask) else inner


def _hides(pair: dict[str, object], mask: "Callable[[bytes], bytes]") -> bool:
    """Whether MASK finds something in PAIR as a line of JSON."""
    text = _bytes(dumps(pair))
    return mask(text) != text


def _bytes(text: str) -> bytes:
    """TEXT as it came; half a character that is no byte is `?`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
