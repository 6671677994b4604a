"""What sv does with its services: tells each, and waits until each is where it should be.

The steps are runit's, one after the other, since each of its messages, and when it comes,
is part of what a script may read.
"""

import posix
from errno import ENOENT, ENXIO
from time import monotonic, sleep, time

from ..base.tai64 import EPOCH
from .check_script import available
from .commands import How
from .goals import GOALS
from .servicefiles import CONTROL, WRITE
from .visitor import NOBODY, TROUBLE, Visitor

POLL = 0.42  # seconds between two looks
MOST = 99  # failures that an exit code can tell


class Services(Visitor):
    """The services NAMES, at paths or below BASE; HOME is an fd of the directory we are in."""

    def __init__(self, names: list[bytes], how: How, base: bytes, limit: float, home: int) -> None:
        super().__init__(how.letters[:1], base, home)
        self.names: list[bytes | None] = [*names]
        self.how = how
        self.limit = limit
        self.found = NOBODY
        # As of the last sleep, so that all services have the same time.
        self.waited = 0.0
        self.begun = self.now

    def run(self) -> int:
        """Tell each and wait for each; the exit code is how many failed."""
        start = monotonic()
        for at, name in enumerate(self.names):
            self.name = name or b""
            if not (self.enter(again=False) and self.act()):
                self.names[at] = None
            self.back()
        while self.how.waits and self.look():
            sleep(self.pause())
            self.now = EPOCH + int(time())
            self.waited = monotonic() - start
        return min(self.failed, MOST)

    def pause(self) -> float:
        """Seconds until the next look."""
        return POLL

    def act(self) -> bool:
        """Do what comes before waiting; whether the service is worth waiting for."""
        if self.how.letters == b"s":
            self.found = self.tell_status()
            return True
        return self.how.letters == b"C" or self.control(self.how.letters)

    def look(self) -> bool:
        """Look once at each service that is waited for; whether any was not there yet."""
        waiting = False
        for at, name in enumerate(self.names):
            if name is None:
                continue
            self.name = name
            if not self.enter(again=True) or self.check():
                self.names[at] = None
            else:
                waiting = True
                if self.waited > self.limit:
                    self.give_up()
                    self.names[at] = None
            self.back()
        return waiting

    def tell_status(self) -> int:
        """Print the status of the service, and of its log; what was found, of the last."""
        got = self.get()
        if got <= 0:
            return TROUBLE if got else NOBODY
        found = self.print(self.name)
        self.in_log = True
        try:
            posix.chdir(b"log")
        except OSError as error:
            if error.errno == ENOENT:
                self.put(b"\n")
            else:
                self.put(b"; ")
                self.warn(b"unable to change directory", error)
        else:
            self.put(b"; ")
            # Where the log's cannot be read, the original prints what it has.
            if self.get():
                found = self.print(b"log")
                self.put(b"\n")
        self.in_log = False
        self.flush()
        return found

    def control(self, letters: bytes) -> bool:
        """Send LETTERS to the supervisor, unless that is what it wants already."""
        if self.get() <= 0:
            return False
        if self.wanted(letters[:1]):
            return True
        try:
            fd = posix.open(CONTROL, WRITE)
        except OSError as error:
            if error.errno == ENXIO:
                self.not_running(letters[:1])
            else:
                self.warn(b"unable to open supervise/control", error)
            return False
        try:
            posix.write(fd, letters)
        except OSError as error:
            self.warn(b"unable to write to supervise/control", error)
            return False
        finally:
            posix.close(fd)
        return True

    def wanted(self, letter: bytes) -> bool:
        """Whether the service is wanted so, and was told; one that is up once was not."""
        return self.status.want == letter and (letter != b"d" or self.status.term == 1)

    def check(self) -> int:
        """1 if the service is where it should be (and say so), 0 if not yet, -1 in trouble."""
        got = self.get()
        if got < 0:
            return -1
        for letter in self.how.letters.decode():
            if not got:
                return 1 if letter == "x" else -1
            if not self.done(letter):
                return 0
        self.report(b"ok: ")
        return 1

    def done(self, letter: str) -> bool:
        """Whether what LETTER asks for is so; of most letters there is nothing to see."""
        return letter not in GOALS or GOALS[letter](self)

    def works(self) -> bool:
        """Whether a service that runs is of use."""
        return available(self.aside)

    def give_up(self) -> None:
        """Say that it took too long; with force, kill the service."""
        self.put(b"kill: " if self.how.force else b"timeout: ")
        if self.get() > 0:
            self.print(self.name)
            self.failed += 1
        self.put(b"\n")
        self.flush()
        if self.how.force:
            self.control(b"k")
