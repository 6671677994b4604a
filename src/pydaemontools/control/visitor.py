"""Going to services, one after the other, and reading and printing how they are."""

import posix
from errno import ENOENT
from time import time

from ..base import cli
from ..base.errors import words
from ..base.tai64 import EPOCH
from .raw import Raw
from .said import Said
from .servicefiles import Trouble, status

# What a look at a service gave, beside 0 for a service that tells nothing.
UP, IS_DOWN, NOBODY, TROUBLE = 1, 2, 3, 4


class Visitor(Said):
    """Goes to services at paths or below BASE, and back to HOME, which is an fd.

    letter: the first that is to be told, which decides whether nobody there is a failure;
    status: what was last read; now: the second (TAI) for which ages are printed.
    """

    # That "web/" is a path, the original forgets when it comes again.
    forgetful = True

    def __init__(self, letter: bytes, base: bytes, home: int) -> None:
        super().__init__()
        self.letter = letter
        self.base = base
        self.home = home
        self.status = Raw()
        self.now = EPOCH + int(time())

    def enter(self, *, again: bool) -> bool:
        """Go into the directory of the service, for the first time or again, or say why not."""
        forgot = again and self.forgetful
        path = self.name[:1] in (b"/", b".", b"") or (self.name[-1:] == b"/" and not forgot)
        try:
            if not path:
                posix.chdir(self.base)
            posix.chdir(self.name)
        except OSError as error:
            self.fail(b"unable to change to service directory", error)
            return False
        return True

    def back(self) -> None:
        """Go home again; where that fails there is no going on."""
        try:
            posix.fchdir(self.home)
        except OSError as error:
            raise fatal(b"unable to change to original directory", error) from None

    def read(self) -> bytes:
        """The status of the service in the current directory; raises Trouble."""
        return status(20)

    def get(self) -> int:
        """Read the status: 1 if it could be read, 0 if there is no supervisor, -1 if not."""
        try:
            self.status.data[:] = self.read()
        except Trouble as trouble:
            self.status.data[: len(trouble.data)] = trouble.data
            if trouble.nobody:
                self.not_running(self.letter)
                return 0
            self.warn(trouble.text, trouble.error)
            return -1
        return 1

    def print(self, name: bytes) -> int:
        """Print the status of the service under NAME: UP, IS_DOWN, or 0 in trouble."""
        normally_up = False
        try:
            posix.stat(b"down")
        except OSError as error:
            if error.errno != ENOENT:
                self.aside(b"stat ", b"/down", error)
                return 0
            normally_up = True
        self.put(self.status.line(name, self.now, normally_up=normally_up))
        return UP if self.status.pid else IS_DOWN

    def report(self, head: bytes) -> None:
        """Print the status, with what came of it at the HEAD."""
        self.put(head)
        self.print(self.name)
        self.put(b"\n")
        self.flush()


def fatal(text: bytes, error: OSError) -> cli.Quit:
    """Quit in the original's way: without the tool's name."""
    cli.say(b"fatal: " + text + b": " + words(error))
    return cli.Quit(100)
