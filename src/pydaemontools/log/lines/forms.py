"""What formats a stream's lines are in.

`re`, and the formats, come with the first line that needs them.
"""

from .beginnings import START
from .courses import NUMBERS
from .level_words import HEADS
from .levels import head, strip
from .passed_on import DEEP, alone, behind, source
from .severity import LATE, SeverityReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence
    from types import ModuleType

    from .shapes import Shapes

CAPITALS, SMALL = bytes(range(0x41, 0x5B)), bytes(range(0x61, 0x7B))
# With these a line may begin that goes on, has a head or is in a format.
FIRST = bytearray(256)
for _byte in b"[(<=@ \t0123456789#*/.-})\xe2" + CAPITALS + SMALL:
    FIRST[_byte] = 1
WHOLE = frozenset(HEADS)
MANY = 64  # lines without a level: of more it is worth while to remember how they begin


class Forms:
    """The formats called NAMES, or all, and before them those that the PATTERNS of a user are.

    With ACCESS requests that failed have a level, too.
    """

    def __init__(
        self,
        names: "Iterable[str] | None" = None,
        patterns: "Sequence[re.Pattern[bytes]]" = (),
        access: bool = False,  # noqa: FBT001, FBT002 - as shapes.asked() gives it
    ) -> None:
        self.access = access
        self._names = names
        self._patterns = patterns
        self._shapes: Shapes | None = None
        self._following: ModuleType | None = None
        self._levelless = 0  # lines that were looked at in vain
        self.course = 0  # how the record goes on that the last line begins (continuation.py)
        self.first = bytearray(b"\1" * 256) if patterns else FIRST

    @property
    def everything(self) -> bool:
        """Whether a line may be in any of the formats, and in no other."""
        return self._names is None and not self._patterns

    def possible(self, start: bytes) -> bool:
        """Whether a line that begins with the bytes START may be in a format."""
        return bool(self._patterns) or possible(start)

    def level(self, line: bytes, *, sized: bool = False) -> tuple[int | None, int]:
        """The severity that LINE names, None if it is in no format; SIZED, how many bytes decide.

        0 if that is not known: what is the user's own may depend on anything.
        """
        shapes = self._shapes or self._made()
        found = shapes.level(line, sized=sized and not self._patterns)
        self.course = NUMBERS[shapes.course]
        return found

    def suspects(self, lines: list[bytes]) -> list[int]:
        """Which of LINES, by their places, may have a level or go on with a record."""
        if self._patterns:
            return list(range(len(lines)))
        from .levelless import suspects

        return suspects(lines)

    def enough(self, line: bytes) -> int:
        """How many bytes of LINE, which is no suspect, say that; 0 if it is not known."""
        from .levelless import enough

        return 0 if self._patterns else enough(line)

    @staticmethod
    def has_id(line: bytes, size: int) -> bool:
        """Whether there is an id in the first SIZE bytes of LINE, which may be new in each."""
        from .ids import has_id

        return has_id(line, size)

    def levelless(self) -> bytes | None:
        """How lines begin that have no level, if not empty, as an expression; None if unknown."""
        if self._patterns:
            return None
        from .levelless import LEVELLESS

        return LEVELLESS

    def record_level(self, reader: SeverityReader, line: bytes) -> int | None:
        """The severity of LINE if that is what it is part of: the record that READER is in, or one
        of several lines that begins with it; None if neither is so.
        """
        following = self._following or self._found_following()
        level: int | None = following.level(reader, line)
        return level

    def passed_on(self, line: bytes) -> bool:
        """Whether LINE names a source in a way that counts before any format."""
        return not self._patterns and alone(line)

    def source_level(self, reader: SeverityReader, line: bytes) -> int:
        """The severity of LINE, in no format, as a line of the source that it names; if it names
        none, that of a line without level.
        """
        from .sources import Sources

        if not reader.sources:
            if reader.depth >= DEEP or not source(line)[1]:
                self._learn(reader, line)
                return reader.default
            reader.sources = Sources(reader, self, alone=not self._patterns)
        level = reader.sources.level(line)
        return reader.default if level is None else level

    def _learn(self, reader: SeverityReader, line: bytes) -> None:
        """Have READER remember how LINE begins, if that says already that it has no level."""
        self._levelless += 1
        size = self.enough(line) if self._levelless > MANY else 0
        if START < size <= LATE:
            reader.beginnings.learn(line, size, reader.default)

    def same_level(self, reader: SeverityReader, line: bytes) -> int:
        """The severity of the record that LINE tells more of, in what READER reads."""
        level: int = self._found_following().same(reader, line)
        return level

    def _found_following(self) -> "ModuleType":
        """What knows how records of several lines go on, imported with the first that may."""
        from . import following

        self._following = following
        return following

    def message(self, line: bytes) -> bytes | None:
        """What LINE says behind its level; None if it is in no format."""
        shapes = self._shapes or self._made()
        found = None if self.passed_on(line) else shapes.message(line)
        text = line if found is not None else behind(line)
        if text is line:
            return found
        return strip(text) if head(text)[1] else shapes.message(text)

    def name(self, line: bytes) -> str | None:
        """What the format is called that LINE is in; None if it is in none."""
        shapes = self._shapes or self._made()
        found = None if self.passed_on(line) else shapes.name(line)
        text = line if found else behind(line)
        if text is line:
            return found
        return "head" if head(text)[1] else shapes.name(text)

    def _made(self) -> "Shapes":
        from .shapes import Shapes, chosen

        self._shapes = Shapes(chosen(self._names), self._patterns)
        return self._shapes


def severity_reader(default: int, forms: Forms | None) -> SeverityReader:
    """What gives lines their severities, by FORMS."""
    if forms and forms.access:
        from .access import AccessReader

        return AccessReader(default, forms)
    return SeverityReader(default, forms)


def possible(start: bytes) -> bool:
    """Whether a line whose first bytes are START may be in a format."""
    if not start[:1].isalpha():
        return True
    word = start.lower()
    run = len(word) - len(word.lstrip(SMALL))
    if run == len(word):
        # It may go on, also as the name of a program, or of a class.
        return not start.isupper() or any(one.startswith(word) for one in HEADS)
    if word[run] == 0x20 and word[run + 1 : run + 2] in b"  |":
        # As the name of a source stands.
        return True
    return run == 1 or word[run] in b":[-_.+/0123456789" or word[:run] in WHOLE
