"""JSON in one line, of UTF-8, as short as it gets."""

import json
from json import encoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


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
