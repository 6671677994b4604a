"""The one grammar of command lines and of errors: djb's.

A tool raises Quit, made by fatal() or usage(); whoever called the tool's main lets
it say its lines under the tool's name and ends with its code: 100 for wrong usage,
111 when the system refused, and what a tool documents for itself.
"""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .nowait import Stderr

    # What an original says of its usage, and what the tool says under its own name.
    Usage = tuple[bytes, bytes]

# What says what this process says, once it lasts (see lasts()).
lasting: "Stderr | None" = None
# Of whom it speaks, before each line, where one process does the work of many.
about = b""


class Quit(Exception):
    """The end of a tool: an exit code, and the lines to say first.

    A hint is a line that only the tool's own name adds: an original has its exact words.
    `error` is what the system said, if that was it.
    """

    error: "OSError | None" = None

    def __init__(self, code: int, *lines: bytes, hint: bytes = b"") -> None:
        super().__init__(code, lines, hint)
        self.code = code
        self.lines = lines
        self.hint = hint

    def plain(self) -> "Quit":
        """Have its lines be fit for a terminal, whatever they name."""
        from .printable import plain

        self.lines, self.hint = tuple(map(plain, self.lines)), plain(self.hint)
        return self

    def say(self, who: bytes) -> int:
        """Write the lines to fd 2 in one write, each under the name WHO; give the code."""
        lines = [*self.lines, self.hint] if self.hint and native(who) else self.lines
        say(*(who + b": " + line for line in lines))
        return self.code


class Asked(Exception):
    """Somebody asked for help or version, which is WHAT; each own name has both."""

    def __init__(self, what: bytes) -> None:
        super().__init__(what)
        self.what = what


def say(*lines: bytes) -> None:
    """Write LINES to stderr in one write. Where stderr is gone there is nobody to tell."""
    data = b"".join(about + line + b"\n" for line in lines)
    if lasting:
        lasting.say(data)
        return
    try:
        posix.write(2, data)
    except OSError:
        pass


def lasts(who: bytes) -> None:
    """Have this process, which goes by the name WHO, never wait to say something from now on."""
    global lasting  # noqa: PLW0603 - there is one stderr
    from .nowait import Stderr

    lasting = Stderr(who)
    sys.excepthook = lasting.uncaught


def may_wait() -> None:
    """Say things as all others do: what a process that lasts has forked is short-lived."""
    global lasting  # noqa: PLW0603
    lasting = None
    sys.excepthook = sys.__excepthook__


def owes() -> bool:
    """Whether lines were dropped for which stderr had no room, and that still has none."""
    return lasting is not None and lasting.dropped > 0 and not lasting.catch_up()


def native(who: bytes) -> bool:
    """Whether a tool goes by its own name, and may help where the original does not."""
    return who.startswith(b"py")


def fatal(text: bytes, error: "OSError | None" = None, hint: bytes = b"") -> Quit:
    """Quit with 111: what could not be done, and the system's reason in djb's words."""
    if error is not None:
        from .errors import error_str

        text += b": " + error_str(error)
    end = Quit(111, b"fatal: " + text, hint=hint)
    end.error = error
    return end


def usage(
    who: bytes, synopsis: "Usage", code: int = 100, first: bytes = b"", hint: bytes = b""
) -> Quit:
    """Quit because of wrong usage, with the synopsis of the name in use."""
    lines = [first] if first else []
    return Quit(code, *lines, b"usage: " + synopsis[native(who)], hint=hint)


