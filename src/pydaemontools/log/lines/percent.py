"""Secrets in addresses whose letters are written with %: `pass%77ord=x` is a password too.

Who takes an address apart has the name as it is meant. So each part of one is masked as it is
meant: where a secret shows then, all behind its = goes.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MASK = b"***"
ENCODED = re.compile(rb"%([2-7][0-9A-Fa-f])")
BETWEEN = re.compile(rb"""([\s"'&;,<>]+)""")


def masked(text: bytes, mask: "Callable[[bytes], bytes]") -> bytes:
    """TEXT with what MASK finds in the parts of its addresses when they are read."""
    lines = text.split(b"\n")
    for at, line in enumerate(lines):
        if b"%" in line and ENCODED.search(line):
            lines[at] = b"".join(_part(part, mask) for part in BETWEEN.split(line))
    return b"\n".join(lines)


def _part(part: bytes, mask: "Callable[[bytes], bytes]") -> bytes:
    """PART without a secret that MASK finds in it once it is read."""
    if b"%" not in part:
        return part
    meant = ENCODED.sub(lambda found: bytes([int(found[1], 16)]), part)
    # In what a form sends, + is a blank.
    if meant == part or all(mask(one) == one for one in {meant, meant.replace(b"+", b" ")}):
        return part
    name, is_, _ = part.partition(b"=")
    return name + is_ + MASK if is_ else MASK
