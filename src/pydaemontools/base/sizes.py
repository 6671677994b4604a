"""How a person writes and reads a number of bytes: 65536, 64k, 1m or 2g."""

UNITS = {b"k": 1 << 10, b"m": 1 << 20, b"g": 1 << 30}
SHOWN = ((2**30, b"G"), (2**20, b"M"), (2**10, b"k"))
DIGITS = 15  # that one may have, at the most


def parse(text: bytes) -> int | None:
    """How many bytes TEXT says: a number, perhaps with k, m or g behind it; None without one."""
    unit = UNITS.get(text[-1:].lower(), 0)
    number = text[:-1] if unit else text
    return int(number) * (unit or 1) if number.isdigit() and len(number) <= DIGITS else None


def size(count: int) -> bytes:
    """COUNT bytes, in the unit that leaves one to four digits."""
    for unit, letter in SHOWN:
        if count >= unit:
            return b"%.1f%s" % (count / unit, letter)
    return b"%d" % count
