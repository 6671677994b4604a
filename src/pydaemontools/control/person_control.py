"""The commands of sv for a person: of any services, of all of them, or of some at a time."""

from ..base import cli
from ..base.printable import plain
from ..base.status import RUN
from ..base.write import show
from .commands import Command, choose
from .person_steps import limit, person_steps, roll
from .reader import find_status
from .service_names import services
from .servicefiles import Trouble
from .services import find, places, say_none
from .steps import MOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..base.cli import Usage
    from .person_printer import PersonPrinter
    from .steps import ServiceSteps

DOWN, UNKNOWN = 3, 4  # what LSB has a status exit with


def control(
    argv: list[bytes], usage: "Usage", given: dict[bytes, bytes], others: list[bytes]
) -> int:
    """Do as ARGV has it: who, a command, and services. The code is sv's, of a status LSB's.

    OTHERS are commands that are not to be had here.
    """
    who, word, *names = argv
    command = choose(word, verbose=b"v" in given or b"w" in given, native=True)
    if command is None:
        raise cli.usage(who, usage, hint=_no_command(word, others, names))
    size = _size(who, usage, command, given)
    if not (names or b"all" in given or command.letters == "s"):
        raise cli.usage(who, usage, hint=b"say which service to " + word + b", or --all")
    named, names = bool(names), services(names)
    if not names:
        say_none(who)
    json = b"json" in given
    # What waits for nothing is not kept by an SVWAIT that is wrong.
    seconds = limit(who, usage, given) if command.waits or b"w" in given else 0
    steps, printer = person_steps(command, json=json, limit=seconds)
    untouched = roll(steps, names, size or max(1, len(names)))
    if named:
        help_with(who, steps.troubles)
    if untouched:
        cli.say(who + b": stopped there; not touched: " + plain(b" ".join(untouched)))
    if json:
        from .fields import objects

        show(
            objects(_record(name, steps, printer, touched=name not in untouched) for name in names)
        )
    if command.letters != "s":
        return min(steps.failed, MOST)
    return max((code_of(name, steps) for name in names), default=0)


def _size(who: bytes, usage: "Usage", command: Command, given: dict[bytes, bytes]) -> int:
    """How many services to take at a time; 0 is all of them."""
    if b"rolling" not in given:
        return 0
    size = cli.whole(given[b"rolling"] or b"1")
    if not size:
        hint = b"--rolling takes a number of services, not " + given[b"rolling"]
        raise cli.usage(who, usage, hint=hint)
    if not command.waits:
        hint = b"--rolling is for what waits: start, stop, restart, reload and their like; or -v"
        raise cli.usage(who, usage, hint=hint)
    return size


def _no_command(word: bytes, others: list[bytes], names: list[bytes]) -> bytes:
    """What to say of WORD, which is no command, nor one of OTHERS, with the services NAMES."""
    from ..base.slips import near
    from .commands import WORDS as WAITING

    known = [*WAITING, b"status", *others]
    said = b"there is no command " + word
    for name in names:
        if name in known:
            return said + b"; did you mean `pysv " + name + b" " + word + b"`?"
    meant = near(word, known)
    return said + (b"; did you mean " + meant + b"?" if meant else b"; `pysv` alone lists them")


def help_with(who: bytes, troubles: list[tuple[bytes, OSError]]) -> None:
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
    place, status = find(name), steps.seen.get(name)
    if not touched:
        status, trouble = find_status(place)
        error = trouble.plainly() if trouble else b""
    found = describe(name, status, Trouble(error), place + b"/")
    return found | {"result": word} | ({"error": error} if error else {})


def code_of(name: bytes, steps: "ServiceSteps") -> int:
    """What LSB calls the status of the service NAME."""
    status = steps.seen.get(name)
    return UNKNOWN if status is None else 0 if status.state == RUN else DOWN
