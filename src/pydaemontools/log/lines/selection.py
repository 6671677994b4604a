"""Which lines go where: multilog's patterns, applied to whole blocks.

A line begins selected. `-PATTERN` deselects it and `+PATTERN` selects it again, in order; so
it is the last pattern that matches which decides. All rules together become one regular
expression that begins with a newline: the search goes from line to line by memchr(3), and
what is not wanted costs next to nothing.
"""

from .batch import Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from re import Pattern

MATCHED = 1000  # bytes of a line that a pattern sees
NOTHING = b"(?!)"
FEW = 2  # different stars that are looked for in a whole block


def tokens(pattern: bytes, *, block: bool) -> list[bytes]:
    """Regular expressions for the parts of PATTERN, which match a line one after another.

    A star and the byte after it match the longest text without that byte, and the byte; a
    star at the end matches anything; every other byte matches itself (multilog, 0.76). In a
    BLOCK of lines a star has to stop at the end of its own.
    """
    from re import escape

    if b"\n" in pattern:
        return [NOTHING]
    stop = rb"\n" if block else b""
    parts = []
    for at in range(len(pattern)):
        byte, after = pattern[at : at + 1], pattern[at + 1 : at + 2]
        if byte != b"*":
            parts.append(escape(byte))
        elif after:
            parts.append(b"[^" + escape(after) + stop + b"]*+")
        else:
            parts.append(rb"[^\n]*+")
        if byte == after == b"*":
            # It has to be there, and is looked at once more as a star.
            parts.append(rb"(?=\*)")
    return [*parts, rb"(?=\n)" if block else rb"\Z"]


def either(choices: list[list[bytes]]) -> bytes:
    """A regular expression for any of CHOICES; what they begin with in common is tried once."""
    groups: dict[bytes, list[list[bytes]]] = {}
    for choice in choices:
        groups.setdefault(choice[0], []).append(choice)
    parts = []
    for group in groups.values():
        same = 0
        while len(group) > 1 and len({tuple(one[same : same + 1]) for one in group}) == 1:
            same += 1
            if same == len(group[0]):
                # All of them are the same.
                del group[1:]
        rest = [one[same:] for one in group]
        tail = b"(?:" + either(rest) + b")" if len(group) > 1 else b"".join(rest[0])
        parts.append(b"".join(group[0][:same]) + tail)
    return b"|".join(parts)


class BatchFilter:
    """What of a stream is wanted; a subclass says what that is."""

    goes_on = False  # whether a line, or a record, that has not ended yet is wanted
    _batch: Batch | None = None
    _part: Batch | None = None

    @property
    def everything(self) -> bool:
        """Whether each line is wanted, for sure."""
        return False

    def of(self, batch: Batch) -> Batch:
        """What of BATCH is wanted. The batches of a stream are to come in their order."""
        if self._batch is not batch or not self._part:
            self._batch, self._part = batch, self.choose(batch)
        return self._part

    def choose(self, batch: Batch) -> Batch:
        """What of BATCH, the next one of the stream, is wanted."""
        raise NotImplementedError


