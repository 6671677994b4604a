r"""Which lines have no level, whatever comes behind what was seen: most of what has none.

One expression goes over a whole block, which costs next to nothing for a line. It knows some
ways in which lines begin that are in no format and go on with no record; what it does not
know has to be looked at. What it says is never more than what a look at the line would say:
tests try that with all formats. Behind a time no format has two words that are no levels.
"""

import re
from functools import cache

from .courses import BEGINNING
from .level_words import HEADS
from .level_words import WORDS as WORDS_FOR_LEVELS
from .levels import BETWEEN, TRACEBACK
from .shapes import MONTH, NEAR_WORDS, any_of

# What no such word may be: one that a line in a format begins with, or that names a level.
HEAD = rf"(?:{any_of(HEADS, both=True)})(?![A-Za-z])"
NEAR = rf"(?:{any_of(NEAR_WORDS, both=True)})(?![A-Za-z])"
RECORD = "|".join(re.escape(text.decode()) for text in (TRACEBACK, *BETWEEN))

# Behind a time: words in small letters with a blank behind, which name no level there; other
# words for none, also as the name of a program; and what else stands before a message.
CAPS = rf"(?=[A-Z])(?!{NEAR})[A-Z]{{1,4}}+"
SMALL = rf"(?:{CAPS} )?[a-z]++ [a-z]++ "
WORD = rf"(?!{NEAR})[A-Za-z]++"
OTHERS = r"(?>(?:[0-9_./@#%+=~-][0-9A-Za-z_./@#%+=~-]*+ ++)*)"
NAME = r"(?:[0-9_./@-][a-z0-9_./@-]*+(?:\[[0-9]++\])?:?|(?:\[[0-9]++\])?:) ++"
ALONE = r"[,;]? ++(?!\||- )"
BEHIND = rf"(?!{HEAD}){WORD}"  # a name, where a line may begin that somebody passed on
ONE = rf"{OTHERS}{WORD}(?>(?:{NAME}{BEHIND})?){ALONE}"  # with or without a name before it
ZONES = rf"(?>(?:{CAPS}[\])]? ){{0,2}})"
WORDS = rf"(?!std(?:out|err) )(?:{SMALL}|{ZONES}{ONE}{ONE})"
D2 = "[0-9][0-9]"
TIME = (
    rf"{D2}(?:{D2}[-/.]{D2}[-/.]{D2}[ T]{D2})?:{D2}(?::{D2}(?:[.,][0-9]{{1,9}}+)?)?"
    rf"(?:Z|[+-]{D2}:?{D2})?"
)
# The most frequent of them, found in half the time.
QUICK = rf"{D2}{D2}[-/]{D2}[-/]{D2}[ T]{D2}:{D2}:{D2}(?:,{D2}[0-9])? [a-z]++ [a-z]++ "
# Behind what docker has before a line, another may begin.
DOCKERS = rf"{D2}{D2}-{D2}-{D2}T{D2}:{D2}:{D2}\.[0-9]{{9}}Z {HEAD}"
DATED = rf"(?!{DOCKERS})(?:{TIME}|[\[(]{TIME}(?: [+-]{D2}:?{D2})?[\])]?) {WORDS}"
SYSLOG = (
    rf"{MONTH} {{1,2}}[0-9]{{1,2}} {D2}:{D2}:{D2} (?!{NEAR})[A-Za-z0-9_.-]++ "
    rf"{WORD}{NAME}(?!{HEAD})(?:[a-z]++ [a-z]++ |{WORD}{ALONE}{WORD}{ALONE})"
)
NUMBER = (
    r"[0-9]{1,3}+\.[0-9]{1,3}+\.[0-9]{1,3}+\.[0-9]"  # an address
    r"|[0-9]{1,9}+(?:\.[0-9]{1,9}+(?![-/.0-9A-Za-z_+])| (?![ 0-9JFMASOND|])"
    r"|[^-/. T_:,0-9A-Za-z+|\n])"  # nor a path, nor a source
)
TEXT = (
    rf"(?!{RECORD}|{HEAD})[A-Za-z](?![:/]| [\[0-9])"  # nor one letter for a level
    r"(?:[A-Za-z]*+(?: (?![ |])|[^ A-Za-z0-9:\[,|\t./+_\n-]|(?=\n))"
    r"|[A-Za-z]++[A-Za-z0-9_./+-]*+"
    rf"(?: (?![ |])|: (?!(?:[Ff]atal|[Cc]ritical|[Ee]rror|[Ww]arning|[Nn]otice))[A-Za-z]++ ))"
)
NAMED = (
    r"[A-Za-z]{2,}+[A-Za-z0-9_.-]*+(?:\] (?:[^ |A-Z0-9\n]|"
    rf"(?!{any_of(WORDS_FOR_LEVELS, both=False)}(?![A-Za-z]))[A-Z][A-Za-z]*+)|\](?! )|(?!\]))"
)
OTHER_NUMBER = r"[0-9]{1,9}+[\])](?:[^ \n]| [^0-9\n]|(?=\n))"
# What stands in brackets before no level: nor X.Org's, or an error of Node's.
NO_HEAD = rf"(?! *+{HEAD}|pod/|rank[0-9]|PM[0-9]|DEPEND|[EWIN][EWI]\)|[A-Za-z0-9_]*+(?<=Error):)"
NO_CLOCK = r"(?![0-9]*+\.[0-9]++\] \([EWIN])"
BRACKET = rf"[\[(](?:{NO_HEAD}{NAMED}| ++[0-9]{NO_CLOCK}|{OTHER_NUMBER})"
OTHER = r"[^\[(<=@ \t0-9A-Za-z](?!\x94\x82 |\x95\xad\xe2)"  # nor a box of light lines
# A line that is one long word, as of base64; one that may name a class, or a file, has a dot.
LONG = rf"(?!{HEAD})[0-9A-Za-z][0-9A-Za-z+/=_-]*+(?=\n)"
KINDS = f"{DATED}|{NUMBER}|{BRACKET}|{OTHER}|{TEXT}|{SYSLOG}|{LONG}"
# What may begin a record of several lines, or go on with one, is not known to have none.
COURSED = rf"(?![0-9]){BEGINNING}"
SUSPECT = re.compile(rf"\n(?!{QUICK})(?:(?={COURSED})|(?!{KINDS}))".encode())


LEVELLESS = rf"{QUICK}|(?!{COURSED})(?:{KINDS})".encode()


@cache
def _levelless() -> "re.Pattern[bytes]":
    """What matches as much of a line as says that it has no level; many streams need none."""
    return re.compile(LEVELLESS)


def enough(line: bytes) -> int:
    """How many bytes of LINE say already that it has no level; 0 if that is not known."""
    # Of a path it is the end that says it.
    found = None if line[:1] in b"/." else _levelless().match(line)
    # What comes behind may have a say, too.
    size = found.end() + 1 if found else 0
    return 0 if any(text.startswith(line[:size]) for text in (TRACEBACK, *BETWEEN)) else size


def suspects(lines: list[bytes]) -> list[int]:
    """Which of LINES, by their places, may have a level or go on with a record."""
    text = b"\n" + b"\n".join(lines)
    places, at, last = [], -1, 0
    for found in SUSPECT.finditer(text):
        start = found.end()
        at += text.count(b"\n", last, start)
        last = start
        places.append(at)
    return places
