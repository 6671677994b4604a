"""JSON in one line, of UTF-8, as short as it gets."""

import json
from json import encoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


MARK = "\0"  # what stands before each of many objects, and what that is there
BETWEEN = f",{encode(MARK)},{{"


def _refuse(value: object) -> None:
    raise TypeError(f"{type(value).__name__} is not JSON")


# JSONEncoder makes this anew for each object, which costs as much as to use it.
_make = getattr(encoder, "c_make_encoder", None)
_made = _make and _make(
    None, _refuse, encoder.encode_basestring, None, ":", ",", False, False, False
)


def encode_object(fields: "Mapping[str, object]") -> str:
    """FIELDS, which do not hold themselves. Raises ValueError for a number beyond all bounds."""
    return "".join(_made(fields, 0)) if _made else encode(fields)


def encode_behind(objects: "Sequence[Mapping[str, object]]") -> list[str] | None:
    """Each of OBJECTS without its first brace; None if it is not seen where they end.

    All at once, which costs half of what one by one would. Raises ValueError as above.
    """
    values: list[object] = []
    for one in objects:
        values += MARK, one
    text = "".join(_made(values, 0)) if _made else encode(values)
    # What an object holds may look like a mark, but then there are more pieces than objects.
    pieces = f",{text[1:-1]}".split(BETWEEN)
    return pieces[1:] if len(pieces) == len(objects) + 1 else None
