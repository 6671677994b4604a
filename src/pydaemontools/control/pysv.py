"""pysv under its own name: the commands of sv, and those that only a person needs."""

from ..base import cli
from ..base.status import RUN
from .commands import Command, choose
from .person_steps import limit, person_steps, roll
from .service_names import services
from .servicefiles import Trouble, show
from .services import find, places, say_none
from .steps import MOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from .person_printer import PersonPrinter
    from .steps import ServiceSteps

SYNOPSIS = b"pysv [-jv] [-w seconds] [--all] [--rolling[=n]] command [service ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"jw:v", (b"json", b"all", b"rolling[=n]")
# The commands that are none of sv's.
OTHERS = b"ls logs top history check-config new add remove enable disable".split()
MAKERS = (b"new", b"add")  # whose words behind the first name are not theirs
DOWN, UNKNOWN = 3, 4  # what LSB has a status exit with


def main(argv: list[bytes]) -> int:
    """Do what the first word says; options may stand before and after it."""
    who = argv[0]
    before, rest = cli.options(argv, USAGE, more=LETTERS, words=WORDS)
    if not rest:
        return _list_commands(who)
    word, *rest = rest
    if word == b"help":
        raise cli.Asked(word)
    module = _answering(word)
    if module is None:
        after, names = _anywhere([who, *rest], USAGE, more=LETTERS, words=WORDS)
        return control(who, word, _given(who, before + after, names), names)
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


def control(who: bytes, word: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """Do what WORD says with the services NAMES; the code is sv's, of a status LSB's."""
    command = choose(word, verbose=b"v" in given or b"w" in given, native=True)
    if command is None:
        raise cli.usage(who, USAGE, hint=_no_command(word, names))
    size = _size(who, command, given)
    if not (names or b"all" in given or command.letters == "s"):
        raise cli.usage(who, USAGE, hint=b"say which service to " + word + b", or --all")
    named, names = bool(names), services(names)
    if not names:
        say_none(who)
    json = b"json" in given
    steps, printer = person_steps(command, json=json, limit=limit(who, USAGE, given))
    untouched = roll(steps, names, size or max(1, len(names)))
    if named:
        _help(who, steps.troubles)
    if untouched:
        cli.say(who + b": stopped there; not touched: " + b" ".join(untouched))
    if json:
        from .fields import objects

        show(
            objects(_record(name, steps, printer, touched=name not in untouched) for name in names)
        )
    if command.letters != "s":
        return min(steps.failed, MOST)
    return max((_code(name, steps) for name in names), default=0)


def _size(who: bytes, command: Command, given: dict[bytes, bytes]) -> int:
    """How many services to take at a time; 0 is all of them."""
    if b"rolling" not in given:
        return 0
    size = cli.whole(given[b"rolling"] or b"1")
    if not size:
        hint = b"--rolling takes a number of services, not " + given[b"rolling"]
        raise cli.usage(who, USAGE, hint=hint)
    if not command.waits:
        hint = b"--rolling is for what waits: start, stop, restart, reload and their like; or -v"
        raise cli.usage(who, USAGE, hint=hint)
    return size


def _no_command(word: bytes, names: list[bytes]) -> bytes:
    """What to say of the command WORD, which there is none, with the services NAMES."""
    from ..base.slips import near
    from .commands import WORDS as WAITING

    known = [*WAITING, b"status", *OTHERS]
    said = b"there is no command " + word
    for name in names:
        if name in known:
            return said + b"; did you mean `pysv " + name + b" " + word + b"`?"
    meant = near(word, known)
    return said + (b"; did you mean " + meant + b"?" if meant else b"; `pysv` alone lists them")


def _help(who: bytes, troubles: list[tuple[bytes, OSError]]) -> None:
    """Say what helps with TROUBLES, each of a service."""
    from .hint import hint

    for name, error in troubles:
        sentence = hint(places(name), error)
        if sentence:
            cli.say(who + b": " + sentence)


def _record(
    name: bytes, steps: "ServiceSteps", printer: "PersonPrinter", *, touched: bool
) -> dict[str, object]:
    """What came of the service NAME, if it was TOUCHED, for JSON."""
    from .fields import describe

    usual = b"told" if touched else b"untouched"
    word, error = printer.results.get(name, (usual, b""))
    found = describe(name, steps.seen.get(name), Trouble(error), find(name) + b"/")
    return found | {"result": word} | ({"error": error} if error else {})


def _code(name: bytes, steps: "ServiceSteps") -> int:
    """What LSB calls the status of the service NAME."""
    status = steps.seen.get(name)
    return UNKNOWN if status is None else 0 if status.state == RUN else DOWN
