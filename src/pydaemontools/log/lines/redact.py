r"""Secrets are masked before anything leaves: `--redact PATTERN`.

A pattern is a regular expression of bytes. Of what it matches, the group called `secret` is
replaced by `***`; without one, the first group; without any, or where that group has no part
in the match, all of it. It is searched in whole blocks, and never matches across lines (see
linewise_regex.py). A name after a colon is one of PRESETS.

A pattern is tried at each place of a line, as Python's re does it: by trying. One in which
a repetition repeats a repetition, as `(a+)+b`, takes a time that doubles with each byte of a
line that nearly matches, and nothing is logged meanwhile. A++ and (?>...) do not go back.
"""

from .linewise_regex import BadPattern, compiled
from .secret_patterns import PRESETS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

MASK = b"***"


class Redaction:
    """Masks what PATTERNS find; raises BadPattern for one that cannot be used."""

    def __init__(self, patterns: "list[bytes]") -> None:
        self._searches = [one for pattern in patterns for one in _made(pattern)]

    def block(self, text: bytes) -> bytes:
        """TEXT, of one line or many, with `***` for each secret; no line more or less."""
        if b"\\" in text and any(one in text for one in (b"\\u", b"\\x", b"\\U")):
            # Before all else, which would leave half of a secret: \u0022 is a quote.
            from . import escaped

            text = escaped.masked(text, self._read)
        return self._read(text)

    def _read(self, text: bytes) -> bytes:
        """TEXT without what is found as it stands there, or as an address is read."""
        text = self._plain(text)
        if b"%" in text:
            from . import percent

            text = percent.masked(text, self._plain)
        return text

    def _plain(self, text: bytes) -> bytes:
        """TEXT with the mask where a pattern matches what stands there."""
        for search in self._searches:
            text = search.masked(text)
        return text


class _Search:
    """Masks what PATTERNS find; only in lines in which CLUE is found, if there is one."""

    def __init__(self, patterns: "tuple[bytes, ...]", clue: bytes = b"") -> None:
        self._given = patterns
        self._clue = compiled(clue) if clue else None
        # Made with the first line that has the clue: that takes longer than to start.
        self._patterns = [] if clue else self._compiled()

    def masked(self, text: bytes) -> bytes:
        """TEXT with the mask for what is found."""
        if not self._clue:
            return self._all(text)
        parts: list[bytes] = []
        at = 0
        for found in self._clue.finditer(text):
            if found.start() >= at:
                start = text.rfind(b"\n", at, found.start()) + 1 or at
                end = text.find(b"\n", found.end())
                end = len(text) if end < 0 else end
                parts += text[at:start], self._all(text[start:end])
                at = end
        return b"".join((*parts, text[at:])) if parts else text

    def _compiled(self) -> "list[tuple[re.Pattern[bytes], int]]":
        """The patterns, and which group of each is the secret."""
        made = map(compiled, self._given)
        return [(one, one.groupindex.get("secret", min(one.groups, 1))) for one in made]

    def _all(self, text: bytes) -> bytes:
        self._patterns = self._patterns or self._compiled()
        for pattern, group in self._patterns:
            text = _masked(text, pattern, group)
        return text


def _made(pattern: bytes) -> "list[_Search]":
    """What a PATTERN of the command line searches for. Raises BadPattern."""
    if pattern[:1] != b":":
        return [_Search((pattern,))]
    if pattern[1:] in PRESETS:
        return [_Search(patterns, clue) for clue, patterns in PRESETS[pattern[1:]]]
    names = b" ".join(b":" + name for name in PRESETS)
    raise BadPattern(b"there is no " + pattern + b"; there are " + names)


def _masked(text: bytes, pattern: "re.Pattern[bytes]", group: int) -> bytes:
    """TEXT with the mask for what GROUP of PATTERN matches."""
    spans = [_span(found, group) for found in pattern.finditer(text)]
    if not spans:
        return text
    parts: list[bytes] = []
    at = 0
    # A group in a look-ahead may lie behind its match, even behind the next one.
    for start, end in sorted(spans):
        if end > at and end > start:
            parts += (text[at:start], MASK) if start >= at else ()
            at = end
    return b"".join((*parts, text[at:]))


def _span(found: "re.Match[bytes]", group: int) -> tuple[int, int]:
    """Where the secret is: all of it if the group has no part in it."""
    return found.span(group if found.start(group) >= 0 else 0)
