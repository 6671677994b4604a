"""Text as a terminal shows it: colours are not seen, what was overwritten does not count.

Nothing that can be read is taken away: a line keeps what a carriage return went back over.
"""

BOM = b"\xef\xbb\xbf"
# What moves and colours, and what links and gives titles, which ends with BEL or ESC \ (ECMA-48).
ESCAPES = rb"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\))"


def shown(text: bytes) -> bytes:
    """TEXT, of a line or more, without escape sequences, BOMs, and carriage returns at the ends."""
    if b"\x1b" not in text and b"\r" not in text and BOM not in text:
        # Nearly always.
        return text
    import re

    if b"\x1b" in text:
        text = re.sub(ESCAPES, b"", text)
    if BOM in text:
        text = re.sub(rb"(?m)^" + BOM, b"", text)
    if b"\r" in text:
        text = re.sub(rb"\r++(?=\n|\Z)", b"", text)
    return text


def last_shown(text: bytes) -> bytes:
    """TEXT, as shown() leaves it, with what stands in each line behind the last carriage return."""
    if b"\r" not in text:
        return text
    return b"\n".join(line.rpartition(b"\r")[2] for line in text.split(b"\n"))
