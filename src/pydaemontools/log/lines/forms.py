"""What formats a stream's lines are in, and what was found out about their beginnings.

A line that was looked at is remembered without its digits, as far as that decided: the next one
that begins so costs a look into a table. `re`, and the formats, come with the first line that
needs them.
"""

from .level_words import WORDS
from .severity import MASK, START, SeverityReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

    from .shapes import Shapes

MOST, REMEMBERED = 128, 4096  # bytes that may decide; lines that are remembered
CAPITALS, SMALL = bytes(range(0x41, 0x5B)), bytes(range(0x61, 0x7B))
# With these a line may begin that goes on, has a head or is in a format.
FIRST = bytearray(256)
for _byte in b"[(<=@ \t0123456789" + CAPITALS + SMALL:
    FIRST[_byte] = 1
# Words that a line in a format may begin with, beside those for levels.
HEADS = (
    *WORDS,
    *b"jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun".split(),
    *b"php npm thread unhandled exception segmentation aborted killed terminate".split(),
    *b"uncaught pani fata debu".split(),
    *b"kern user mail daemon auth syslog lpr news uucp cron authpriv ftp".split(),
)
WHOLE = frozenset(HEADS)


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
        self.first = bytearray(b"\1" * 256) if patterns else FIRST
        # Masked beginnings: what the level is, and by the first bytes how many decide.
        self.seen: dict[bytes, int] = {}
        self._sizes: dict[bytes, int] = {}
        self.size = 0  # how many decided of the last line

    def possible(self, start: bytes) -> bool:
        """Whether a line that begins with the bytes START may be in a format."""
        return bool(self._patterns) or possible(start)

    def level(self, line: bytes) -> int | None:
        """The severity that LINE names; None if it is in no format."""
        level, end = (self._shapes or self._made()).level(line)
        if level is None or level < 0 or self._patterns:
            # What is the user's own may depend on anything, and some on the line before.
            return level
        begin = line[:START].translate(MASK)
        # One byte more than SIZE, since an end is what it is by what stands behind it.
        size = max(self._sizes.get(begin, 0), end)
        if START < size < min(len(line), MOST):
            self._remember(begin, line[:size], level)
        return level

    def recall(self, line: bytes) -> int | None:
        """The severity of LINE, if one that began as it does was looked at before."""
        size = self._sizes.get(line[:START].translate(MASK))
        if size is None:
            return None
        self.size = size
        return self.seen.get(line[:size].translate(MASK))

    def _remember(self, begin: bytes, line: bytes, level: int) -> None:
        """Have LINE, which begins with BEGIN, mean LEVEL from now on."""
        if len(self.seen) >= REMEMBERED or len(self._sizes) >= REMEMBERED:
            self.seen.clear()
            self._sizes.clear()
        self._sizes[begin] = self.size = len(line)
        self.seen[line.translate(MASK)] = level

    def message(self, line: bytes) -> bytes | None:
        """What LINE says behind its level; None if it is in no format."""
        return (self._shapes or self._made()).message(line)

    def name(self, line: bytes) -> str | None:
        """What the format is called that LINE is in; None if it is in none."""
        return (self._shapes or self._made()).name(line)

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
        # It may go on, also as the name of a program.
        return start.islower() or any(one.startswith(word) for one in HEADS)
    return run == 1 or word[run] in b":[-_.+/0123456789" or word[:run] in WHOLE
