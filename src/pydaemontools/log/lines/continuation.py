"""Whether a line goes on with the record before it: what courses.py says, tried on lines.

A course is a number here, with how many lines of text were taken on it: so a reader of lines passes
it on to its successor. `re` comes with the first record that has a course.
"""

from .courses import ANY, BETWEEN, COURSES, GROUP, JOINS, NUMBERS, RAISED
from .levels import DEBUG, ERR, INFO, NAMES, WARNING, head
from .passed_on import source

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from .shapes import Shapes

    Compiled = tuple[re.Pattern[bytes], list[int]]

ENDED, GROUPED, HEADLINE = NUMBERS["ended"], NUMBERS["group"], NUMBERS["headline"]
PYTHON, SPLIT = NUMBERS["python"], NUMBERS["between"]
TEXT = NUMBERS["text"]
# Where lines of text may go on and on; and which of these have a course that is else the same.
TEXTUAL = {TEXT, *(NUMBERS[name] for name in ("raised+", "java+", "node+", "ruby+"))}
WITH_TEXT = {NUMBERS[name]: NUMBERS[name + "+"] for name in ("python", "java", "node")}
# Where more lines are about to come, or may well be.
WAITING = {
    number
    for name, number in NUMBERS.items()
    if name not in ("", "ended", "text", "php", "elixir", "allocator", "jvm")
}
RUBY, RAILS = NUMBERS["ruby"], NUMBERS["ruby+"]
BEFORE_GROUP = {NUMBERS[name] for name in ("process", "between", "between+")}
RAISED_ALONE = NUMBERS["raised"]
KINDS = 64  # numbers of courses are below
# Lines of text on a course, at the most: then those of a stream are no part of a record.
TEXTS, MOST = 32, 1000
# java.util.logging's levels, each before a colon, in the line behind the one with the time.
JAVA_LEVELS = {
    b"SEVERE": ERR,
    b"WARNING": WARNING,
    b"INFO": INFO,
    b"CONFIG": INFO,
    b"FINE": DEBUG,
    b"FINER": DEBUG,
    b"FINEST": DEBUG,
}
_HEADLINE = (
    rb"[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4},? [0-9]{1,2}:[0-9]{2}:[0-9]{2}(?: |\xe2\x80\xaf)[AP]M "
    rb"[A-Za-z_$][A-Za-z0-9_$.]*+(?: [A-Za-z0-9_$<>]++)?\Z"
)
PROCESS = rb"\[[0-9]++(?:-[0-9]++)?\]"  # what PostgreSQL's lines of one process have in common
UNMARKED = b"Task", b"Futu", b"--- ", b"\xe2\x95\xad\xe2"  # what begins a record, and has no mark
_names = list(COURSES)
_steps: "dict[str, Compiled]" = {}
_shapes: "list[Shapes]" = []


def after(inside: int, line: bytes) -> int:
    """The course behind LINE of a record on the course INSIDE; 0 if LINE is none of that."""
    taken, number = divmod(inside, KINDS)
    course = COURSES[_names[number]]
    if line[:1] in b" \t":
        if starts_group(line):
            return GROUPED if number in BEFORE_GROUP else 0
        return NUMBERS[course.frames] if course.frames else inside
    if _headed(line, classes=course.classes):
        return 0
    found = _step(_names[number], course.steps, line)
    if found or not course.text or own_head(line):
        return found
    if taken >= (MOST if course.text == "text" else TEXTS):
        return 0
    return NUMBERS[course.text] + (taken + 1) * KINDS


def joined(line: bytes) -> int:
    """The course that LINE begins within a record that is a warning or worse; 0 if it is none."""
    if line[:1] in b" \t":
        return GROUPED if starts_group(line) else 0
    return _step("joins", JOINS, line) if _marked(line) else 0


def _marked(line: bytes) -> bool:
    """Whether LINE has any of what all have that begin something: nearly none has."""
    return b":" in line or b"[" in line or b"(" in line or b"#" in line or b" |" in line


def starts_group(line: bytes) -> bool:
    """Whether LINE is the first of the traceback of an ExceptionGroup, behind two blanks."""
    return line[2:3] == b"+" and line.startswith(GROUP, 2)


def splits(line: bytes) -> bool:
    """Whether LINE stands between two tracebacks of one exception."""
    return line[:1] in b"DT" and bool(_step("splits", ((BETWEEN, "between"),), line))


def headline(line: bytes) -> bool:
    """Whether LINE is java.util.logging's first, of which the level stands in the next."""
    if b", " not in line[5:8]:
        # Nearly always.
        return False
    import re

    return re.match(_HEADLINE, line) is not None


def course_of(line: bytes) -> int:
    """The course of a record that begins with LINE, which has no head for a level; 0 for none."""
    if not _marked(line) and line[:4] not in UNMARKED:
        return 0
    if headline(line):
        return HEADLINE
    if starts_group(line):
        return GROUPED
    shapes = _known_shapes()
    level, _ = shapes.level(line)
    course = NUMBERS[shapes.course] if level is not None else 0
    return WITH_TEXT[PYTHON] if course == PYTHON else course


def own_head(line: bytes) -> bool:
    """Whether LINE begins a record by what it begins with: a level, a time, or an object."""
    if line[:1] == b"{" or head(line)[1]:
        return True
    from .shapes import TIMED

    return TIMED.match(line) is not None or source(line)[1] > 0 or in_format(line)


def in_format(line: bytes) -> bool:
    """Whether LINE is in any of the formats."""
    return _known_shapes().level(line)[0] is not None


def level_of(line: bytes) -> int:
    """The severity of LINE, as one that begins a record."""
    level = head(line)[0]
    if level is None:
        level, _ = _known_shapes().level(line)
    return INFO if level is None else level


def tells_more(first: bytes, line: bytes) -> bool:
    """Whether LINE tells more of the record that begins with FIRST, as one of PostgreSQL may."""
    if b":  " not in line[:160]:
        return False
    import re

    if (_known_shapes().level(line)[0] or 0) >= 0:
        return False
    found, wanted = re.search(PROCESS, line[:80]), re.search(PROCESS, first[:80])
    return found is not None and wanted is not None and found[0] == wanted[0]


def _known_shapes() -> "Shapes":
    from .shapes import Shapes

    if not _shapes:
        _shapes.append(Shapes())
    return _shapes[0]


def _headed(line: bytes, *, classes: bool) -> bool:
    """Whether LINE has a head for a level. Where CLASSES are to come, `Error:` may be one."""
    length = head(line)[1]
    if not length:
        return False
    word = line[: length - 1]
    return not (classes and word.istitle() and word.lower() in NAMES)


def _step(name: str, steps: "Iterable[tuple[str, str]]", line: bytes) -> int:
    """The course behind the first of STEPS, called NAME, that LINE is; 0 if it is none."""
    made = _steps.get(name)
    if made is None:
        import re

        text = "|".join(f"({where})" for where, _ in steps) or "(?!)"
        made = _steps[name] = re.compile(text.encode("latin-1")), [NUMBERS[to] for _, to in steps]
    found = made[0].match(line)
    return made[1][(found.lastindex or 1) - 1] if found else 0


def ends_traceback(line: bytes) -> bool:
    """Whether LINE may be the exception that a traceback of Python's ends with."""
    return _step("exception", ((RAISED, "raised"),), line) > 0


def of_course(line: bytes) -> bool:
    """Whether LINE may be of a record that is on a course: one that begins it, or goes on."""
    if line[:1].isdigit() and line[:2] != b"0x":
        # Nearly always, it is a time.
        return False
    return _step("any", ANY, line) > 0
