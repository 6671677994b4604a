r"""A regular expression made such that it cannot match a newline.

Lines travel in blocks, and a pattern that could reach into the next line would find other
things in a block than in its lines. So what could match a newline is written anew, such that
it matches all it did but that:

    .  [^x]  \s  \W  \D     [^\n]  [^\nx]  [^\S\n]  [^\w\n]  [^\d\n]
    \A  \Z                  ^  $, and these hold at each line (MULTILINE)
    \n  [\x00-\x1f]         (?:(?!\n)...) around it: all else that matches a newline

What stands in a look-ahead or look-behind is rewritten alike, so that it ends with the line
too, and `\b` takes a newline for what it is at the edge of a line. Then the matches in a block
are those in its lines. Flags that would change how a pattern is read (x, L) and groups that
take a flag back are refused.
"""

import re
import warnings

# What a pattern is read as: comments, groups with flags, escapes, sets, and single bytes.
PIECE = re.compile(
    rb"""
      (?P<comment> \(\?\#[^)]*\) )
    | \(\?(?P<flags> [a-zA-Z]*-?[a-zA-Z]* )[:)](?<!\(\?:)
    | (?P<group> \(\?P[<=][^>)]*[>)] )
    | (?P<escape> \\(?:x[0-9a-fA-F]{2}|0[0-7]{0,2}|[0-3][0-7]{2}|[1-9][0-9]?|.) )
    | (?P<set> \[\^?\]?(?:[^\]\\]|\\.)*\] )
    | (?P<dot> \. )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
REWRITTEN = {
    b".": rb"[^\n]",
    rb"\s": rb"[^\S\n]",
    rb"\W": rb"[^\w\n]",
    rb"\D": rb"[^\d\n]",
    rb"\A": rb"^",
    rb"\Z": rb"$",
    rb"\z": rb"$",
}
FLAGS = b"aims"


class BadPattern(Exception):
    """Why a pattern cannot be used: `text`, for whoever wrote it."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self.text = text


def compiled(pattern: bytes) -> "re.Pattern[bytes]":
    """PATTERN as a regular expression that matches within lines only; raises BadPattern."""
    _compile(pattern, 0)  # what is wrong is said of the pattern as it was given
    return _compile(PIECE.sub(_rewritten, pattern), re.MULTILINE)


def _compile(pattern: bytes, flags: int) -> "re.Pattern[bytes]":
    with warnings.catch_warnings():
        # A set that may mean something else one day is none of a daemon's business.
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern, flags)
        except re.error as error:
            raise BadPattern(str(error).encode("utf-8", "replace")) from None
        except (OverflowError, RecursionError, ValueError) as error:
            raise BadPattern(b"too large: " + str(error).encode("utf-8", "replace")) from None


def _rewritten(found: "re.Match[bytes]") -> bytes:
    """One piece of a pattern, such that it does not match a newline."""
    piece = found[0]
    if (flags := found["flags"]) is not None:
        if flags.strip(FLAGS):
            raise BadPattern(b"a pattern may have the flags a, i, m and s, not " + piece)
        return piece
    if found["comment"] or found["group"]:
        return piece
    if piece in REWRITTEN:
        return REWRITTEN[piece]
    if piece[:2] == b"[^":
        return rb"[^\n" + (b"\\" + piece[2:] if piece[2:3] == b"]" else piece[2:])
    if _may_be_newline(found):
        return rb"(?:(?!\n)" + piece + b")"
    return piece


def _may_be_newline(found: "re.Match[bytes]") -> bool:
    """Whether a set, an escape or a single byte matches a newline."""
    if found["set"]:
        return bool(_compile(found[0], 0).match(b"\n"))
    if not found["escape"]:
        return found[0] == b"\n"
    code = found[0][1:]
    if code[:1] == b"x":
        return code.lower() == b"x0a"
    if code[:1] == b"0" or len(code) == 3:
        return int(code, 8) == 10
    return code in (b"n", b"\n")
