"""What a person may have meant by a word that there is not."""

LONG = 4  # bytes of a word in which one that is wrong is a slip, and no other word


def near(word: bytes, known: "list[bytes]") -> bytes:
    """The first of the words KNOWN that WORD differs from by a slip; nothing if there is none."""
    return next((one for one in known if len(one) >= LONG and differs_once(word, one)), b"")


def differs_once(one: bytes, other: bytes) -> bool:
    """Whether a byte of ONE is another, missing or too much in OTHER, or two are exchanged."""
    while one and one[:1] == other[:1]:
        one, other = one[1:], other[1:]
    while one and one[-1:] == other[-1:]:
        one, other = one[:-1], other[:-1]
    swapped = len(one) == 2 and one == other[::-1]
    return swapped or (len(one) < 2 and len(other) < 2)
