"""zdaemon's command line: its options, which of them exclude each other, and its errors."""

from ..base.cli import Asked
from . import datatypes
from .runner_keys import KEYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# A letter and a word each; what takes a value has a colon, or an equals sign.
COMMON = (
    ("h", "help"),
    ("", "version"),
    ("C:", "configure="),
    ("X:", ""),
    *((key.letter + ":" * key.takes, key.name + "=" * key.takes) for key in KEYS if key.letter),
    ("S:", "schema="),
)
# What only the own name has.
OWN = (("i", "interactive"), ("", "runner="), ("", "words"), ("", "compat-exit"))
SYNOPSIS = b"pyzdaemon [option ...] [action [argument ...]]"


class Wrong(Exception):
    """What is wrong with a command line, or with the file that it names."""


class CommandLine:
    """What a command line says: `values` by the names of keys, `flags`, and the rest.

    Raises Wrong, and Asked as soon as it is asked for something.
    """

    def __init__(self, argv: list[str], *, native: bool) -> None:
        self.values: dict[str, object] = {}
        self.flags: set[str] = set()
        self.config_file: str | None = None
        self.schema_file = ""
        self.overrides: list[str] = []
        self.runners: list[str] = []
        self.native = native
        known = COMMON + (OWN if native else ())
        letters = "".join(letter for letter, _ in known)
        try:
            found, self.args = getopt(argv, letters, [word for _, word in known if word])
        except BadOption as error:
            raise Wrong(str(error)) from None
        # What has to be known before a program is split.
        self.quotes = native and ("--words", "") not in found
        for option, value in found:
            self._take(option, value)

    def _take(self, option: str, value: str) -> None:
        name = LETTERS.get(option) or option.lstrip("-")
        if name in ("help", "version"):
            raise Asked(name.encode())
        if name in CONVERTS or name == "configure":
            self._set(name, option, self._converted(name, option, value))
        elif name == "X":
            self.overrides.append(value)
        elif name == "schema":
            self.schema_file = value
        elif name == "runner":
            self.runners.append(value)
        else:
            self.flags.add(name)

    def _converted(self, name: str, option: str, value: str) -> object:
        if name in FLAGS:
            return 1
        convert = CONVERTS.get(name)
        if name == "program" and self.quotes:
            convert = datatypes.shell_words
        try:
            return convert(value) if convert else value
        except ValueError as error:
            raise Wrong(f"invalid value for {option} {value!r}: {error}") from None

    def _set(self, name: str, option: str, value: object) -> None:
        """Have NAME be VALUE; one that was given before may only be given again."""
        before = self.config_file if name == "configure" else self.values.get(name)
        if before is not None and before != value:
            raise Wrong(f"conflicting command line option {option!r}")
        if name == "configure":
            self.config_file = str(value)
        else:
            self.values[name] = value


# What each key's option makes of its value, and which options have none.
CONVERTS: "dict[str, Callable[[str], object] | None]" = {
    key.name: key.convert for key in KEYS if key.letter
}
FLAGS = {key.name for key in KEYS if key.letter and not key.takes}
LETTERS = {
    "-" + letter.rstrip(":"): word.rstrip("=") or letter.rstrip(":")
    for letter, word in COMMON + OWN
    if letter
}


def options() -> set[str]:
    """All options that there are under the own name, for its page."""
    known = COMMON + OWN
    letters = {"-" + letter.rstrip(":") for letter, _ in known if letter}
    return letters | {"--" + word.rstrip("=") for _, word in known if word}


# Python's module getopt, in its words: it costs 8 ms itself.


class BadOption(Exception):
    """No option; the text says why."""


def getopt(
    argv: list[str], letters: str, names: list[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """The options at the head of ARGV and their values, and what follows. Raises BadOption.

    A colon behind one of LETTERS, and = behind one of NAMES, says that it takes a value; a name
    may be cut where it is no other's beginning.
    """
    found: list[tuple[str, str]] = []
    rest = argv[:]
    while rest and rest[0][:1] == "-" and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        if word[:2] == "--":
            found.append(_long(word[2:], names, rest))
        else:
            found += _short(word[1:], letters, rest)
    return found, rest


def _short(word: str, letters: str, rest: list[str]) -> list[tuple[str, str]]:
    found = []
    while word:
        letter, word, value = word[0], word[1:], ""
        at = letters.find(letter) if letter != ":" else -1
        if at < 0:
            raise BadOption(f"option -{letter} not recognized")
        if letters[at + 1 : at + 2] == ":":
            if not word and not rest:
                raise BadOption(f"option -{letter} requires argument")
            value, word = word or rest.pop(0), ""
        found.append((f"-{letter}", value))
    return found


def _long(word: str, names: list[str], rest: list[str]) -> tuple[str, str]:
    name, given, value = word.partition("=")
    whole, takes = _whole(name, names)
    if takes and not given:
        if not rest:
            raise BadOption(f"option --{whole} requires argument")
        value = rest.pop(0)
    elif given and not takes:
        raise BadOption(f"option --{whole} must not have an argument")
    return f"--{whole}", value


def _whole(name: str, names: list[str]) -> tuple[str, bool]:
    """The whole of NAME, and whether it takes a value."""
    begun = [one for one in names if one.startswith(name)]
    if not begun:
        raise BadOption(f"option --{name} not recognized")
    if name in begun or f"{name}=" in begun:
        return name, name not in begun
    if len(begun) > 1:
        raise BadOption(f"option --{name} not a unique prefix")
    return begun[0].rstrip("="), begun[0][-1:] == "="
