"""The language that says what is done with each line: multilog's, and what goes beyond it.

An action is a word, and its first byte says which it is (daemontools 0.76, multilog). Under
our own name a word that is none is an error, and sizes may have units.
"""

from ...base import cli
from .selection import BatchFilter, Selection

SIZES = 4096, 16777215  # bytes of a log file: least, most (daemontools)
MOST = 1 << 40  # bytes, under our own name
SIZE = 99999  # bytes of a file of which nobody says more (daemontools)
AGED = 1 << 28  # bytes of one that is closed by its age: a day has room, and a disk is not filled
KEEP = 10  # files of a directory of which nobody says more (daemontools)
MANY = 1 << 30  # of one whose files go by their age: only the bytes of all are limited
LEAST = 64  # bytes of a line that a file has room for, with whatever is done with it
PACKERS = {b"": (b"gzip -c", b"s.gz"), b"std": (b"zstd -qc", b"s.zst")}
ALL = 7  # the severity debug: nothing is less important
STAMPS = b"t", b"T", b"d", b"J"
WISE = b"L", b"r"  # the actions, beside m and J, for which lines have to be looked at as records


TYPE_CHECKING = False
if TYPE_CHECKING:
    from .forms import Forms


class BadAction(Exception):
    """A word that is no action; its argument says why."""


class ActionTarget:
    """A place: its KIND (the first byte of its word), its NAME, and what was said before it."""

    def __init__(self, kind: bytes, name: bytes, script: "Actions") -> None:
        self.kind = kind
        self.name = name
        self.selection = script.selection()
        self.size = script.size
        self.keep = script.keep
        self.command = script.command
        self.code = script.code
        self.total = script.total
        self.age = script.age
        self.retain = script.retain


