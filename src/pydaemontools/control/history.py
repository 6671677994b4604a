"""pysv history: how services died."""

from ..base import cli
from ..base.printable import plain
from ..base.write import show
from ..supervise.statefile import HISTORY, parse_death
from .fields import objects
from .hint import hint
from .reader import find_status
from .service_names import services
from .servicefiles import Trouble, read_file
from .services import find, places, say_none
from .svstat import refusal
from .when import in_local

SYNOPSIS = b"pysv history [-j] [-n lines] [service ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"n:", ()


def main(who: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """Print what is known of each; 111 if one could not be read."""
    last = given.get(b"n", b"1000000")
    if not last.isdigit():
        raise cli.usage(who, USAGE, hint=b"-n takes a number of lines, not " + last)
    names = services(names)
    if not names:
        say_none(who)
    code = 0
    for name in names:
        try:
            lines = _read(find(name))
        except Trouble as trouble:
            sentence = hint(places(name), trouble.error)
            warning = b"warning: " + plain(name) + b": " + refusal(trouble, own=True)
            cli.Quit(111, warning, hint=sentence).say(who)
            code = 111
            continue
        lines = lines[max(0, len(lines) - int(last)) :]
        if b"json" in given:
            show(objects(_record(name, line) for line in lines))
        else:
            head = plain(name) + b": " if len(names) > 1 else b""
            show(b"".join(head + plain(in_local(line)) + b"\n" for line in lines))
    return code


def _read(directory: bytes) -> list[bytes]:
    """The history in DIRECTORY; raises Trouble, also if that is no service directory."""
    lines = read_file(HISTORY, directory + b"/").splitlines()
    trouble = find_status(directory)[1]
    if not lines and trouble and not trouble.nobody:
        raise trouble
    return lines


def _record(name: bytes, line: bytes) -> "dict[str, object]":
    """A LINE of the history of the service NAME, for JSON."""
    death = parse_death(line)
    return {
        "service": name,
        "time": death.when or None,
        "pid": death.pid,
        "up": death.seconds,
        "exitcode": death.code,
        "signal": death.signal or None,
        "note": death.note or None,
        "said": death.output or None,
    }
