"""Cutting text where no UTF-8 character is cut."""


def split(text: bytes, room: int) -> list[bytes]:
    """TEXT in pieces of at most ROOM bytes, never through the middle of a UTF-8 character."""
    pieces = []
    while len(text) > room:
        end = boundary(text, room)
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text]


def boundary(text: bytes, end: int) -> int:
    """END, or up to three bytes before it, so that no UTF-8 character of TEXT is cut there.

    The end of TEXT if that comes first.
    """
    if end >= len(text):
        return len(text)
    for at in range(end, max(end - 4, 0), -1):
        if text[at] & 0xC0 != 0x80:
            return at
    return end
