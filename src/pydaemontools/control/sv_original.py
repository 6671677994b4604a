"""sv as runit has it, and what an init script is that is a link to it."""

import posix

from ..base import cli
from ..base.process import environ
from ..chain import pathexec as chain
from .commands import WAIT, choose
from .servicefiles import READ, RawReader
from .steps import IS_DOWN, TROUBLE, UP, ServiceSteps, nameless_fatal

SYNOPSIS = b"[-v] [-w sec] command service ..."
USAGE = (SYNOPSIS, SYNOPSIS)
LSB = b"[-w sec] command"
VERSION = b"$Id: 900314260c6d52c986c5357673bea2f3bd3f4698 $"
DIRECTORY = b"/etc/service/"
# What an init script's status has to tell.
CODES = {UP: 0, IS_DOWN: 3, 0: 4, TROUBLE: 4}


def main(argv: list[bytes]) -> int:
    """Be sv, or under another name an init script."""
    called = chain.called or argv[0]
    return run(argv, called, lsb=called not in (b"sv", b"pysv"))


def run(argv: list[bytes], called: bytes, *, lsb: bool) -> int:
    """Do what ARGV says, under the name it was CALLED by; LSB: that is an init script."""
    wait, verbose, rest = parse(called, argv, lsb=lsb)
    names = [called] if lsb else rest[1:]
    if not (rest and names):
        raise usage(called, lsb=lsb)
    try:
        home = posix.open(b".", READ)
    except OSError as error:
        end = nameless_fatal(b"unable to open current directory", error)
        raise _code(end, lsb=lsb) from None
    command = choose(rest[0], verbose=verbose)
    if command is None or (lsb and command.letters == "s" and rest[0] != b"status"):
        raise usage(called, lsb=lsb)
    # The tools of a person have others, so these are not imported before.
    from .printer import Printer

    below = environ.get(b"SVDIR", DIRECTORY)
    steps = ServiceSteps(
        command, RawReader(20).read, Printer(), below=below, home=home, limit=wait, native=False
    )
    try:
        code = steps.run(names)
    except cli.Quit as end:
        raise _code(end, lsb=lsb) from None
    if lsb and command.letters == "s":
        return CODES.get(steps.found, code)
    return code


def parse(called: bytes, argv: list[bytes], *, lsb: bool) -> tuple[int, bool, list[bytes]]:
    """How long to wait, whether always, and the rest of argv."""

    def tell_version(letter: bytes, _value: bytes) -> None:
        if letter == b"V":
            cli.say(VERSION)
            raise usage(called, lsb=lsb)

    try:
        found, rest = cli.options([b"sv", *argv[1:]], USAGE, b"w:vV", each=tell_version)
    except cli.Quit as end:
        if end.lines:
            cli.say(called + b": " + end.lines[0])
            raise usage(called, lsb=lsb) from None
        raise
    given = dict(found)
    environment = environ.get(b"SVWAIT")
    wait = WAIT if environment is None else cli.scan_ulong(environment)
    return cli.scan_ulong(given[b"w"]) if b"w" in given else wait, bool(given), rest


def usage(called: bytes, *, lsb: bool) -> cli.Quit:
    """Quit as the original does: with the name it was called by, and an empty line."""
    cli.say(b"usage: " + called + b" " + (LSB if lsb else SYNOPSIS), b"")
    return cli.Quit(2 if lsb else 100)


def _code(end: cli.Quit, *, lsb: bool) -> cli.Quit:
    return cli.Quit(151 if lsb else end.code, *end.lines)
