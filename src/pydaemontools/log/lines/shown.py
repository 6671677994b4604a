"""Text as a terminal shows it: colours are not seen, what was overwritten does not count.

Nothing that can be read is taken away: a line keeps what a carriage return went back over.
"""

from .levels import CLEAN

BOM = b"\xef\xbb\xbf"
ERASE = b"\x1b[K", b"\x1b[0K", b"\x1b[2K"  # what is behind the cursor; the last one: all
# ECMA-48: what moves and colours; what links and gives titles, up to BEL or ESC \; other strings;
# character sets; what stands alone. Some terminals want SI behind what ends colours.
ESCAPES = (
    rb"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x00-\x1f\x7f]*+(?:\x07|\x1b\\)"
    rb"|[PX^_][^\x00-\x1f\x7f]*+\x1b\\|[ -/]++[0-~]|[78=>cDEHMNOZno|}~\\])\x0f?"
)
COLOURS = rb"\x1b\[[0-9;:]*+m\x0f?"


def shown(text: bytes) -> bytes:
    """TEXT, of a line or more, without escape sequences, BOMs, and carriage returns at the ends."""
    # One byte is found at once, three are not.
    marked = b"\xef" in text and BOM in text
    if b"\x1b" not in text and b"\r" not in text and not marked:
        # Nearly always.
        return text
    import re

    if b"\x1b" in text:
        text = re.sub(ESCAPES, b"", text)
    if marked:
        text = re.sub(rb"(?m)^" + BOM, b"", text)
    return without_returns(text)


def without_returns(text: bytes) -> bytes:
    """TEXT without carriage returns at the ends of its lines."""
    if b"\r" not in text:
        return text
    text = text.replace(b"\r\n", b"\n")
    if b"\r" in text:
        import re

        text = re.sub(rb"(?<!\r)\r++(?=\n|\Z)", b"", text)
    return text


def last_shown(text: bytes) -> bytes:
    """TEXT as shown() has it, but of a line with carriage returns within what is seen at the end:
    what was written over is gone, and what was erased. A line of which nothing is left stays.
    """
    plain = shown(text)
    if b"\r" not in plain:
        return plain
    return b"\n".join(
        (_at_the_end(raw) or line) if b"\r" in line else line
        for raw, line in zip(text.split(b"\n"), plain.split(b"\n"), strict=True)
    )


def _at_the_end(line: bytes) -> bytes:
    """What a terminal shows at the end of LINE."""
    parts: list[str] = []
    width = 0
    # From the last one on, so that each is looked at once.
    for piece in reversed(line.rstrip(b"\r").split(b"\r")):
        erased = [erase for erase in ERASE if erase in piece]
        gone, _, piece = piece.rpartition(ERASE[2])  # noqa: PLW2901 - what is left of it
        text = _text(piece)
        if text:
            # The cursor stayed where it was.
            text = " " * len(_text(gone)) + text
        parts.append(text[width:])
        width = max(width, len(text))
        if erased:
            break
    return "".join(parts).encode("utf-8", "surrogateescape")


def _text(piece: bytes) -> str:
    """What is seen of PIECE, as characters."""
    return shown(piece).decode("utf-8", "surrogateescape")


def kept(line: bytes) -> bytes:
    """LINE with ? for control characters, but with what shown() would take away."""
    import re

    parts = re.split(b"(" + ESCAPES + b")", line)
    ending = True
    for at in range(len(parts) - 1, -1, -2):
        text = parts[at].rstrip(b"\r") if ending else parts[at]
        parts[at] = text.translate(CLEAN) + parts[at][len(text) :]
        ending = ending and not text
    return b"".join(parts)


def coloured(line: bytes, whole: bytes, text: bytes) -> bytes:
    """TEXT, which WHOLE ends with, as it is in LINE: that is WHOLE as kept() has it."""
    if not whole.endswith(text):
        return text
    return _behind(line, len(whole) - len(text)) if len(whole) > len(text) else line


def _behind(line: bytes, length: int) -> bytes:
    """LINE, as kept() has it, without the first LENGTH bytes that are seen of it."""
    import re

    parts = re.split(b"(" + ESCAPES + b")", line)
    begin = True
    for at in range(0, len(parts), 2):
        text = parts[at].removeprefix(BOM) if begin else parts[at]
        begin = begin and not parts[at]
        parts[at] = text[length:]
        length = max(0, length - len(text))
    return b"".join(parts)


def only_colours(text: bytes) -> bytes:
    """TEXT, as kept() has it, without escape sequences that do more than colour."""
    if b"\x1b" not in text:
        return text
    import re

    return re.sub(ESCAPES, lambda found: found[0] if re.fullmatch(COLOURS, found[0]) else b"", text)
