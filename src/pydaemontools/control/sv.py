"""Control services and their supervisors, and wait until they are as they were told to be."""

from ..base import cli
from ..chain import pathexec as chain


def main(argv: list[bytes]) -> int:
    """Be sv, or under another name an init script; our own name does more."""
    called = chain.called or argv[0]
    lsb = called not in (b"sv", b"pysv")
    if cli.native(argv[0]) and not lsb:
        from .pysv import main as own

        return own(argv)
    from .sv_original import run

    return run(argv, called, lsb=lsb)
