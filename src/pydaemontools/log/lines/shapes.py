r"""What level a line has that its first bytes do not say: which of FORMATS it is in.

All formats are one regular expression; those that begin with a time share what finds it.
"""

import re

from . import keys
from .courses import PATH
from .level_words import LETTERS, WORDS
from .line_format import LineFormat
from .line_formats import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
DATE = (
    rf"(?:(?:{DAY} )?[0-9]{{4}}[-/.][0-9]{{2}}[-/.][0-9]{{2}}"
    rf"|(?:{DAY},? )?(?:[0-9]{{1,2}}[-/. ]{MONTH}[-/. ][0-9]{{4}}"
    rf"|{MONTH} {{1,2}}[0-9]{{1,2}}(?:,? [0-9]{{4}}(?=[ T]))?)"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{2}[-/][0-9]{2}(?= )"
    r"|[0-9]{8}|[0-9]{6})"
)
CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,:][0-9]{1,9})?)?"
HALF = "(?:(?: |\u202f)?[AP]M\\b)"  # Java has a narrow blank there
# Some levels look like a zone.
ZONE = r"(?: ?(?!CRI?T|BLAT)(?:Z|UTC|GMT|MSK|[A-Z]{2,3}T|[+-][0-9]{2}:?[0-9]{2})(?![A-Za-z0-9]))"
WHEN = (
    rf"(?:(?:{DATE}(?:[T_:-]|,? {{1,2}}))?{CLOCK}{HALF}?(?: [0-9]{{4}}(?=\]))?{ZONE}?"
    r"|[0-9]{10}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?(?:\.[0-9]{1,9})?(?![0-9:])"
    r"|[0-9]\.[0-9]{1,17}e\+[0-9]{2}(?=\t)|@[0-9a-f]{24})"
)
# The closing bracket of a time that has an opening one may come later.
TIMED = re.compile(rf"[\[(<]?{WHEN}(?:[\])>](?![0-9]))?".encode())
# Bytes behind a time in which a level is looked for; more where fields have names.
NEAR, FAR, EQUALS = 96, 256, 0x3D
TIME = "{when}"
END = r"(?=\n)"  # of a line; not \Z, which is also where a match has to end
PART = re.compile(r"\{(when|caps|CAPS|word|letter|level(?:=([^{}]+))?)\}")


def any_of(words: "Iterable[bytes]", *, both: bool) -> str:
    """An expression for any of WORDS, in small letters: these, with BOTH also in capitals, else
    in capitals alone. What words begin with in common is tried once.
    """
    behind: dict[bytes, list[bytes]] = {}
    for word in words:
        behind.setdefault(word[:1], []).append(word[1:])
    ends = behind.pop(b"", None)
    parts = []
    for first, rest in sorted(behind.items()):
        small, large = re.escape(first.decode()), re.escape(first.upper().decode())
        letter = f"[{small}{large}]" if both and small != large else large
        parts.append(letter + any_of(rest, both=both))
    if not parts:
        return ""
    text = parts[0] if not parts[1:] and not ends else f"(?:{'|'.join(parts)})"
    return f"{text}?" if ends else text


ANY, CAPITALS = any_of(WORDS, both=True), any_of(WORDS, both=False)


def _parts(forms: "Iterable[LineFormat]") -> set[bytes]:
    """The words for levels in FORMS, those of several words in their parts."""
    return {
        part.strip(b"0123456789") for form in forms for word in form.words for part in word.split()
    }


ALL_WORDS = _parts(FORMATS)
# What a level is called in a format that begins with a time.
NEAR_WORDS = _parts(one for one in FORMATS if any(where.startswith(TIME) for where in one.where))
# Of text, what its words are: digits part them too, as in DEBUG1.
WORDS_ALONE = bytes(i if chr(i).isalpha() and i < 128 else 0x20 for i in range(256)).lower()
GROUP = re.compile(r"(?<!\\)\((?!\?)")  # in a class of characters a ( is escaped
PARTS = {
    "when": WHEN,
    "caps": CAPITALS,
    "CAPS": f"({CAPITALS})",
    "word": f"({ANY})",
    "letter": f"([{b''.join(LETTERS).upper().decode()}])",
}


