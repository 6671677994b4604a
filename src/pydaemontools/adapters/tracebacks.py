"""The traceback that structlog's dict_tracebacks has made a list of dicts of, as text again."""

import traceback
from collections.abc import Iterable
from typing import Any

from ..log.lines.exceptions import GROUP, MARGIN
from .text_formats import BEGIN, MIDDLE
from .values import shown

RULE = "-" * 16


def is_one(value: object) -> bool:
    """Whether VALUE is such a list: of the exception, and of those it came of."""
    return (
        type(value) is list
        and bool(value)
        and all(type(one) is dict and {"exc_type", "exc_value"} <= one.keys() for one in value)
    )


def text_of(stacks: Any) -> str:  # noqa: ANN401 - what is_one() knows
    """STACKS as Python prints them: the first exception first."""
    return "\n".join(_lines(stacks))


def _lines(stacks: list[dict[str, Any]]) -> list[str]:
    lines: list[str] = []
    for at, one in reversed(list(enumerate(stacks))):
        lines += _group(one) if one.get("is_group") else _exception(one, BEGIN)
        if at:
            lines += ["", MIDDLE[bool(one.get("is_cause"))], ""]
    return lines


def _exception(one: dict[str, Any], begin: str) -> list[str]:
    """The lines of ONE exception; without frames it has no BEGIN."""
    frames = [
        (shown(frame.get("filename")), frame.get("lineno"), shown(frame.get("name")), None)
        for frame in one.get("frames") or ()
    ]
    lines = [begin] if frames or begin == GROUP else []
    lines += "".join(traceback.format_list(frames)).splitlines()
    kind, what = shown(one["exc_type"]), shown(one["exc_value"])
    lines += (f"{kind}: {what}" if what else kind).split("\n")
    return [*lines, *(line for note in one.get("exc_notes") or () for line in _split(note))]


def _group(one: dict[str, Any]) -> list[str]:
    """The lines of ONE that is a group, and of what is in it."""
    begin, *own = _exception(one, GROUP)
    lines = [begin, *(MARGIN + line for line in own)]
    for number, inner in enumerate(one.get("exceptions") or (), 1):
        lines.append(f"  {'+-+' if number == 1 else '  +'}{RULE} {number} {RULE}")
        lines += (f"  {MARGIN}{line}" for line in _lines(inner["stacks"]))
    return [*lines, f"    +{RULE}{RULE}----"]


def _split(note: object) -> Iterable[str]:
    return shown(note).split("\n")
