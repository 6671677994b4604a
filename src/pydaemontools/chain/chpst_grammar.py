"""How chpst reads its command line, and says what is wrong with it."""

from ..base import cli

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Each = Callable[[bytes, bytes], None]

WORDS = (
    b"[-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] [-n nice] "
    b"[-l|-L lock] [-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog"
)
USAGE = (
    b"chpst " + WORDS,
    (
        b"pychpst [-vP012] [-u account] [-U account] [-b argv0] [-e dir] [-/ root] [-C dir] "
        b"[-n inc] [-l lock | -L lock] [-m bytes] [-d bytes] [-o files] [-p processes] [-f bytes] "
        b"[-c bytes] [-r bytes] [-t seconds] program [arg ...]"
    ),
)


def options(
    argv: list[bytes], letters: bytes, each: "Each | None" = None, words: bytes = WORDS
) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """What cli.options gives; what is wrong is said as the original does, with WORDS for usage."""
    try:
        return cli.options(argv, USAGE, letters, each=each)
    except cli.Quit as end:
        if cli.native(argv[0]) or not end.lines:
            raise
        cli.say(argv[0] + b": " + end.lines[0])
        raise usage(argv[0], words) from None


def usage(name: bytes, words: bytes = WORDS, hint: bytes = b"") -> cli.Quit:
    """Quit because of wrong usage: the original says its NAME, WORDS and an empty line."""
    if cli.native(name):
        return cli.usage(name, USAGE, hint=hint)
    cli.say(b"usage: " + name.removeprefix(b"d") + b" " + words, b"")
    return cli.Quit(100)


def number(name: bytes, value: bytes) -> int | None:
    """The limit VALUE as the original reads it: a C long, of which -1 is None, the hard limit."""
    if value.lstrip(b"0123456789"):
        raise usage(name)
    found = cli.scan_ulong(value)
    found -= 2**64 if found >= 2**63 else 0
    return None if found == -1 else found
