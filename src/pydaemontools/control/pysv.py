"""pysv under its own name: the commands of sv, and those that only a person needs."""

from ..base import cli
from ..base.process import environ
from .commands import choose, known
from .lookup import base, find, services
from .person import Person
from .servicefiles import Home, show
from .sv import USAGE, WAIT, number

# A command that is none of sv's, and the module that answers.
COMMANDS = {
    b"ls": "listing",
    b"logs": "logs",
    b"top": "top",
    b"history": "history",
    b"check-config": "config",
    b"new": "new",
}
LETTERS, WORDS = b"w:vj", (b"json",)


def main(argv: list[bytes]) -> int:
    """Do what the first word says; options may stand before and after it."""
    found, rest = cli.options(argv, USAGE, more=LETTERS, words=WORDS)
    if not rest:
        raise cli.usage(argv[0], USAGE)
    command, *rest = rest
    if command in COMMANDS:
        module = __import__(f"pydaemontools.control.{COMMANDS[command]}", fromlist=["main"])
        code: int = module.main(argv[0], rest, json=_json(found))
        return code
    more, names = cli.options([argv[0], *rest], USAGE, more=LETTERS, words=WORDS)
    return control(argv[0], command, found + more, names)


def _json(found: list[tuple[bytes, bytes]]) -> bool:
    return any(letter in (b"j", b"json") for letter, _ in found)


def control(
    who: bytes, command: bytes, found: list[tuple[bytes, bytes]], names: list[bytes]
) -> int:
    """Tell the services NAMES, or show them; the exit code is sv's, of a status LSB's."""
    given = dict(found)
    how = choose(command, verbose=b"v" in given or b"w" in given)
    if how is None or not known(command):
        raise cli.usage(who, USAGE, hint=b"there is no command " + command)
    status = how.letters == b"s"
    names = services(names) if status else names
    if not names:
        raise cli.usage(who, USAGE, hint=b"say which service to " + command)
    home = Home(own=True)
    told = Person(names, how, base(), _limit(who, given), home.fd, json=_json(found))
    code = told.run()
    for name, error in told.troubles:
        from .hint import hint

        help_ = hint(find(name), error)
        if help_:
            cli.say(who + b": " + help_)
    if told.json:
        import json

        lines = [json.dumps(record).encode() + b"\n" for record in told.records(names)]
        show(b"".join(lines))
    return told.worst if status else code


def _limit(who: bytes, given: dict[bytes, bytes]) -> float:
    """How many seconds to wait."""
    if b"w" in given:
        return cli.seconds(who, USAGE, b"w", given[b"w"])
    environment = environ.get(b"SVWAIT")
    return WAIT if environment is None else number(environment)
