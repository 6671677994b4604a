"""Run a program in a session and process group of its own."""

import posix

from ..base import cli

USAGE = (b"pgrphack child", b"pypgrphack program [arg ...]")


def parse(argv: list[bytes]) -> list[bytes]:
    """The rest of argv."""
    rest = cli.options(argv, USAGE)[1] if cli.native(argv[0]) else argv[1:]
    if not rest:
        raise cli.usage(argv[0], USAGE, hint=b"say which program to run")
    return rest


def main(argv: list[bytes]) -> list[bytes]:
    """Start a session and hand on the rest. One who leads a group already has what it wants."""
    rest = parse(argv)
    try:
        posix.setsid()
    except PermissionError:
        pass
    return rest
