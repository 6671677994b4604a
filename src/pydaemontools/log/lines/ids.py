r"""Lines whose beginnings differ in an id that is new in each: of a request, a trace, a session.

What is neither a word nor a number is told by letters that stand behind digits. No format takes
heed of which they are, nor what an id begins with; so all of the same length are alike here.
"""

import re

from .beginnings import START, Beginnings

H = "[0-9A-Fa-f]"
UUID = f"{H}{{8}}-{H}{{4}}-{H}{{4}}-{H}{{4}}-{H}{{12}}"
# A date and time may be written in one, too.
OTHER = "(?=[A-Za-z]*+[0-9]++[A-Za-z])(?![0-9]{8}T)[0-9A-Za-z]{8,64}+"
# A fraction of a second is none. One behind a date is no longer where a program's name may stand.
BEFORE = "[ \\t\\[({<=:|,/\"'_#-](?<!:[0-9][0-9][:,])"
ID = re.compile(f"{BEFORE}(?:{UUID}|{OTHER})(?![0-9A-Za-z])".encode())
TIMED = b"0123456789[(<"
ZEROS = [b"a" + b"0" * (length - 2) for length in range(66)]
SELDOM = 16  # blocks, of which one is looked at where ids seem to be of no use


def _as_one(found: "re.Match[bytes]") -> bytes:
    return found[0][:1] + ZEROS[found.end() - found.start()]


def alike(text: bytes) -> bytes:
    """TEXT, of a line or more, with all ids of a length the same."""
    return ID.sub(_as_one, text)


class Ids:
    """The levels of beginnings in which ids do not count."""

    def __init__(self) -> None:
        self._beginnings = Beginnings()
        self._most = START  # bytes that any of them has
        self._idle = 0  # blocks that are not to be looked at

    def learn(self, line: bytes, size: int, level: int) -> None:
        """Have LEVEL for each line that is like LINE in its first SIZE bytes but for ids."""
        self._most = max(self._most, size)
        self._beginnings.learn(alike(line[: self._most]), size, level)

    def known(self, lines: list[bytes], found: list[int | None], rest: list[int]) -> list[int]:
        """Give those of LINES at REST their levels, in FOUND, if these are known; the others."""
        if self._idle:
            self._idle -= 1
            return rest
        most, recall = self._most, self._beginnings.recall
        texts = alike(b"\n".join([lines[at][:most] for at in rest])).split(b"\n")
        for at, text in zip(rest, texts, strict=True):
            found[at] = recall(text)
        left = [at for at in rest if found[at] is None]
        if len(left) > len(rest) >> 1:
            self._idle = SELDOM
        return left


def has_id(line: bytes, size: int) -> bool:
    """Whether there is an id in the first SIZE bytes of LINE, behind a date or time."""
    return line[0] in TIMED and ID.search(line, 0, size) is not None
