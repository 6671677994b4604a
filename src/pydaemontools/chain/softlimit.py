"""Run a program with lower limits on what it may use."""

import resource
from resource import getrlimit, setrlimit

from ..base import cli
from ..base.limits import below, holding
from ..base.process import limits as waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTIONS = (
    b"[-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] [-m membytes] "
    b"[-o openfiles] [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs]"
)
USAGE = (
    b"softlimit " + _OPTIONS + b" child",
    b"pysoftlimit " + _OPTIONS + b" program [arg ...]",
)
# Which of the system's limits each option sets, in that order.
LIMITS = {
    b"a": ("AS",),
    b"c": ("CORE",),
    b"d": ("DATA",),
    b"f": ("FSIZE",),
    b"l": ("MEMLOCK",),
    b"m": ("DATA", "STACK", "MEMLOCK", "AS"),
    b"o": ("NOFILE",),
    b"p": ("NPROC",),
    b"r": ("RSS",),
    b"s": ("STACK",),
    b"t": ("CPU",),
}
LETTERS = b":".join(LIMITS) + b":"
COUNTS = b"opt"  # letters whose numbers are no bytes
# These wait for a program that is not ours: an interpreter may be larger than they are.
MEMORY = ("AS", "DATA", "STACK", "MEMLOCK", "RSS")
ME = b"softlimit"  # by which what a link may need is found
FEW = 32  # fds: with fewer it may be that nothing can be imported any more


def parse(argv: list[bytes]) -> tuple[list[tuple[str, int | None]], list[bytes]]:
    """The limits to set, in order, each with its number (None for the hard limit), and the rest."""
    limits: list[tuple[str, int | None]] = []

    def each(letter: bytes, value: bytes) -> None:
        number = _number(argv[0], letter, value)
        limits.extend((name, number) for name in LIMITS[letter])

    rest = cli.options(argv, USAGE, LETTERS, each=each)[1]
    if not rest:
        raise cli.usage(argv[0], USAGE, hint=b"say which program to run")
    return limits, rest


def _number(who: bytes, letter: bytes, value: bytes) -> int | None:
    if value != b"=" and (not value or (value.isdigit() and not cli.native(who))):
        return cli.scan_ulong(value)
    return read_number(who, letter, value, USAGE)


def read_number(who: bytes, letter: bytes, value: bytes, synopsis: "cli.Usage") -> int | None:
    """The limit VALUE that option LETTER was given, None for the hard one; raises Quit."""
    if value == b"=":
        return None
    number = cli.whole(value) if letter in COUNTS else cli.size(value)
    if number is None:
        kind = b" takes a number, or = for the hard limit, not "
        raise cli.usage(who, synopsis, hint=b"-" + letter + kind + value)
    return number


def main(argv: list[bytes]) -> list[bytes]:
    """Set the soft limits, or have them wait, and hand on the rest."""
    limits, rest = parse(argv)
    for name, number in limits:
        which = getattr(resource, "RLIMIT_" + name, None)
        if which is not None:
            set_limit(which, number, rest, wait=name in MEMORY)
    return rest


def set_limit(
    which: int,
    number: int | None,
    rest: "Sequence[bytes]" = (),
    *,
    wait: bool,
    what: bytes = b"setrlimit failed",
) -> None:
    """Set the soft limit WHICH to NUMBER, None for the hard one, or have it WAIT.

    REST is to run with it. Raises Quit, saying WHAT.
    """
    hard = getrlimit(which)[1]
    soft = hard if number is None else below(number, hard)
    if wait:
        waiting[which] = soft
        return
    if which == resource.RLIMIT_NOFILE and 0 <= soft < FEW:
        from .setuidgid import load_ahead

        # One before may have lowered it already.
        with holding({which: resource.RLIM_INFINITY}):
            load_ahead([ME, *rest])
    try:
        setrlimit(which, (soft, hard))
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, OSError) else None
        raise cli.fatal(what, reason) from None
