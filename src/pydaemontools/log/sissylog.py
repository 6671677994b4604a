"""Route what a daemon prints by the level at the head of each line."""

import posix
from _signal import SIG_DFL, SIG_IGN, SIGINT, SIGPIPE, SIGTERM, getsignal, signal
from errno import EBADF

from ..chain import cli, process
from . import levels
from .blocks import open_source
from .levels import Router
from .pump import Pump
from .routing import Routing
from .sinks.syslog import FACILITIES, Syslog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ledger import Ledger
    from .pump import Sink

OWN = (
    b"pysissylog [-s] [-i] [-d level] [-p level] [--buffer bytes] [--to place ...] [--compat] "
    b"[ident [facility]]"
)
USAGE = (OWN, OWN)


class Options:
    """What the command line asks for."""

    def __init__(self, argv: list[bytes]) -> None:
        words = (b"buffer:", b"to:", b"compat")
        found, rest = cli.options(argv, USAGE, b"sid:p:", words=words)
        given = dict(found)
        self.who = argv[0]
        self.strip = b"s" in given
        self.default = self._level(b"d", given.get(b"d", b"info"))
        self.least = self._level(b"p", given.get(b"p", b"debug"))
        self.buffer = self._bytes(given.get(b"buffer", b"1m"))
        self.pid = posix.getpid() if b"i" in given else None
        self.places = [value for name, value in found if name == b"to"] or [b"syslog:"]
        self.ident = rest[0] if rest else self.who
        self.facility = self._facility(rest[1]) if rest[1:] else FACILITIES[b"daemon"]
        if rest[2:]:
            raise cli.usage(self.who, USAGE, hint=rest[2] + b" is one argument too many")

    def _level(self, letter: bytes, name: bytes) -> int:
        level = levels.named(name)
        if level is None:
            hint = b"-" + letter + b" takes a level (" + b" ".join(levels.NAMES) + b"), not " + name
            raise cli.usage(self.who, USAGE, hint=hint)
        return level

    def _bytes(self, value: bytes) -> int:
        unit = {b"k": 1 << 10, b"m": 1 << 20, b"g": 1 << 30}.get(value[-1:].lower(), 0)
        number = value[:-1] if unit else value
        if not number.isdigit():
            hint = b"--buffer takes a number of bytes, or one with k, m or g, not " + value
            raise cli.usage(self.who, USAGE, hint=hint)
        return int(number) * (unit or 1)

    def _facility(self, name: bytes) -> int:
        facility = FACILITIES.get(name.lower().removeprefix(b"log_"))
        if facility is None:
            hint = b"there is no facility " + name + b"; there are " + b" ".join(FACILITIES)
            raise cli.usage(self.who, USAGE, hint=hint)
        return facility

    def sink(self, place: bytes, ledger: "Ledger | None") -> "Sink":
        """The place that --to names."""
        if place[:7] != b"syslog:" and place[-1:] != b"/":
            hint = b"--to takes syslog: or syslog:SOCKET, or a directory with a / at its end: "
            raise cli.usage(self.who, USAGE, hint=hint + place)
        try:
            if place[:7] == b"syslog:":
                return Syslog(place[7:] or b"/dev/log", self.ident, self.facility, self.pid)
            from .logdir import LogDir
            from .sinks.directory import Directory
            from .tai64n import label

            log = LogDir(place.rstrip(b"/") or b"/", ledger=ledger)
            return Directory(log, self.who, label)
        except OSError as error:
            raise cli.fatal(b"unable to log to " + place, error) from None


def main(argv: list[bytes]) -> int:
    """Route stdin until its end, or until told to stop."""
    if not cli.own(argv[0]) or b"--compat" in argv[1:]:
        from . import perp

        return perp.main([b"sissylog", *(word for word in argv[1:] if word != b"--compat")])
    options = Options(argv)
    process.title(argv[0])
    signal(SIGPIPE, SIG_IGN)
    try:
        if 0 in process.opened:
            raise OSError(EBADF, "")
        source = open_source(0)
    except OSError as error:
        raise cli.fatal(b"unable to read stdin", error) from None
    ledger: Ledger | None = None
    if any(place[-1:] == b"/" for place in options.places):
        from .ledger import open_ledger
        from .tai64n import LABEL

        ledger = open_ledger(source, LABEL)
    sinks = [options.sink(place, ledger) for place in options.places]
    told: list[int] = []
    for signum in (SIGTERM, SIGINT):
        # What a script starts in the background ignores ^C, and so shall its logger.
        if getsignal(signum) != SIG_IGN:
            signal(signum, lambda signum, _frame: told.append(signum))
    form = Routing(Router(options.default))
    form.strip = options.strip
    form.least = options.least
    pump = Pump(source, sinks, form, told, options.buffer)
    pump.ledger = ledger
    code = pump.run()
    if SIGINT in told:
        signal(SIGINT, SIG_DFL)
        posix.kill(posix.getpid(), SIGINT)
    return code
