"""The steps of sv for a person: read and said in another way, and of a few services at a time."""

from ..base import cli
from ..base.process import environ
from .commands import WAIT, Command
from .person_printer import PersonPrinter
from .reader import read_status
from .servicefiles import Home
from .steps import ServiceSteps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..base.cli import Usage


def person_steps(
    command: Command, *, json: bool, limit: float
) -> tuple[ServiceSteps, PersonPrinter]:
    """The steps of COMMAND, which wait LIMIT seconds, and their printer, which JSON silences."""
    printer = PersonPrinter(json=json)
    home = Home(own=True).fd
    steps = ServiceSteps(
        command, read_status, printer, below=b"", home=home, limit=limit, native=True
    )
    return steps, printer


def limit(who: bytes, synopsis: "Usage", given: dict[bytes, bytes]) -> float:
    """How many seconds to wait."""
    if b"w" in given:
        return cli.seconds(who, synopsis, b"w", given[b"w"])
    environment = environ.get(b"SVWAIT")
    if environment is None:
        return WAIT
    try:
        return cli.seconds(who, synopsis, b"w", environment)
    except cli.Quit:
        # To sv it is 0: then nothing is ever there in time.
        hint = b"SVWAIT is to be a number of seconds, not " + (environment or b"nothing")
        raise cli.usage(who, synopsis, hint=hint) from None


def roll(steps: ServiceSteps, names: list[bytes], size: int) -> list[bytes]:
    """Take STEPS with SIZE of the services NAMES at a time, until one fails.

    Return those that were not touched then.
    """
    while names:
        batch, names = names[:size], names[size:]
        if steps.run(batch):
            return names
    return []
