"""What chpst is by the names of daemontools' links: their jobs, and chpst's messages."""

from ..base import cli
from ..base.process import edit, environ
from . import chpst_steps as steps
from . import pathexec
from .chpst_grammar import number, options, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # What is one of the names: it gets its argv, and the words of its usage.
    Named = Callable[[list[bytes], bytes], list[bytes] | int]

ACCOUNT = b"account child"


def be(argv: list[bytes]) -> list[bytes] | int:
    """Do what the name in ARGV does, and hand on the rest."""
    named, words = NAMED[argv[0].removeprefix(b"d")]
    return named(argv, words)


def _plain(argv: list[bytes], words: bytes, least: int) -> list[bytes]:
    """The words of ARGV after the name, LEAST of them; there are no options."""
    if len(argv) <= least:
        raise usage(argv[0], words)
    return argv[1:]


def _setuidgid(argv: list[bytes], words: bytes) -> list[bytes]:
    who, *rest = _plain(argv, words, 2)
    steps.become(steps.find_one(who), rest)
    return rest


def _envuidgid(argv: list[bytes], words: bytes) -> list[bytes]:
    who, *rest = _plain(argv, words, 2)
    account = steps.find_one(who)
    edit(environ, [b"GID=%d" % account.gid, b"UID=%d" % account.uid])
    return rest


def _envdir(argv: list[bytes], words: bytes) -> list[bytes]:
    place, *rest = _plain(argv, words, 2)
    edit(environ, steps.variables(place, b"", skip=False))
    return rest


def _pgrphack(argv: list[bytes], words: bytes) -> list[bytes]:
    rest = _plain(argv, words, 1)
    steps.new_session()
    return rest


def _setlock(argv: list[bytes], words: bytes) -> list[bytes] | int:
    """Lock a file: by chpst's letters it is -n that waits, and without it nobody does."""
    found, rest = options(argv, b"nNxX", words=words)
    if len(rest) < 2:
        raise usage(argv[0], words)
    given = [letter for letter, _ in found]
    waits, silent = (
        next((one == letter for one in reversed(given) if one.lower() == letter), False)
        for letter in (b"n", b"x")
    )
    path = environ.get(b"PATH")
    try:
        steps.lock(argv[0], rest[0], wait=waits)
        if not silent:
            return rest[1:]
        program = pathexec.become(rest[1:], path)
    except cli.Quit:
        if not silent:
            raise
        return 0
    return pathexec.run(*program)


def _softlimit(argv: list[bytes], words: bytes) -> list[bytes]:
    from . import softlimit

    limits: dict[str, int | None] = {}

    def each(letter: bytes, value: bytes) -> None:
        found = None if value == b"=" else number(argv[0], value)
        limits.update(dict.fromkeys(softlimit.LIMITS[letter], found))

    rest = options(argv, softlimit.LETTERS, each, words)[1]
    if not rest:
        raise usage(argv[0], words)
    steps.set_limits(limits, rest)
    return rest


NAMED: "dict[bytes, tuple[Named, bytes]]" = {
    b"envdir": (_envdir, b"dir child"),
    b"envuidgid": (_envuidgid, ACCOUNT),
    b"pgrphack": (_pgrphack, b"child"),
    b"setlock": (_setlock, b"[ -nNxX ] file program [ arg ... ]"),
    b"setuidgid": (_setuidgid, ACCOUNT),
    b"softlimit": (
        _softlimit,
        (
            b"[-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] "
            b"[-m membytes] [-o openfiles] [-p processes] [-r residentbytes] [-s stackbytes] "
            b"[-t cpusecs] child"
        ),
    ),
}