class Actions:
    """The actions in WORDS; OWN says that they are for our own name. Raises BadAction."""

    def __init__(self, words: list[bytes], *, own: bool) -> None:
        self.own = own
        self.stamp = _stamp(words, own=own)  # which kind of time stands before each line
        self.outputs: list[ActionTarget] = []
        self.selections: list[BatchFilter] = []
        self._size = 0  # of a file, if that was said
        self._keep = 0  # files, if that was said
        self.command: bytes | None = None
        self.code = b"s"  # what processed files are called
        self.packers: list[tuple[bytes, bytes]] = []  # words that pack, and their programs
        self._total = 0  # bytes of all files, if that was said
        self.age = self.retain = 0
        # Whether what is done is done with records, and not just lines.
        self.records = own and any(word in (b"m", b"J") or word[:1] in WISE for word in words)
        self._rules: list[tuple[bytes, bytes]] = []
        self._least = ALL
        self._limits: list[tuple[int, int, bytes]] = []
        self._formats: list[bytes] = []  # in what formats lines may have their level
        self._patterns: list[bytes] = []  # and the user's own
        self.forms: Forms | None = None  # what these are, once all words were read
        self._said = False  # whether something was, since the last selection was made
        self.idle = b""  # the first action behind the last place, which has nothing to do
        for word in words[bool(self.stamp) :]:
            before = len(self.outputs)
            self._action(word)
            self.idle = b"" if len(self.outputs) > before else self.idle or word
        levels = self.stamp == b"J" or any(word[:1] == b"L" for word in words)
        if (self._formats or self._patterns) and not levels:
            raise BadAction(b"f says in what formats levels are, for L and J: there is neither")
        if self.records:
            self.forms = self._asked()

    @property
    def size(self) -> int:
        """How many bytes a file has at the most: of one that is closed by its age, all of that."""
        if self._size:
            return self._size
        return AGED if self.age and not self._total else SIZE

    @property
    def keep(self) -> int:
        """How many files there are at the most, `current` among them."""
        return self._keep or (MANY if self.retain else KEEP)

    @property
    def total(self) -> int:
        """How many bytes all files have at the most, 0 for no such limit.

        Files that go by their age alone would fill the disk when a program runs wild.
        """
        if self._total or self._keep or not self.retain:
            return self._total
        return KEEP * max(AGED, self.size)

    def output(self, kind: bytes, name: bytes) -> ActionTarget:
        """Have a place of that KIND and NAME, for what was said up to here."""
        self.outputs.append(ActionTarget(kind, name, self))
        return self.outputs[-1]

    def check(self, growth: tuple[int, int, int]) -> None:
        """See that files have room for lines that grow by GROWTH (transform). Raises BadAction."""
        label, factor, besides = growth
        least = label + factor * LEAST + 1 + besides
        for one in self.outputs:
            if one.kind == b"/" and one.size < least:
                say = b"say s%d before " % least + one.name
                raise BadAction(b"files of %d bytes are too small for this: " % one.size + say)

    def selection(self) -> BatchFilter:
        """What is selected at this point. Those who have the same one share it."""
        if self._said or not self.selections:
            self._said = False
            self.selections.append(self._selection())
        return self.selections[-1]

    def _selection(self) -> BatchFilter:
        if not self.records:
            return Selection(self._rules)
        from .record_filter import RecordFilter
        from .repeat_limit import RepeatLimit

        limits = [
            RepeatLimit(
                most, seconds, Selection([(b"-", b"*"), (b"+", pattern)]) if pattern else None
            )
            for most, seconds, pattern in self._limits
        ]
        return RecordFilter(Selection(self._rules), self._least, limits)

    def _action(self, word: bytes) -> None:
        first, rest = word[:1], word[1:]
        if first in (b"+", b"-"):
            self._said = True
            self._rules.append((first, rest))
        elif self.records and (first in WISE or word == b"m"):
            self._said = True
            self._wish(first, rest)
        elif self.own and first == b"f":
            (self._patterns if rest[:1] == b"=" else self._formats).append(rest.removeprefix(b"="))
        elif first in (b"s", b"n", b"!") or (self.own and first in (b"S", b"a", b"k", b"z")):
            self._setting(first, rest)
        elif first in (b".", b"/"):
            self.output(b"/", word)
        elif first in (b"e", b"=") or (self.own and first in (b"1", b"2")):
            if self.own and bool(rest) != (first == b"="):
                raise BadAction(_why(word))
            self.output(first, rest)
        elif self.own:
            raise BadAction(_why(word))

    def _wish(self, first: bytes, rest: bytes) -> None:
        """Which records are wanted from here on."""
        if first == b"L":
            from . import levels

            least = levels.named(rest)
            if least is None:
                names = b" ".join(levels.NAMES)
                raise BadAction(b"L takes a level (" + names + b"), as in Lwarning, not L" + rest)
            self._least = least
        elif first == b"r":
            limit, _, pattern = rest.partition(b" ")
            most, slash, seconds = limit.partition(b"/")
            if not (slash and most.isdigit() and seconds.isdigit() and int(seconds[:9]) > 0):
                what = b"r takes lines/seconds, and perhaps a blank and a pattern, as in "
                raise BadAction(what + b"'r5/60 *timeout*', not r" + rest)
            self._limits.append((int(most[:9]), int(seconds[:9]), pattern))

    def _asked(self) -> "Forms":
        """In what formats the lines may have their levels."""
        from .forms import Forms

        if not self._formats and not self._patterns:
            return Forms()
        from .shapes import BadLevels, asked

        try:
            return Forms(*asked(b",".join(self._formats or [b"auto"]), self._patterns, b"f", b"f="))
        except BadLevels as error:
            raise BadAction(error.text) from None

    def _setting(self, first: bytes, rest: bytes) -> None:
        """What holds for the directories that follow."""
        if first == b"s":
            self._size = self._bytes(first, rest)
        elif first == b"S":
            self._total = self._bytes(first, rest)
        elif first == b"n":
            self._keep = self._number(rest)
        elif first == b"a":
            self.age = _age(first, rest, b"a1h or a7d")
        elif first == b"k":
            self.retain = _age(first, rest, b"k30d or k12h")
        elif first == b"z":
            self._pack(rest)
        elif self.own and not rest:
            raise BadAction(b"! takes a command: !tac, for one")
        else:
            self.command, self.code = rest, b"s"

    def _pack(self, name: bytes) -> None:
        """Have finished files packed by the program that NAME means."""
        if name not in PACKERS:
            raise BadAction(b"there are z and zstd, and not z" + name)
        command, self.code = PACKERS[name]
        self.command = b"exec " + command
        self.packers.append((b"z" + name, command.split()[0]))

    def _bytes(self, letter: bytes, text: bytes) -> int:
        if not self.own:
            return min(max(cli.scan_ulong(text), SIZES[0]), SIZES[1])
        size = cli.size(text)
        if size is None or not SIZES[0] <= size <= MOST:
            what = b" takes a number of bytes, from %d on, or one with k, m or g: " % SIZES[0]
            raise BadAction(letter + what + letter + text)
        return size

    def _number(self, text: bytes) -> int:
        number = cli.scan_ulong(text)
        if self.own and not (text.isdigit() and len(text) < 10 and number > 1):
            raise BadAction(b"n takes a number of files, from 2 on, as in n20, not n" + text)
        return max(2, number)


def _stamp(words: list[bytes], *, own: bool) -> bytes:
    first = words[0] if words else b""
    if own:
        return first if first in STAMPS else b""
    return b"t" if first[:1] == b"t" else b""


def _age(letter: bytes, text: bytes, such: bytes) -> int:
    from .age import seconds

    age = seconds(text)
    if not age:
        what = b" takes a number and s, m, h or d, as in " + such + b", not "
        raise BadAction(letter + what + letter + text)
    return age


def _why(word: bytes) -> bytes:
    if word in STAMPS:
        return word + b" has to be the first action"
    if word == b"=":
        return b"= takes the name of a file"
    directory = b"; a directory begins with . or /" if word[:1].isalnum() else b""
    return b"there is no action " + (word or b"of no letters") + directory
