"""What a service says, fit for a terminal: nothing that drives it, or hides what is there."""

CONTROLS = bytes(range(32)) + b"\x7f"
PLAIN = bytes.maketrans(CONTROLS, b"?" * len(CONTROLS))
# The second set of controls, alone as bytes too; and what turns the direction of text around.
C1 = (*range(0x80, 0xA0), *range(0xDC80, 0xDCA0))
TURNS = (0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
HIDDEN = dict.fromkeys((*C1, *TURNS), "?")


def plain(data: bytes, controls: bytes = PLAIN) -> bytes:
    """DATA with each of these as a question mark; CONTROLS is a table for bytes.translate()."""
    data = data.translate(controls)
    if data.isascii():
        return data
    text = data.decode("utf-8", "surrogateescape").translate(HIDDEN)
    return text.encode("utf-8", "surrogateescape")
