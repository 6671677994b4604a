"""Daemon: a program that becomes a daemon, described by options, a block or a command line."""

import os
import sys

from .managed import Managed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any


class Daemon(Managed):
    """A program that becomes a daemon; its options are keywords here, and attributes afterwards.

    Whether it runs is known by its pid file, which it has locked: so another process can stop
    it, or ask after it. Raises Error for options that lack, or mean nothing.
    """

    def __init__(self, name: str | None = None, **options: "Any") -> None:  # noqa: ANN401
        super().__init__(name, **options)
        self.check()

    @classmethod
    def new(cls, name: str | None = None, **options: "Any") -> "Described":  # noqa: ANN401
        """A daemon to be described in a block: `with Daemon.new() as d: d.name = ...`."""
        made = cls.__new__(cls)
        Managed.__init__(made, name, **options)
        return Described(made)

    @classmethod
    def cli(
        cls,
        name: str | None = None,
        argv: "list[str] | None" = None,
        **options: "Any",  # noqa: ANN401
    ) -> int:
        """Be a command line for the daemon NAME: start, stop, restart, reload, status.

        ARGV are the words, sys.argv's without the first if none are given; options in it come
        before these OPTIONS. Gives the exit code, as LSB has them.
        """
        from .lsb import run

        words = sys.argv[1:] if argv is None else argv
        return run([os.fsencode(word) for word in words], cls.new(name, **options).daemon)


class Described:
    """A daemon that is being described: in a block, at the end of which it is looked at."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon

    def __enter__(self) -> Daemon:
        return self.daemon

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: "BaseException | None",
        trace: "TracebackType | None",
    ) -> None:
        if kind is None:
            self.daemon.check()
