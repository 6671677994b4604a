r"""Secrets are masked before anything leaves: `--redact PATTERN`.

A pattern is a regular expression of bytes. Of what it matches, the group called `secret` is
replaced by `***`; without one, the first group; without any, or where that group has no part
in the match, all of it. It is searched in whole blocks, and never matches across lines (see
confine.py). A name after a colon is one of PRESETS.

A pattern is tried at each place of a line, as Python's re does it: by trying. One in which
a repetition repeats a repetition, as `(a+)+b`, takes a time that doubles with each byte of a
line that nearly matches, and nothing is logged meanwhile. A++ and (?>...) do not go back.
"""

from .linewise_regex import BadPattern, compiled

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

MASK = b"***"
# Names of what is secret, in words of which one may be a part (DB_PASSWORD, userPassword2).
# A lower-case first letter or a capital, spelled out: re then looks for nothing but these.
_SECRET = rb"[pPsS](?i:(?<=p)(?:ass(?:word|wd|phrase)|wd)|(?<=s)ecret)[\w.-]{0,32}+"
_TOKEN = rb"[tTaA](?i:(?<=t)oken(?!s)|(?<=a)(?:pi[_-]?key|ccess[_-]?key|uthorization))[\w.-]{0,32}+"
# A value in quotes, which may be those of a JSON text within JSON; then one without quotes,
# to the next blank or &, but for what closes a list or a call. JSON's own words are no secrets.
# Where an object or a list ends no expression knows: all that follows is masked. In an address
# within an address = is %3D.
_QUOTED = rb"""\\{0,3}["']?\s*[=:]\s*\\{0,3}(?P<q>["'])(?P<secret>(?:(?!(?P=q))[^\\]|\\.)+)"""
_BARE = (
    rb"""\\{0,3}["']?\s*(?:[=:]|%3[dD])\s*(?!\\{0,3}["']|(?:null|true|false|None|True|False)\b)"""
    rb"""(?i:(?:bearer|basic|digest)\s+)?(?P<secret>[{\[].*+|[^\s&"']*[^\s&"',;)\]}])"""
)
_CARD16 = (
    rb"[2-6](?<![\w.][2-6])(?:(?<=4)[0-9]{3}|(?<=5)[1-5][0-9]{2}|(?<=2)[2-7][0-9]{2}"
    rb"|(?<=6)(?:011|[45][0-9]{2}))(?:[ -]?[0-9]{4}){3}(?![0-9])"
)
# From the beginning of a word on, or each of its letters would be tried as one. Bytes above 127
# are letters of some name or domain.
_LETTER = rb"[\w.%+\x80-\xff-]"
_HOST = rb"[\w\x80-\xff-]++"
_EMAIL = rb"%b(?<!%b%b)%b*+@%b(?:\.%b)+" % (*[_LETTER] * 4, _HOST, _HOST)
PRESETS: dict[bytes, tuple[bytes, ...]] = {
    # 16 digits as Visa, Mastercard and Discover have them, 15 of Amex; blanks or - between.
    b"card": (
        _CARD16,
        rb"3(?<![\w.]3)[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}(?![0-9])",
    ),
    b"email": (_EMAIL,),
    # A key's value; what follows Bearer or Basic; JSON web tokens; what GitHub, Slack, AWS,
    # Stripe and others begin their keys with.
    b"token": (
        _TOKEN + _QUOTED,
        _TOKEN + _BARE,
        rb"[bB](?i:earer|asic)\s+(?P<secret>[\w.~+/=-]{8,})",
        rb"eyJ(?<![\w-]...)[\w-]{8,}+\.[\w-]{4,}+(?:\.[\w-]*+)?",
        rb"gh[pousr]_\w{16,}",
        rb"github_pat_\w{16,}",
        rb"glpat-[\w-]{16,}",
        rb"xox[abeoprs]-[\w-]{8,}",
        rb"[sr]k(?<![A-Za-z0-9]..)[_-](?=[\w-]{16})[\w-]+",
        rb"A(?:KIA|SIA)[A-Z0-9]{16}",
    ),
    # A key's value, and what stands before the @ of an address: scheme://user:password@host.
    b"password": (
        _SECRET + _QUOTED,
        _SECRET + _BARE,
        rb"://[^\s/:@]*:(?P<secret>[^\s/@]+)@",
    ),
}


class Redaction:
    """Masks what PATTERNS find; raises BadPattern for one that cannot be used."""

    def __init__(self, patterns: "list[bytes]") -> None:
        self._patterns = [one for pattern in patterns for one in _made(pattern)]

    def block(self, text: bytes) -> bytes:
        """TEXT, of one line or many, with `***` for each secret; no line more or less."""
        text = self._plain(text)
        if b"\\u" not in text or b"{" not in text:
            # Nearly always.
            return text
        from .escaped import masked

        return masked(text, self._plain)

    def _plain(self, text: bytes) -> bytes:
        """TEXT with the mask where a pattern matches what stands there."""
        for pattern, group in self._patterns:
            text = _masked(text, pattern, group)
        return text


def _made(pattern: bytes) -> "list[tuple[re.Pattern[bytes], int]]":
    """What a PATTERN of the command line searches for, and which group is the secret."""
    if pattern[:1] != b":":
        made = [compiled(pattern)]
    elif pattern[1:] in PRESETS:
        made = [compiled(one) for one in PRESETS[pattern[1:]]]
    else:
        names = b" ".join(b":" + name for name in PRESETS)
        raise BadPattern(b"there is no " + pattern + b"; there are " + names)
    return [(one, one.groupindex.get("secret", min(one.groups, 1))) for one in made]


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