class BadLevels(Exception):
    """Why formats cannot be had as they were asked for: `text`, for whoever did."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self.text = text


class Found:
    """What was found in a line: the FORM, the severity, where what names it ends."""

    __slots__ = ("end", "form", "level")

    def __init__(self, form: LineFormat, level: int, end: int) -> None:
        self.form = form
        self.level = level
        self.end = end


def chosen(names: "Iterable[str] | None") -> tuple[LineFormat, ...]:
    """The formats called NAMES, or all, in the order of the table."""
    wanted = None if names is None else set(names)
    return tuple(one for one in FORMATS if wanted is None or one.name in wanted)


def asked(
    names: bytes,
    patterns: "Iterable[bytes]",
    what: bytes = b"--levels",
    own: bytes = b"--level-pattern",
) -> tuple[list[str] | None, list["re.Pattern[bytes]"], bool]:
    """What --levels NAMES and --level-pattern PATTERNS ask for, as Forms takes it.

    Raises BadLevels, which says WHAT takes names, or what takes one's OWN pattern.
    """
    compiled = [_own_pattern(pattern, own) for pattern in patterns]
    known = [one.name for one in FORMATS]
    words = names.decode("latin-1").split(",")
    for word in words:
        if word not in ("auto", "head", "access", *known):
            formats = " ".join(known)
            say = f" takes auto, head, access, or formats ({formats}), not {word}"
            raise BadLevels(what + say.encode("latin-1"))
    chosen_ones = [word for word in words if word in known]
    return (None if "auto" in words else chosen_ones), compiled, "access" in words


def _own_pattern(pattern: bytes, name: bytes) -> "re.Pattern[bytes]":
    from .linewise_regex import BadPattern, compiled

    what = name + b" takes a regular expression "
    try:
        made = compiled(pattern)
    except BadPattern as error:
        raise BadLevels(what.rstrip() + b": " + error.text) from None
    if "level" not in made.groupindex or made.groupindex.keys() - {"level", "message", "time"}:
        groups = b"with the group (?P<level>...), and if wanted (?P<message>...), (?P<time>...)"
        raise BadLevels(what + groups + b", not " + pattern)
    return made


class Expression:
    """Alternatives as one expression, which is made when it is needed first.

    WORDS are what a level is called in any of them.
    """

    def __init__(self, words: set[bytes]) -> None:
        self._words = words
        self._parts: list[tuple[str, LineFormat]] = []
        self._owners: list[LineFormat] = []
        self._made: re.Pattern[bytes] | None = None

    def add(self, where: str, form: LineFormat) -> None:
        """Have FORM found WHERE the expression says."""
        self._parts.append((where, form))

    def find(self, text: bytes, start: int = 0) -> Found | None:
        """What is found at START in TEXT, a line with its newline.

        Where more than one may be meant, the level that stands first counts.
        """
        match_at = (self._made or self._make()).match
        match = match_at(text, start)
        while match:
            at = match.lastindex or 1
            level = match.start(at)
            before = text[start:level].translate(WORDS_ALONE).split()
            nearer = None if self._words.isdisjoint(before) else match_at(text, start, level)
            if not nearer:
                form = self._owners[at - 1]
                return Found(form, form.words[match[at].lower()], match.end())
            match = nearer
        return None

    def deciding(self, text: bytes, start: int, end: int) -> int:
        """How many bytes of TEXT decide about what was found there, from START to END.

        That is what was found, maybe with one byte behind it; 0 if it is more.
        """
        match_at = (self._made or self._make()).match
        # Behind a word is what ends it.
        sizes = (end + 1,) if text[end - 1 : end].isalnum() else (end, end + 1)
        return next((size for size in sizes if match_at(text, start, size)), 0)

    def _make(self) -> "re.Pattern[bytes]":
        texts = []
        for where, form in self._parts:
            text = PART.sub(lambda part, form=form: _part(part, form), where)  # type: ignore[misc]
            text = text.replace(r"\Z", END)
            self._owners += [form] * len(GROUP.findall(text))
            texts.append(text)
        # With none, what never matches.
        self._made = re.compile("|".join(texts or ["(?!)"]).encode())
        return self._made


def _kind(first: str) -> str:
    """What kind of byte FIRST is, at the head of a line or of an expression."""
    if first in "[(":
        return "["
    if first.isdigit():
        return "0"
    return first if first == "=" else "a"


def _part(part: "re.Match[str]", form: LineFormat) -> str:
    """What a word in braces stands for in a pattern of FORM."""
    if part[2]:
        return f"({part[2]})"
    if part[1] == "level":
        return f"({any_of(form.words, both=True)})"
    return PARTS[part[1]]


# What all have before the level that begin with a path, or the name of a program.
PATHS = re.compile(
    (
        rf"[A-Za-z]:\\|{PATH}[:\(]"
        rf"(?:[0-9]|(?<=:)(?: line [0-9]| {PATH}:[0-9]|//| Uncaught exc))"
    ).encode()
)
BEGINNING = re.compile(r"\{level=([^{}]+)\}|\[(\^)?([^\]]+)\]|(\\?.)")
MARKS = b"/.#*-})"  # what begins so is in no other format


class Crashes:
    """Alternatives by the byte that a line begins with, since there are many, and seldom one."""

    def __init__(self) -> None:
        self._by_first: dict[int, Expression] = {}
        self._paths = Expression(set())

    def add(self, where: str, form: LineFormat) -> None:
        """Have FORM found WHERE the expression says."""
        firsts = _firsts(where)
        for first in firsts:
            self._by_first.setdefault(first, Expression(set())).add(where, form)
        if not firsts:
            self._paths.add(where, form)

    def find(self, text: bytes) -> Found | None:
        """What is found at the head of TEXT, a line with its newline."""
        expression = self._by_first.get(text[0])
        found = expression.find(text) if expression else None
        if found is None and PATHS.match(text):
            found = self._paths.find(text)
        return found


def _firsts(where: str) -> set[int]:
    """The bytes that what is WHERE may begin with; none if that may be nearly any."""
    begin = BEGINNING.match(where)
    levels, outside, those, one = begin.groups() if begin else ("", "^", "", "")
    if levels:
        return {ord(level.removeprefix("\\")[0]) for level in levels.split("|")}
    if outside or (those and those[:3] == "A-Z" and those[3:]):
        return set()
    if those:
        return {byte for byte in range(128) if re.match(f"[{those}]", chr(byte))}
    return {one[-1].encode()[0]} if one else set()


class Shapes:
    """Tells the level of lines in FORMATS, and in those that the user's PATTERNS are."""

    def __init__(
        self,
        formats: "Sequence[LineFormat]" = FORMATS,
        patterns: "Sequence[re.Pattern[bytes]]" = (),
    ) -> None:
        self._timed = Expression(NEAR_WORDS)
        self._others = {kind: Expression(ALL_WORDS) for kind in "[0=a"}
        self._crashes = Crashes()
        self.course = ""  # how a record goes on that the last line begins (courses.py)
        for form in formats:
            for where in form.where:
                if form.rest is None and not where.startswith(TIME):
                    self._crashes.add(where, form)
                elif where.startswith(TIME):
                    self._timed.add(where.removeprefix(TIME), form)
                else:
                    first = where.removeprefix("[").removeprefix("\\")[:1]
                    self._others[_kind(first)].add(where, form)
        self._patterns = patterns
        self._rests: dict[str, re.Pattern[bytes]] = {}

    def level(self, line: bytes, *, sized: bool = False) -> tuple[int | None, int]:
        """The severity that LINE names, None if it is in no format; SIZED, how many bytes decide.

        0 if that is not known.
        """
        self.course = ""
        if self._patterns and (own := self._own(line)):
            return own[0], 0
        text = line + b"\n"
        expression, start = self._expression(text)
        found = expression.find(text, start) if expression else None
        if not (expression and found):
            return self._crash_level(text, start)
        self.course = found.form.goes_on
        size = expression.deciding(text, start, found.end) if sized else 0
        return found.level, size if size < len(text) else 0

    def _crash_level(self, text: bytes, start: int) -> tuple[int | None, int]:
        """As level(), of a TEXT that has no time if START is 0, and is in no other format."""
        found = None if start else self._crashes.find(text)
        if not found:
            return None, 0
        self.course = found.form.goes_on
        return found.level, 0

    def find(self, line: bytes) -> Found | None:
        """Where LINE's level is by one of the formats."""
        text = line + b"\n"
        expression, start = self._expression(text)
        found = expression.find(text, start) if expression else None
        return found if found or start else self._crashes.find(text)

    def _expression(self, text: bytes) -> tuple[Expression | None, int]:
        """What finds the level in TEXT, from where on; None where there is none."""
        if text[0] in MARKS:
            return None, 0
        time = TIMED.match(text)
        if not time:
            return self._others[_kind(chr(text[0]))], 0
        end = time.end()
        # Of most lines without a level, this is the quick way to know it.
        near = text[end : end + NEAR]
        none = NEAR_WORDS.isdisjoint(near.translate(WORDS_ALONE).split())
        if none and EQUALS in near:
            near = text[end : end + FAR]
            none = NEAR_WORDS.isdisjoint(near.translate(WORDS_ALONE).split())
        return None if none else self._timed, end

    def message(self, line: bytes) -> bytes | None:
        """What LINE says behind its level; None if it is in no format."""
        if self._patterns and (own := self._own(line)):
            return own[1]
        found = self.find(line)
        if not found or found.form.rest is None:
            return line if found else None
        rest = self._rests.get(found.form.name)
        if rest is None:
            rest = self._rests[found.form.name] = re.compile(found.form.rest.encode())
        behind = rest.match(line, found.end)
        return line[behind.end() if behind else found.end :].lstrip(b" ")

    def name(self, line: bytes) -> str | None:
        """What the format is called that LINE is in: `pattern` where it is the user's."""
        if self._patterns and self._own(line):
            return "pattern"
        found = self.find(line)
        return found.form.name if found else None

    def _own(self, line: bytes) -> tuple[int, bytes] | None:
        """The level and the message of LINE by the first of the user's patterns that fits."""
        for pattern in self._patterns:
            match = pattern.match(line)
            word = match and match["level"]
            if not match or not word:
                continue
            level = keys.severity("level", word.decode("latin-1").strip())
            if level is not None:
                return level, _message(match)
        return None


def _message(match: "re.Match[bytes]") -> bytes:
    """The message that MATCH has found, or all behind it."""
    if "message" in match.re.groupindex:
        return match["message"] or b""
    return match.string[match.end() :].lstrip(b" ")
