r"""logfmt: `level=info msg="hello world" user=7`, as logrus, slog and go-kit write it.

A key begins with a letter or `_`, an `=` follows, and a value that is quoted or has neither
blanks nor quotes. In quotes the escapes are those of JSON and of Go's %q (\n \" \u1234 \x1b).
Values are text: logfmt has no other type.
"""

import re

# Possessive throughout: what was taken is not given back, so no line takes long.
KEY = r"[A-Za-z_][A-Za-z0-9_.\-]*+"
PAIR = re.compile(rf'({KEY})=(?:"((?>(?:[^"\\]++|\\.)*))"|([^\s"]*+))(?:[ \t]++|\Z)', re.DOTALL)
WHOLE = re.compile(rf"(?>(?:{PAIR.pattern})+)", re.DOTALL)
HEAD = re.compile(KEY.encode() + rb"=")
LATER = re.compile(rb"\n" + HEAD.pattern)
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
# The keys of which a line has to have one: text that merely has an = is no logfmt.
KEYS = ("level", "msg", "message", "lvl", "severity")
COUNT = [key.encode() + b"=" for key in KEYS]
LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v"}


def parse(line: bytes) -> dict[str, object] | None:
    """The keys and values of LINE, the last of equal keys; None if it is not logfmt as a whole,
    or has none of KEYS.

    Bytes that are no UTF-8 are in the values as surrogates.
    """
    if not HEAD.match(line):
        return None
    text = line.decode("utf-8", "surrogateescape")
    if not WHOLE.fullmatch(text):
        return None
    pairs = _values(text)
    return None if pairs.keys().isdisjoint(KEYS) else pairs


def _values(text: str) -> dict[str, object]:
    """The keys and values of TEXT, which is nothing else."""
    return {
        key: bare or (unescape(quoted) if "\\" in quoted else quoted)
        for key, quoted, bare in PAIR.findall(text)
    }


def begun(text: str) -> dict[str, object]:
    """The keys and values that TEXT begins with, the beginning of a line, as far as it is whole."""
    found = WHOLE.match(text)
    whole = found[0] if found else ""
    if len(whole) == len(text) and text[-1:] not in (" ", "\t"):
        # The last value may go on.
        whole = whole[: max(whole.rfind(" "), whole.rfind("\t")) + 1]
        found = WHOLE.match(whole)
        whole = found[0] if found else ""
    return _values(whole)


def possible(block: bytes) -> bool:
    """Whether a line of BLOCK may be logfmt with one of the keys that make it count."""
    if not (HEAD.match(block) or LATER.search(block)):
        return False
    return any(key in block for key in COUNT)


def unescape(text: str) -> str:
    """TEXT, which stood between quotes, as it was before it was quoted."""
    text = ESCAPE.sub(_meant, text)
    if text.isascii():
        return text
    # Two escapes may be the halves of one character.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _meant(found: "re.Match[str]") -> str:
    """The character that an escape stands for."""
    short, long, byte, letter = found.groups()
    if letter:
        return LETTERS.get(letter, letter)
    if short or long:
        code = int(short or long, 16)
        return chr(code) if code < 0x110000 else "\ufffd"
    code = int(byte, 16)
    # A byte above 127 is part of a character, or of none: as decode() leaves it.
    return chr(code) if code < 128 else chr(0xDC00 + code)
