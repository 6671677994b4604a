"""pysv under its own name: the commands of sv, and those that only a person needs."""

from ..base import cli
from ..base.process import environ
from ..base.status import RUN
from .commands import WAIT, choose
from .person_printer import PersonPrinter
from .reader import read_status
from .servicefiles import Home, Trouble, show
from .services import find, places, say_none, services
from .steps import ServiceSteps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

SYNOPSIS = b"pysv [-jv] [-w seconds] command [service ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"jw:v", (b"json",)
# The commands that are none of sv's.
OTHERS = b"ls logs top history check-config new enable disable".split()
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
        return control(who, word, _given(before + after), names)
    options = cli.options if word == b"new" else _anywhere
    letters, words = b"j" + module.LETTERS, (b"json", *module.WORDS)
    after, names = options([who, *rest], module.USAGE, more=letters, words=words)
    code: int = module.main(who, _given(before + after), names)
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
    elif word == b"new":
        from . import new as found
    elif word == b"enable":
        from . import enable as found
    elif word == b"disable":
        from . import disable as found
    return found


def _given(found: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The options FOUND; that JSON is wanted, however it was said, is "json"."""
    given = dict(found)
    if b"j" in given:
        given[b"json"] = b""
    return given


def control(who: bytes, word: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """Do what WORD says with the services NAMES; the code is sv's, of a status LSB's."""
    command = choose(word, verbose=b"v" in given or b"w" in given, native=True)
    if command is None:
        raise cli.usage(who, USAGE, hint=_no_command(word, names))
    named = bool(names)
    names = services(names) if command.letters == "s" else names
    if not names and command.letters == "s":
        say_none(who)
    elif not names:
        raise cli.usage(who, USAGE, hint=b"say which service to " + word)
    json = b"json" in given
    printer = PersonPrinter(json=json)
    steps = ServiceSteps(
        command,
        read_status,
        printer,
        below=b"",
        home=Home(own=True).fd,
        limit=_limit(who, given),
        native=True,
    )
    code = steps.run(names)
    if named:
        _help(who, steps.troubles)
    if json:
        from .fields import objects

        show(objects(_record(name, steps, printer) for name in names))
    if command.letters != "s":
        return code
    return max((_code(name, steps) for name in names), default=0)


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


def _limit(who: bytes, given: dict[bytes, bytes]) -> float:
    """How many seconds to wait."""
    if b"w" in given:
        return cli.seconds(who, USAGE, b"w", given[b"w"])
    environment = environ.get(b"SVWAIT")
    return WAIT if environment is None else cli.scan_ulong(environment)


def _record(name: bytes, steps: ServiceSteps, printer: PersonPrinter) -> dict[str, object]:
    """What came of the service NAME, for JSON."""
    from .fields import describe

    word, error = printer.results.get(name, (b"told", b""))
    found = describe(name, steps.seen.get(name), Trouble(error), find(name) + b"/")
    return found | {"result": word} | ({"error": error} if error else {})


def _code(name: bytes, steps: ServiceSteps) -> int:
    """What LSB calls the status of the service NAME."""
    status = steps.seen.get(name)
    return UNKNOWN if status is None else 0 if status.state == RUN else DOWN
