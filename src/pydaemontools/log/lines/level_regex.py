r"""Which lines of a block are important enough, by one regular expression over all of it.

It is made of what the lines before have taught a reader of severities: beginnings that decide
(beginnings.py), and, if it knows formats, what no line begins with that has a level (levelless.py).
A line that is none of these has to be looked at, by the reader.
"""

from .severity import SeverityReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from re import Pattern

    # By what follows it, a byte or DIGIT; nothing follows where a beginning ends.
    Trie = dict[int, "Trie"]

MOST = 1000  # beginnings that an expression is made of
GOOD = 16  # blocks after which what is new is learned at once
LONGEST = 64  # blocks, at the most, until more is learned
DIGIT = 256  # any of them
BLANKS = frozenset(b" \t{")  # what begins so depends on what came before, or is structured
ZERO = 0x30  # what stands for a digit in beginnings of more than START bytes
NOTHING = b"(?!)"


class LevelRegex:
    """Takes lines that are not important out of blocks, by what READER knows."""

    def __init__(self, reader: SeverityReader) -> None:
        self._reader = reader
        self._size = 0, 0  # how many beginnings it knows
        self.levelless = False  # whether it knows lines without a level
        self._turn = self._next = 0  # how many blocks there were; when it learns again,
        self._wait = 1  # and after how many more
        self._good = 0  # blocks of which it knew all lines
        self._made: dict[int, tuple[Pattern[bytes], Pattern[bytes]]] = {}
        self._unknown: Pattern[bytes] | None = None

    def learn(self, *, missed: bool) -> bool:
        """Have in it what the reader has learned, if lines of a block were MISSED; return whether
        it has. To be called once for a block. It takes its time, so it is done ever more seldom.
        """
        self._turn += 1
        self._good = 0 if missed else self._good + 1
        if self._good >= GOOD:
            self._wait = 1
        if not missed or self._turn < self._next:
            return False
        self._next = self._turn + self._wait
        self._wait = min(2 * self._wait, LONGEST)
        beginnings = self._reader.beginnings
        size = len(beginnings.starts), len(beginnings.longer)
        if size == self._size and self.levelless:
            return False
        # Most streams need no more than beginnings.
        self.levelless = self.levelless or size == self._size
        self._size = size
        self._made.clear()
        self._unknown = None
        if self._turn > LONGEST:
            _forget()
        return True

    def important(self, text: bytes, levels: list[int]) -> dict[int, bytes] | None:
        """What of TEXT, whole lines without empty ones, is at least as important as each of
        LEVELS; None if a line of it is not known.
        """
        found: dict[int, bytes] = {}
        left = b"\n" + text[:-1]
        for level in sorted(levels, reverse=True):
            less, more = self._made.get(level) or self._make(level)
            left = less.sub(b"", left)
            if not found and more.search(left):
                return None
            found[level] = left[1:] + b"\n" if left else b""
        return found

    def known(self, text: bytes, start: int) -> int:
        """Where in TEXT the first line from START on begins that is not known; its length if
        all are.
        """
        found = self._others().search(b"\n" + text[:-1], start)
        return found.start() if found else len(text)

    def unknown(self, text: bytes) -> list[int]:
        """Where in TEXT, whole lines, lines begin that are not known."""
        return [found.start() for found in self._others().finditer(b"\n" + text[:-1])]

    def _others(self) -> "Pattern[bytes]":
        """What matches a line that is not known."""
        if self._unknown is None:
            every = either(self._alternatives(lambda _: True))
            self._unknown = _compiled(rb"\n(?!%b)" % every, rb"\n")
        return self._unknown

    def _make(self, least: int) -> "tuple[Pattern[bytes], Pattern[bytes]]":
        """What matches lines less important than LEAST; and what matches one that is none of the
        others.
        """
        less = either(self._alternatives(lambda level: level > least))
        more = either(self._alternatives(lambda level: level <= least))
        made = _compiled(rb"\n%b[^\n]*+" % less, NOTHING), _compiled(rb"\n(?!%b)" % more, rb"\n")
        self._made[least] = made
        return made

    def _alternatives(self, wanted: "Callable[[int], bool]") -> list[bytes]:
        """Expressions for how the lines begin whose level is WANTED."""
        reader, table = self._reader, self._reader.beginnings
        starts = [
            tuple(start) for start, level in table.starts.items() if level >= 0 and wanted(level)
        ]
        longer = [
            tuple(DIGIT if byte == ZERO else byte for byte in start)
            for start, level in table.longer.items()
            if level >= 0 and wanted(level)
        ]
        both = [one for one in starts + longer if one[0] not in BLANKS]
        found = [trie_regex(both)] if both and len(both) <= MOST else []
        if self.levelless and wanted(reader.default) and (levelless := reader.levelless()):
            found.append(rb"(?![\n{])(?:%b)" % levelless)
        return found


def trie_regex(beginnings: "Iterable[tuple[int, ...]]") -> bytes:
    """A regular expression for any of BEGINNINGS, each of bytes and DIGITs."""
    root: Trie = {}
    for one in sorted(beginnings, key=len):
        node = root
        for byte in one[:-1]:
            if byte in node and not node[byte]:
                # A shorter one decides.
                break
            node = node.setdefault(byte, {})
        else:
            node.setdefault(one[-1], {})
    return _branches(root)


def _branches(node: "Trie") -> bytes:
    """A regular expression for what may follow at NODE."""
    bytes_of: dict[bytes, list[int]] = {}
    for byte, inner in node.items():
        bytes_of.setdefault(_branches(inner) if inner else b"", []).append(byte)
    return either([_any_of(which) + rest for rest, which in bytes_of.items()]) if node else b""


def _any_of(which: list[int]) -> bytes:
    """A regular expression for one of the bytes WHICH."""
    from re import escape

    parts = [b"0-9" if byte == DIGIT else escape(bytes([byte])) for byte in which]
    return parts[0] if len(parts) == 1 and which != [DIGIT] else b"[" + b"".join(parts) + b"]"


def either(choices: list[bytes]) -> bytes:
    """A regular expression for any of CHOICES."""
    return choices[0] if len(choices) == 1 else b"(?:" + (b"|".join(choices) or NOTHING) + b")"


def _compiled(expression: bytes, otherwise: bytes) -> "Pattern[bytes]":
    """EXPRESSION, or OTHERWISE if its parts lie too deep in one another."""
    import re

    try:
        return re.compile(expression)
    except RecursionError:
        return re.compile(otherwise)


def _forget() -> None:
    """Have re forget what it has compiled: of a stream that always begins anew that grows."""
    import re

    re.purge()