class Selection(BatchFilter):
    """What of a stream RULES select: pairs of + or - and a pattern."""

    def __init__(self, rules: list[tuple[bytes, bytes]]) -> None:
        # All lines but those that match, or no others.
        self.all, line, _ = joined(rules, block=False)
        _, block, stars = joined(rules, block=True)
        self._match: Pattern[bytes] | RuleByRule | None
        try:
            self._match = _compiled(line) if line else None
            # Many stars, each of which goes over the line anew, are faster line by line.
            self._search = _compiled(rb"\n(?:" + block + b")") if block and stars <= FEW else None
        except RecursionError:
            self._match, self._search = RuleByRule(rules, everything=self.all), None

    @property
    def everything(self) -> bool:
        """Whether each line is selected."""
        return self.all and not self._match

    def choose(self, batch: Batch) -> Batch:
        """What of BATCH is selected."""
        if not self._match:
            self.goes_on = self.all
            return batch if self.all else Batch([], text=b"")
        text, head, tail = batch.text, b"", b""
        if batch.continued:
            end = text.find(b"\n") + 1 or len(text)
            head, text = text[:end] if self.goes_on else b"", text[end:]
        if batch.unfinished and text:
            start = text.rfind(b"\n") + 1
            text, tail = text[:start], text[start:]
            self.goes_on = self.selects_piece(tail)
            tail = tail if self.goes_on else b""
        chosen = head + self._whole(text) + tail
        unfinished = bool(chosen) and chosen[-1:] != b"\n"
        return Batch([], text=chosen, continued=bool(head), unfinished=unfinished)

    def _whole(self, text: bytes) -> bytes:
        """The selected ones of the whole lines in TEXT."""
        if not text:
            return text
        if self.has_long_line(text):
            chosen = [line for line in text.split(b"\n")[:-1] if self.selects(line)]
        elif not self._search:
            chosen = list(self._filter(text.split(b"\n")[:-1]))
        elif self.all:
            return self._search.sub(b"", b"\n" + text)[1:]
        else:
            found = self._search.findall(b"\n" + text)
            return b"".join([*found, b"\n"])[1:] if found else b""
        return b"\n".join([*chosen, b""])

    def _filter(self, lines: list[bytes]) -> "Iterable[bytes]":
        """The selected ones of LINES, none of which is long."""
        from itertools import filterfalse

        assert self._match  # noqa: S101 - for the type checker
        return (
            filterfalse(self._match.match, lines) if self.all else filter(self._match.match, lines)
        )

    def has_long_line(self, text: bytes) -> bool:
        """Whether there may be a line in TEXT of which a pattern sees only a part."""
        return has_long_line(text)

    def selects_piece(self, piece: bytes) -> bool:
        """Whether the line that begins with PIECE is selected."""
        return self.selects(piece)

    def selects(self, line: bytes) -> bool:
        """Whether LINE, of which a pattern sees no more than its beginning, is selected."""
        found = self._match.match(line[:MATCHED]) if self._match else None
        return (found is None) == self.all


class RuleByRule:
    """RULES that lie too deep in one another for one expression: each for itself."""

    def __init__(self, rules: list[tuple[bytes, bytes]], *, everything: bool) -> None:
        self._all = everything
        self._rules = [
            (sign == b"+", _compiled(b"".join(tokens(pattern, block=False))))
            for sign, pattern in reversed(rules)
        ]

    def match(self, line: bytes) -> "RuleByRule | None":
        """Something if LINE is not as most are: as the expression does."""
        wanted = next((sign for sign, one in self._rules if one.match(line)), True)
        return None if wanted == self._all else self


def _compiled(expression: bytes) -> "Pattern[bytes]":
    import re

    return re.compile(expression, re.DOTALL)


def joined(rules: list[tuple[bytes, bytes]], *, block: bool) -> tuple[bool, bytes, int]:
    """Whether it is all lines but those of an expression, or no others; and the expression.

    Last, how many different stars it begins with.
    """
    everything = True
    choices: list[list[bytes]] = []
    for sign, pattern in rules:
        if pattern == b"*":
            everything, choices = sign == b"+", []
        elif (sign == b"+") != everything:
            choices.append(tokens(pattern, block=block))
        elif choices:
            unless = b"".join(tokens(pattern, block=block))
            choices = [[b"(?!" + unless + b")(?:" + either(choices) + b")"]]
    stars = len({choice[0] for choice in choices if choice[0][:2] == b"[^"})
    return everything, either(choices), stars


def has_long_line(text: bytes, most: int = MATCHED) -> bool:
    """Whether there may be a line in TEXT of which a pattern sees only a part: MOST bytes."""
    step = most // 2
    # A line that is longer covers at least one of these windows.
    return any(text.find(b"\n", at, at + step) < 0 for at in range(0, len(text) - step, step))
