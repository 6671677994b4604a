"""Have services down and wait for it, as runit's svwaitdown did before there was sv."""

import posix
from _signal import SIG_IGN, SIGPIPE, signal
from errno import ENXIO
from time import monotonic, sleep

from ..base import cli
from .runit_older import Refused, Services, options, tell, usage, waited_for
from .svwaitup import BACK, HERE

WORDS = b"[-v] [-t 1..6000] service ..."
VERSION = b"$Id: 6cd3efc2e15e5e3d2fa60cd0c028e60958676ec7 $"
SECONDS = 600, 1, 6000  # that it waits: unless told, at least, at most
LOOK = 1  # seconds between two looks


def main(argv: list[bytes]) -> int:
    """Tell all of them, then wait for one after the other."""
    given, names = options(argv, b"t:xkv", WORDS, VERSION)
    limit, least, most = SECONDS
    if b"t" in given:
        limit = cli.scan_ulong(given[b"t"])
        if not least <= limit <= most:
            raise usage(argv[0], WORDS)
    signal(SIGPIPE, SIG_IGN)
    services = Services(argv[0], 111, HERE, BACK)
    letters = b"dx" if b"x" in given else b"d"
    for name in names:
        _tell_quietly(name, letters)
        services.back()
    return WaitDown(services, given, letters, names, monotonic() + limit).run()


def _tell_quietly(name: bytes, letters: bytes) -> None:
    """Tell the service NAME; where that fails, the wait says why."""
    try:
        posix.chdir(name)
        tell(letters)
    except (OSError, Refused):
        pass


class WaitDown:
    """Waits for each of NAMES until END, by the options GIVEN; tells LETTERS again as needed."""

    def __init__(
        self,
        services: Services,
        given: dict[bytes, bytes],
        letters: bytes,
        names: list[bytes],
        end: float,
    ) -> None:
        self.services = services
        self.verbose = b"v" in given
        self.kill = b"k" in given
        self.letters = letters
        self.names = names
        self.end = end

    def run(self) -> int:
        """Wait; 111 if the time is up."""
        for name in self.names:
            while not self.is_done(name):
                if monotonic() >= self.end:
                    if self.verbose:
                        self.services.info(b"timeout.")
                    if not self.kill:
                        return 111
                    if self.has_killed(name) and name is self.names[-1]:
                        return 111
                    break
                sleep(LOOK)
                self.services.back()
            self.services.back()
        return self.services.code

    def is_done(self, name: bytes) -> bool:
        """Go to the service NAME and look: whether there is nothing to wait for any more."""
        services = self.services
        if not services.enter(name):
            return True
        failed = services.failed
        status = waited_for(services, name, gone=True)
        if status is None:
            if self.verbose and services.failed == failed:
                services.info(name + b": runsv not running.")
            return True
        if not status.pid and b"x" not in self.letters:
            if self.verbose:
                services.info(name + b": down.")
            return True
        if status.want == "d":
            return False
        try:
            tell(self.letters)
        except Refused as refused:
            services.warn(name + b": " + refused.doing, refused.error)
            return True
        return False

    def has_killed(self, name: bytes) -> bool:
        """Have the service NAME, where we are, killed; False where it could not be told."""
        first = self.names[0]
        try:
            tell(b"k")
        except Refused as refused:
            if refused.error.errno == ENXIO:
                if self.verbose:
                    self.services.info(name + b": runsv not running.")
            else:
                # It names the first, whichever it was.
                self.services.warn(first + b": " + refused.doing, refused.error)
            return False
        self.services.info(name + b": killed.")
        return True
