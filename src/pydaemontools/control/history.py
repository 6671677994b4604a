"""pysv history: how services died."""

from ..base import cli
from ..supervise.statefile import HISTORY, parse_death
from .fields import text
from .listing import see
from .lookup import find, services
from .screen import plain
from .servicefiles import Trouble, read_file, show

SYNOPSIS = b"pysv history [-j] [-n lines] [service ...]"
USAGE = (SYNOPSIS, SYNOPSIS)


def main(who: bytes, argv: list[bytes], *, json: bool) -> int:
    """Print what is known of each; 111 if one could not be read."""
    found, names = cli.options([who, *argv], USAGE, more=b"jn:", words=(b"json",))
    given = dict(found)
    json = json or b"j" in given or b"json" in given
    last = given.get(b"n", b"1000000")
    if not last.isdigit():
        raise cli.usage(who, USAGE, hint=b"-n takes a number of lines, not " + last)
    names = services(names)
    code = 0
    for name in names:
        try:
            lines = _of(find(name))
        except Trouble as trouble:
            cli.Quit(111, b"warning: " + name + b": " + trouble.words()).say(who)
            code = 111
            continue
        lines = lines[max(0, len(lines) - int(last)) :]
        show(objects(name, lines) if json else _lines(name, lines, several=len(names) > 1))
    return code


def _of(place: bytes) -> list[bytes]:
    """The history in PLACE; raises Trouble, also if PLACE is no service directory."""
    lines = read_file(HISTORY, place + b"/").splitlines()
    trouble = see(place)[1]
    if not lines and trouble and not trouble.nobody:
        raise trouble
    return lines


def _lines(name: bytes, lines: list[bytes], *, several: bool) -> bytes:
    head = plain(name) + b": " if several else b""
    return b"".join(head + plain(line) + b"\n" for line in lines)


def objects(name: bytes, lines: list[bytes]) -> bytes:
    """The deaths as JSON, an object a line."""
    from json import dumps

    out = []
    for death in map(parse_death, lines):
        record = {
            "service": text(name),
            "time": text(death.when) or None,
            "pid": death.pid,
            "up": death.seconds,
            "exitcode": death.code,
            "signal": text(death.signal) or None,
            "note": text(death.note) or None,
            "said": text(death.output) or None,
        }
        out.append(dumps(record).encode() + b"\n")
    return b"".join(out)
