"""What may join lines of which each begins as one that is a record by itself (beginnings.py).

It is rare enough to be looked for anywhere in a line, or in a whole block (lone.py).
"""

from .levels import BETWEEN, CLEAN, TRACEBACK

# What is never in a line that is a record by itself, or may tell more of another.
WITHIN = (TRACEBACK, *BETWEEN, b":  ")
# A head, and behind it a line that is empty, or further in than the blank says that follows.
HEADED = rb"\n(?:<[0-9]{1,3}>|\[[A-Za-z]++\]:?|[A-Za-z]++:) ?+[ \t\n]"
# What means nothing in a line, whatever stands around it: not a colon, what is in structured
# lines, what is shown differently, or what a BOM begins with.
PLAIN = bytes(i for i in range(256) if CLEAN[i] == i and i not in b":={\xef")


def by_itself(line: bytes) -> bool:
    """Whether LINE is a record that has no other line if one that began so is."""
    if odd := line.translate(None, PLAIN):
        if odd.strip(b":"):
            return False
        for text in WITHIN:
            if text in line:
                return False
    if b"  " not in line and b"\t" not in line and line[-1:] not in b":]> ":
        return True
    from re import match

    return match(HEADED, b"\n" + line + b"\n") is None
