"""pysv under its own name: the commands of sv, and those that only a person needs."""

from ..base import cli
from ..chain import pathexec as chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

SYNOPSIS = b"pysv [-jv] [-w seconds] [--all] [--rolling[=n]] command [service ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"jw:v", (b"json", b"all", b"rolling[=n]")
# The commands that are none of sv's.
OTHERS = b"ls logs top history check-config new add remove enable disable".split()
MAKERS = (b"new", b"add")  # whose words behind the first name are not theirs
SIMPLE = {b"all", b"v"}  # with these a status is one line each


def main(argv: list[bytes]) -> int:
    """Do what the first word says, or be an init script under another name.

    Options may stand before that word and after it.
    """
    who = argv[0]
    if chain.called not in (b"", b"sv", b"pysv"):
        from .sv_original import run

        return run(argv, chain.called, lsb=True)
    before, rest = cli.options(argv, USAGE, more=LETTERS, words=WORDS)
    if not rest:
        return _list_commands(who)
    word, *rest = rest
    if word == b"help":
        raise cli.Asked(word)
    module = _answering(word)
    if module is None:
        after, names = _anywhere([who, *rest], USAGE, more=LETTERS, words=WORDS)
        return _control(who, word, _given(who, before + after, names), names)
    options = cli.options if word in MAKERS else _anywhere
    letters, words = b"j" + module.LETTERS, (b"json", b"all", *module.WORDS)
    after, names = options([who, *rest], module.USAGE, more=letters, words=words)
    code: int = module.main(who, _given(who, before + after, names), names)
    return code


def _anywhere(
    argv: list[bytes], usage: "cli.Usage", more: bytes, words: tuple[bytes, ...]
) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """The options and the names in ARGV, in any order: no service is called -f."""
    at = argv.index(b"--") if b"--" in argv else len(argv)
    rest, behind = argv[1:at], argv[at + 1 :]
    found, names = [], []
    while rest:
        some, rest = cli.options([argv[0], *rest], usage, more=more, words=words)
        found += some
        names += rest[:1]
        del rest[:1]
    return found, names + behind


def _list_commands(who: bytes) -> int:
    """Say what there is to say; that nothing was said is wrong usage."""
    from ..base.pages import sections

    code = cli.usage(who, USAGE).say(who)
    cli.say(sections("pysv", b"Commands")[-1])
    return code


def _answering(word: bytes) -> "ModuleType | None":
    """The module that answers the command WORD, if it is none of sv's.

    It has a USAGE, and the LETTERS and long WORDS of its options, beside -j and --json.
    """
    found: ModuleType | None = None
    if word not in OTHERS:
        return found
    if word == b"ls":
        from . import listing as found
    elif word == b"logs":
        from . import logs as found
    elif word == b"top":
        from . import top as found
    elif word == b"history":
        from . import history as found
    elif word == b"check-config":
        from . import config as found
    else:
        found = _changing(word)
    return found


def _changing(word: bytes) -> "ModuleType | None":
    """As _answering(), of those that change what services there are, or when they start."""
    found: ModuleType | None = None
    if word == b"new":
        from . import new as found
    elif word == b"add":
        from . import add as found
    elif word == b"remove":
        from . import remove as found
    elif word == b"enable":
        from . import enable as found
    elif word == b"disable":
        from . import disable as found
    return found


def _given(who: bytes, found: list[tuple[bytes, bytes]], names: list[bytes]) -> dict[bytes, bytes]:
    """The options FOUND; that JSON is wanted, however it was said, is "json". NAMES are not all."""
    given = dict(found)
    if b"j" in given:
        given[b"json"] = b""
    if b"all" in given and names:
        raise cli.usage(who, USAGE, hint=b"--all is all of SVDIR: leave it out, or " + names[0])
    return given


def _control(who: bytes, word: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """Do what WORD says with the services NAMES; the code is sv's, of a status LSB's."""
    if word == b"status" and SIMPLE.issuperset(given):
        # Of many services to import less is half of the time; and while the answer comes.
        from .overview_reader import ask

        question = ask(names)
        if question:
            from .quick_status import status

            code = status(who, question, names)
            if code is not None:
                return code
    from .person_control import control

    return control([who, word, *names], USAGE, given, OTHERS)
