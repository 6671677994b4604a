"""Patterns of svlogd (runit 2.1.2), for whole blocks of lines.

As multilog's, and `+c` is one or more of the byte c; where these are the end of the line, that is
a match whatever follows in the pattern. What a pattern sees is the beginning of a line, and what
was replaced in it is replaced.
"""

from .selection import Selection, has_long_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Pattern

FEW = 2  # patterns that begin with a star, and are looked for in a whole block
WINDOWS = 64  # bytes of a line, from which on longer ones are not found line by line


def expression(pattern: bytes, *, block: bool) -> bytes:
    """A regular expression for PATTERN, which ends where a line does; in a BLOCK of lines, before
    the newline.
    """
    from re import escape

    end = rb"(?=\n)" if block else rb"\Z"
    parts, close, at = [], 0, 0
    while at < len(pattern):
        byte, after = pattern[at : at + 1], pattern[at + 1 : at + 2]
        at += 1
        if byte == b"*" and not after:
            parts.append(rb"[^\n]*+" if block else b".*+")
        elif byte == b"*":
            stop = escape(after) + (rb"\n" if block else b"")
            # What ends it has to be there, and is looked at once more: it may be a star itself.
            parts.append(b"[^" + stop + b"]*+(?=" + escape(after) + b")")
        elif byte == b"+" and after:
            at += 1
            close += 1
            parts.append(escape(after) + b"++(?:" + end + b"|")
        elif byte == b"+":
            parts.append(b"(?!)")
        else:
            parts.append(escape(byte))
    return b"".join(parts) + end + b")" * close


def matches(pattern: bytes, line: bytes) -> bool:
    """Whether PATTERN matches LINE: step by step, where there is no expression for it."""
    at = 0
    while pattern:
        byte, after = pattern[:1], pattern[1:2]
        if byte == b"*":
            pattern = pattern[1:]
            at = line.find(after, at) if after else len(line)
            if at < 0:
                return False
        elif byte == b"+":
            rest = line[at:].lstrip(after)
            if not after or line[at : at + 1] != after or not rest:
                return bool(after) and line[at : at + 1] == after
            pattern, at = pattern[2:], len(line) - len(rest)
        elif line[at : at + 1] == byte:
            pattern, at = pattern[1:], at + 1
        else:
            return False
    return at == len(line)


class StepByStep:
    """RULES that lie too deep in one another for an expression: the last that matches decides."""

    def __init__(self, rules: list[tuple[bool, bytes]], *, first: bool, everything: bool) -> None:
        self._rules = rules
        self._first = first  # whether a line is wanted that no rule is about
        self._all = everything

    def match(self, line: bytes) -> "StepByStep | None":
        """Something if LINE is not as most are: as the expression does."""
        found = [wanted for wanted, pattern in self._rules if matches(pattern, line)]
        wanted = found[-1] if found else self._first
        return None if wanted == self._all else self


class HeadSelection(Selection):
    """What of a stream RULES select: pairs of whether a line is wanted, and the pattern for that.

    A line that no rule is about is wanted if EVERYTHING is. A pattern sees MOST bytes of a line; of
    one that comes in pieces, `ahead` is what follows the first piece.
    """

    def __init__(self, rules: list[tuple[bool, bytes]], most: int, *, everything: bool) -> None:
        self.ahead = b""
        self.all = everything
        self._most = most
        self._search = None
        self._match: Pattern[bytes] | StepByStep | None = None  # type: ignore[assignment]
        choices: list[tuple[bytes, bytes]] = []
        stars = 0
        for wanted, pattern in rules:
            both = expression(pattern, block=False), expression(pattern, block=True)
            if pattern == b"*":
                self.all, choices, stars = wanted, [], 0
            elif wanted != self.all:
                choices.append(both)
                stars += pattern[:1] == b"*"
            elif choices:
                line, block = _either(choices)
                unless = b"(?!%b)(?:%b)"
                choices = [(unless % (both[0], line), unless % (both[1], block))]
        if choices:
            self._compile(*_either(choices), stars)
            if not self._match:
                self._match = StepByStep(rules, first=everything, everything=self.all)

    def _compile(self, line: bytes, block: bytes, stars: int) -> None:
        import re

        try:
            self._match = re.compile(line, re.DOTALL)
            # Many stars, each of which goes over the line anew, are faster line by line.
            if stars <= FEW:
                self._search = re.compile(rb"\n(?:" + block + b")", re.DOTALL)
        except RecursionError:
            self._match = self._search = None

    @property
    def nothing(self) -> bool:
        """Whether no line is selected."""
        return not self.all and not self._match

    def whole(self, text: bytes) -> bytes:
        """The selected ones of the whole lines in TEXT, wherever they stand in the stream."""
        if self._match:
            return self._whole(text)
        return text if self.all else b""

    def has_long_line(self, text: bytes) -> bool:
        """Whether there may be a line in TEXT of which a pattern sees only a part."""
        return may_be_longer(text, self._most)

    def selects_piece(self, piece: bytes) -> bool:
        """Whether the line that begins with PIECE is selected."""
        return self.selects(piece + self.ahead)

    def selects(self, line: bytes) -> bool:
        """Whether LINE, of which a pattern sees no more than its beginning, is selected."""
        found = self._match.match(line[: self._most]) if self._match else None
        return (found is None) == self.all


def _either(choices: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    return b"|".join(line for line, _ in choices), b"|".join(block for _, block in choices)


def may_be_longer(text: bytes, most: int) -> bool:
    """Whether there may be a line in TEXT of MOST bytes or more."""
    if most >= WINDOWS:
        return has_long_line(text, most)
    return any(len(line) >= most for line in text.split(b"\n"))
