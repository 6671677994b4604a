r"""Secrets that are written with escapes: `"p\u0061ssword"` and `\x70assword=` are ones too.

No pattern finds these in the text, but who takes the line apart has it as it is meant. So JSON
in a line is taken apart, masked value by value, and written anew if there was a secret; of all
else, as logfmt and JSON that was cut, the letters are put in the place of their escapes.
"""

import json
import re

from .emit import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Mask = Callable[[bytes], bytes]

ESCAPE = re.compile(
    rb"(\\{1,15})(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2}))"
)  # more of \ where it stands in JSON within JSON
BEGIN = re.compile(r"[{\[]")
TRIES = 64  # of what begins as JSON in a line and is none: each takes longer in a longer line
LETTERS = {9: b"t", 10: b"n", 13: b"r", 34: b'"', 39: b"'", 92: b"\\"}
MASK = "***"


class _Doubled(dict[str, object]):
    """An object in which a key stands twice: its line says more than it does."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else _Doubled(made)


# Not strict: a tab within a string is one for who reads records too.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, strict=False)


def masked(text: bytes, mask: "Mask") -> bytes:
    """TEXT with what MASK finds in its lines when they are read; MASK is still to be applied."""
    if not ESCAPE.search(text):
        return text
    lines = text.split(b"\n")
    left: list[int] = []  # which have escapes outside of JSON
    for at, line in enumerate(lines):
        if ESCAPE.search(line):
            lines[at], around = _line(line, mask)
            if around:
                left.append(at)
    # Nearly always none hides anything: that is seen at once.
    meant = [ESCAPE.sub(_meant, lines[at]) for at in left]
    for at, was, found in zip(left, meant, mask(b"\n".join(meant)).split(b"\n"), strict=False):
        if found not in (was, ESCAPE.sub(_meant, mask(lines[at]))):
            lines[at] = found
    return b"\n".join(lines)


def _line(line: bytes, mask: "Mask") -> tuple[bytes, bool]:
    """LINE, of which all JSON is masked, and whether an escape stands around that."""
    text = line.decode("utf-8", "surrogateescape")
    parts: list[bytes] = []
    done = at = 0
    around = False
    tries = TRIES
    while tries and (begun := BEGIN.search(text, at)):
        start = begun.start()
        try:
            found, at = _DECODER.raw_decode(text, start)
            whole = _bytes(text[start:at])
            made = _json(found, whole, mask) if ESCAPE.search(whole) else whole
        except ValueError as error:
            # What was read is not read again, or a line could take long.
            at = max(start + 1, getattr(error, "pos", len(text)))
            tries -= 1
            continue
        except RecursionError:
            break
        before = _bytes(text[done:start])
        around = around or bool(ESCAPE.search(before))
        parts += before, made
        done = at
    rest = _bytes(text[done:])
    return b"".join((*parts, rest)), around or bool(ESCAPE.search(rest))


def _meant(found: "re.Match[bytes]") -> bytes:
    """What an escape stands for, in the same quotes; half a character remains as it is."""
    back, short, long, byte = found.groups()
    code = int(short or long or byte, 16)
    if code in LETTERS:
        if code > 31 and len(back) % 2 == 0:
            # In JSON within JSON a \ is two.
            back += back[1:]
        return back + LETTERS[code]
    if (
        code < 32
        or 126 < code < (256 if byte else 160)
        or 0xD7FF < code < 0xE000
        or code > 0x10FFFF
    ):
        return found[0]
    return chr(code).encode()


def _json(found: object, whole: bytes, mask: "Mask") -> bytes:
    """WHOLE, which says FOUND, written anew if MASK finds something that escapes hide."""
    made = _bytes(dumps(found))
    seen = mask(made)
    doubled = _doubled(found)
    if not doubled and seen == made:
        texts = b"\n".join(map(_one_line, _texts(found)))
        if _seen(texts, mask) == texts:
            return whole
    made = _bytes(dumps(_value(found, mask)))
    plain = mask(whole)
    if plain != whole and not doubled:
        try:
            if json.loads(plain) == json.loads(mask(made)):
                # No escape hides anything.
                return whole
        except ValueError:
            pass
    return made


def _doubled(value: object) -> bool:
    """Whether a key stands twice in an object of VALUE."""
    if isinstance(value, dict):
        return isinstance(value, _Doubled) or any(map(_doubled, value.values()))
    return isinstance(value, list) and any(map(_doubled, value))


def _texts(value: object) -> "Iterator[str]":
    """Each text in VALUE."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _seen(text: bytes, mask: "Mask") -> bytes:
    """TEXT as MASK leaves it, and escapes in it, as docker's JSON within JSON has them."""
    return mask(masked(text, mask) if ESCAPE.search(text) else text)


def _one_line(value: str) -> bytes:
    r"""VALUE as one line: no pattern goes on behind a \n, and a \v is a blank to each too."""
    return _bytes(value.replace("\n", "\v"))


def _value(value: object, mask: "Mask") -> object:
    """VALUE without the secrets that MASK finds in it."""
    if isinstance(value, dict):
        return {key: _pair(key, inner, mask) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner, mask) for inner in value]
    if not isinstance(value, str):
        return value
    plain = _one_line(value)
    found = _seen(plain, mask)
    if found == plain:
        return value
    made = found.decode("utf-8", "surrogateescape")
    return made if "\v" in value else made.replace("\v", "\n")


def _pair(key: str, value: object, mask: "Mask") -> object:
    """VALUE of KEY, masked as its text would be."""
    if isinstance(value, dict | list):
        secret = _hides({key: "x"}, mask)
        return MASK if secret else _value(value, mask)
    if value is None or isinstance(value, bool):
        return value
    inner = _value(value, mask)
    return MASK if inner == value and _hides({key: value}, mask) else inner


def _hides(pair: dict[str, object], mask: "Mask") -> bool:
    """Whether MASK finds something in PAIR as a line of JSON."""
    text = _bytes(dumps(pair))
    return mask(text) != text


def _bytes(text: str) -> bytes:
    """TEXT as it came; half a character that is no byte is `?`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
