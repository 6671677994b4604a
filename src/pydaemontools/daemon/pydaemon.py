"""Start, stop and ask after a daemon: an init script in one line."""

import os

from ..base import cli
from .absolute import check_filled
from .daemon import Daemon
from .lsb import USAGE, WORDS, act, with_lsb, wrong


def main(argv: list[bytes]) -> int:
    """Do what the words say for the daemon that they name; the exit codes are LSB's."""
    return with_lsb(lambda: _main(argv))


def _main(argv: list[bytes]) -> int:
    _, rest = cli.options(argv, USAGE, words=WORDS)
    if len(rest) < 2:
        raise wrong(b"say which daemon, and what to do with it: start, stop, status, ...")
    check_filled(**{"the name": rest[0]})
    return act(rest[1:], Daemon.new(os.fsdecode(rest[0])).daemon)
