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
    split = {at: BETWEEN.split(line) for at, line in enumerate(lines) if ENCODED.search(line)}
    parts = {part for line in split.values() for part in line if b"%" in part}
    meant = [(part, one) for part in parts for one in _meant(part)]
    found = mask(b"\n".join([one for _, one in meant])).split(b"\n")
    secret = {part for (part, one), left in zip(meant, found, strict=False) if one != left}
    for at, line in split.items() if secret else ():
        lines[at] = b"".join([_hidden(part) if part in secret else part for part in line])
    return b"\n".join(lines)


def _meant(part: bytes) -> list[bytes]:
    """PART as it may be read."""
    read = ENCODED.sub(_letter, part)
    # In what a form sends, + is a blank; within an address in another % is %25.
    meant = {read, read.replace(b"+", b" ")}
    for _ in range(2):
        read = ENCODED.sub(_letter, read)
        meant.add(read)
    return [one for one in meant if one != part]


def _letter(found: "re.Match[bytes]") -> bytes:
    return bytes([int(found[1], 16)])


def _hidden(part: bytes) -> bytes:
    """PART without the secret in it."""
    name, is_, _ = part.partition(b"=")
    return name + is_ + MASK if is_ else MASK
