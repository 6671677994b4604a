"""Messages in a stream, so that their ends are found again: RFC 6587, or a line each.

All messages of a batch become one piece of text with one join: no bytecode runs for a line.
"""

import time
from itertools import chain, repeat

from .formats import Origin, Rfc3164, Rfc5424

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from .batch import Batch

    class Frames(Protocol):
        """What makes a text of messages, in which each is found again."""

        def texts(self, batch: Batch) -> "Iterator[bytes]":
            """Yield the text of BATCH, in pieces."""

        def spans(self, text: bytes) -> "Iterator[tuple[int, int]]":
            """Yield where in TEXT each message begins and ends."""


LONGEST = 8096  # bytes of a message: what rsyslog takes if nobody tells it otherwise
MANY = 4096  # lines in one piece of text, at the most


class OctetFrames:
    """Messages of RFC 5424 or 3164 (FORMAT), each with the count of its bytes before it."""

    def __init__(self, origin: Origin, form: bytes) -> None:
        self._form = Rfc5424(origin) if form == b"5424" else Rfc3164(origin, host=True)
        self._heads = Heads(origin.facility)

    def texts(self, batch: "Batch") -> "Iterator[bytes]":
        """Yield the text of BATCH, in pieces of no more than MANY messages."""
        rest, levels, lines = self._form.of(batch, time.time_ns(), LONGEST)
        heads = self._heads.behind(len(rest))
        for at in range(0, len(lines), MANY):
            some = lines[at : at + MANY]
            keys = zip(levels[at : at + MANY], map(len, some), strict=True)
            parts = zip(map(heads.__getitem__, keys), repeat(rest), some)
            yield b"".join(chain.from_iterable(parts))

    @staticmethod
    def spans(text: bytes) -> "Iterator[tuple[int, int]]":
        """Yield where in TEXT each message begins and ends, its count apart."""
        at = 0
        while at < len(text):
            start = text.index(b" ", at) + 1
            at = start + int(text[at : start - 1])
            yield start, at


class Heads(dict[tuple[int, int], bytes]):
    """(level, length of the line) -> the count and the priority, made when it is needed."""

    def __init__(self, facility: int) -> None:
        super().__init__()
        self._facility = facility
        self._rest = 0

    def behind(self, rest: int) -> "Heads":
        """Return the heads of messages of which REST bytes stand before the line."""
        if rest != self._rest:
            self.clear()
            self._rest = rest
        return self

    def __missing__(self, key: tuple[int, int]) -> bytes:
        level, length = key
        priority = b"<%d>" % (self._facility | level)
        head = b"%d %b" % (len(priority) + self._rest + length, priority)
        self[key] = head
        return head


class LineFrames:
    """JSON objects, each with a newline after it."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def texts(self, batch: "Batch") -> "Iterator[bytes]":
        """Yield the text of BATCH, in pieces of no more than MANY objects."""
        from .entries import objects

        made = objects(batch, self._origin, time.time_ns(), LONGEST)
        for at in range(0, len(made), MANY):
            yield b"\n".join([*made[at : at + MANY], b""])

    @staticmethod
    def spans(text: bytes) -> "Iterator[tuple[int, int]]":
        """Yield where in TEXT each object begins and ends, its newline included."""
        at = 0
        while at < len(text):
            start, at = at, text.index(b"\n", at) + 1
            yield start, at


class CountedFrames(LineFrames):
    """JSON objects, each with the count of its bytes before it: what relp passes on."""

    def texts(self, batch: "Batch") -> "Iterator[bytes]":
        """Yield the text of BATCH, in pieces of no more than MANY objects."""
        for text in super().texts(batch):
            yield b"".join(b"%d %b" % (len(one), one) for one in text.splitlines())

    spans = staticmethod(OctetFrames.spans)


def framing(origin: Origin, form: bytes, *, relp: bool) -> "Frames":
    """Return what makes the text for a stream of messages of the format FORM."""
    if form != b"json":
        return OctetFrames(origin, form)
    return CountedFrames(origin) if relp else LineFrames(origin)