def options(
    argv: list[bytes],
    synopsis: "Usage",
    letters: bytes = b"",
    more: bytes = b"",
    *,
    words: "Sequence[bytes]" = (),
    each: "Callable[[bytes, bytes], None] | None" = None,
) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """Split argv into ([(option, value), …], operands) the way djb's getopt does.

    LETTERS are the original's options, MORE and the long WORDS those of the own name; a colon
    after one says that it takes a value, "word[=n]" that it may. Options end at the first word
    without a dash, at "-", and after "--". EACH is called with each option and may raise Quit,
    so that of two things that are wrong the first is told. Raises Quit for an option that is
    not there, and Asked for --help, --version, and a -h that is no option of the own name.
    """
    who = argv[0]
    if native(who):
        letters += more
    found = []
    rest = argv[1:]
    while rest and rest[0][:1] == b"-" and rest[0] != b"-":
        word = rest.pop(0)
        if word == b"--":
            break
        if word[:2] == b"--":
            if not native(who):
                # djb's getopt looks no further than the second dash.
                break
            found.append(_long(who, synopsis, word[2:], words, rest))
            continue
        for letter, value in _cluster(who, synopsis, word[1:], letters, rest):
            if each:
                each(letter, value)
            found.append((letter, value))
    return found, rest


def _cluster(
    who: bytes, synopsis: "Usage", word: bytes, letters: bytes, rest: list[bytes]
) -> "Iterator[tuple[bytes, bytes]]":
    while word:
        letter, word = word[:1], word[1:]
        at = letters.find(letter) if letter != b":" else -1
        if at < 0 and letter == b"h" and native(who):
            raise Asked(b"help")
        if at < 0:
            raise usage(who, synopsis, first=b"illegal option -- " + letter)
        value = b""
        if letters[at + 1 : at + 2] == b":":
            if not word and not rest:
                raise usage(who, synopsis, first=b"option requires an argument -- " + letter)
            value, word = word or rest.pop(0), b""
        yield letter, value


def _long(
    who: bytes, synopsis: "Usage", word: bytes, words: "Sequence[bytes]", rest: list[bytes]
) -> tuple[bytes, bytes]:
    name, given, value = word.partition(b"=")
    if name in (b"help", b"version"):
        raise Asked(name)
    if name + b":" in words:
        if not given and not rest:
            raise usage(who, synopsis, first=b"option requires an argument -- " + name)
        return name, value if given else rest.pop(0)
    if any(known.startswith(name + b"[=") for known in words) and bool(given) == bool(value):
        # The next word is none of its own.
        return name, value
    if name not in words or given:
        raise usage(who, synopsis, first=b"illegal option -- " + name)
    return name, b""


def seconds(who: bytes, synopsis: "Usage", letter: bytes, value: bytes) -> float:
    """The number of seconds that option LETTER was given; a fraction may follow a point."""
    whole, point, part = value.partition(b".")
    if not (whole + part).isdigit():
        hint = b"-" + letter + b" takes a number of seconds, not " + (value or b"nothing")
        raise usage(who, synopsis, hint=hint)
    return float(whole + point + part)


# Python refuses to read a number of more than 4300 digits; the original tools do not.
UNITS = {b"k": 1 << 10, b"m": 1 << 20, b"g": 1 << 30}
MOST = 2**64 - 1  # that the system could take


def whole(text: bytes, most: int = MOST) -> int | None:
    """The whole number TEXT, decimal digits and nothing else; None if it is none up to MOST."""
    if not text.isdigit() or len(text.lstrip(b"0")) > len(b"%d" % most):
        return None
    number = int(text.lstrip(b"0") or b"0")
    return number if number <= most else None


def size(text: bytes) -> int | None:
    """How many bytes TEXT says: a number, perhaps with k, m or g behind it; None without one."""
    unit = UNITS.get(text[-1:].lower(), 1)
    number = whole(text[:-1] if unit > 1 else text, MOST // unit)
    return None if number is None else number * unit


def shown_size(count: int) -> bytes:
    """COUNT bytes, in the unit that leaves one to four digits."""
    for letter, unit in reversed(UNITS.items()):
        if count >= unit:
            return b"%.1f%s" % (count / unit, letter if letter == b"k" else letter.upper())
    return b"%d" % count


def scan_ulong(text: bytes) -> int:
    """The number TEXT begins with, as djb reads it: without one 0; what is too large wraps."""
    digits = text[: len(text) - len(text.lstrip(b"0123456789"))]
    # 2**64 divides 10**64: what stands before the last 64 digits adds nothing.
    return int(digits[-64:] or b"0") % 2**64
