"""Run a program with another account, environment, root, directory, priority, lock or limits."""

from ..base import cli, process
from ..base.process import edit, environ
from . import chpst_steps as steps
from .chpst_grammar import USAGE, number, options, usage

VERSION = b"$Id: f279d44141c981dd7535a12260efcf1ef7beed26 $"
LETTERS = b"u:U:b:e:/:C:n:l:L:m:d:o:p:f:c:r:t:vP012"
# Which of the system's limits each option sets.
LIMITS = {
    b"m": ("DATA", "STACK", "MEMLOCK", "AS"),
    b"d": ("DATA",),
    b"o": ("NOFILE",),
    b"p": ("NPROC",),
    b"f": ("FSIZE",),
    b"c": ("CORE",),
    b"r": ("RSS",),
    b"t": ("CPU",),
}
STREAMS = {b"0": b"stdin", b"1": b"stdout", b"2": b"stderr"}
# What the original is by these names, which may have a d before them.
NAMES = b"envdir envuidgid pgrphack setlock setuidgid softlimit".split()


def main(argv: list[bytes]) -> list[bytes] | int:
    """Change what the options say, in the original's order, and hand on the rest."""
    name = argv[0].rpartition(b"/")[2]
    if name.removeprefix(b"d") in NAMES:
        from .chpst_names import be

        return be([name, *argv[1:]])
    told, limits, rest = parse([name, *argv[1:]])
    _place(name, told, rest)
    _account(name, told, rest)
    for letter in b"l", b"L":
        if letter in told:
            steps.lock(name, told[letter], wait=letter == b"l")
    for letter, stream in STREAMS.items():
        if letter in told:
            steps.close(int(letter), stream)
    steps.set_limits(limits, rest)
    process.argv0 = told.get(b"b")
    return rest


def _place(name: bytes, told: dict[bytes, bytes], rest: list[bytes]) -> None:
    """Have the session, the environment, the root, the directory and the nice level."""
    if b"P" in told:
        steps.new_session()
    if b"e" in told:
        warned = (name if cli.native(name) else b"chpst") if b"v" in told else b""
        edit(environ, steps.variables(told[b"e"], warned, skip=True))
    if b"/" in told:
        steps.change_root(told[b"/"], rest)
    if b"C" in told:
        steps.change_directory(told[b"C"])
    if b"n" in told:
        steps.renice(told[b"n"])


def _account(name: bytes, told: dict[bytes, bytes], rest: list[bytes]) -> None:
    """Have the account in the environment, and become it."""
    if b"U" in told:
        account = steps.find(name, told[b"U"])
        edit(environ, [b"GID=%d" % account.gid, b"UID=%d" % account.uid])
    if b"u" in told:
        steps.become(steps.find(name, told[b"u"]), rest)


def parse(
    argv: list[bytes],
) -> tuple[dict[bytes, bytes], dict[str, int | None], list[bytes]]:
    """The options, each with its last value; the limits, None for the hard one; the rest."""
    name = argv[0]
    told: dict[bytes, bytes] = {}
    limits: dict[str, int | None] = {}

    def each(letter: bytes, value: bytes) -> None:
        if letter == b"V":
            cli.say(VERSION)
            raise usage(name)
        if letter == b"n" and not (steps.is_increment(value) and (value or not cli.native(name))):
            raise usage(name, hint=b"-n takes a number, which may have a sign, not " + value)
        if letter in LIMITS:
            limits.update(dict.fromkeys(LIMITS[letter], _limit(name, letter, value)))
        if letter in b"lL" and told.keys() & {b"l", b"L"}:
            raise usage(name, hint=b"there can be one lock: -l waits for it, -L does not")
        told[letter] = value

    letters = LETTERS if cli.native(name) else LETTERS + b"V"
    rest = options(argv, letters, each)[1]
    if not rest:
        raise usage(name, hint=b"say which program to run")
    return told, limits, rest


def _limit(name: bytes, letter: bytes, value: bytes) -> int | None:
    if cli.native(name):
        from .softlimit import read_number

        return read_number(name, letter, value, USAGE)
    return number(name, value)
