"""What sv does with its services: tells each, and waits until each is where it should be.

The steps are runit's, one after the other, since each of its messages, and when it comes,
is part of what a script may read. How a status is read is a matter of the reader, and how
things are said one of the printer.
"""

import posix
from errno import ENOENT, ENXIO
from time import monotonic, sleep, time

from ..base import cli
from ..base.service_dirs import is_written
from ..base.status import WANTED_DOWN
from ..base.write import tell
from .check_script import run_check_script
from .commands import GOALS, WORKING, Command
from .servicefiles import Trouble, normally_up, open_control, reason
from .services import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..base.status import Status
    from .printer import Printer
    from .start_watch import StartWatch


POLL = 0.42  # seconds between two looks
OFTEN = 0.1  # and of our own name, which has a process to watch
SOON = 0.01  # seconds until the second look of our own name
MOST = 99  # failures that an exit code can tell
STARTING = frozenset("uotk")  # letters after which a process is to live
# What a look at a service gave, beside 0 where its status could be read, but not told.
UP, IS_DOWN, NOBODY, TROUBLE = 1, 2, 3, 4


class ServiceSteps:
    """A COMMAND for services, at paths or below BELOW; HOME is an fd of the directory we are in.

    reader: reads the status of the service in the current directory, or raises Trouble;
    status: what it read last; native: whether this is under our own name, which does better in
    a few places; name: the service that it is about; in_log: whether it is about its log;
    left: the services that are waited for; now: the second for which ages are printed; waited:
    the seconds so far. Both are of the last sleep, so that all services have the same time.

    What came of it: failed, how often something did not work; found, what the last look gave;
    seen, the last status of each service; troubles, what the system refused.
    """

    status: "Status"

    def __init__(
        self,
        command: Command,
        reader: "Callable[[], Status]",
        printer: "Printer",
        *,
        below: bytes,
        home: int,
        limit: float,
        native: bool,
    ) -> None:
        self.command = command
        self.reader = reader
        self.printer = printer
        self.below = below
        self.home = home
        self.limit = limit
        self.native = native
        self.name = b""
        self.in_log = False
        self.left: list[bytes] = []
        self.now = self.begun = int(time())
        self.waited = 0.0
        self.failed = 0
        self.found = NOBODY
        self.seen: dict[bytes, Status] = {}
        self.watches: dict[bytes, StartWatch] = {}
        self.troubles: list[tuple[bytes, OSError]] = []

    def run(self, names: list[bytes]) -> int:
        """Tell the services NAMES and wait for them; the exit code is how many failed."""
        start = monotonic()
        # It may be for the next services.
        self.now = self.begun = int(time())
        self.waited = 0.0
        for name in names:
            if self.enter(name, again=False) and self.act():
                self.left.append(name)
            self.leave()
        # Most services are there at once; the script ./check of others may cost something.
        pause = SOON if self.native else POLL
        while self.command.waits and self.look():
            sleep(pause)
            pause = min(OFTEN if self.native else POLL, pause * 1.5)
            self.now = int(time())
            self.waited = monotonic() - start
        return min(self.failed, MOST)

    def enter(self, name: bytes, *, again: bool) -> bool:
        """Go into the directory of the service NAME, for the first time or again, or say why not.

        That "web/" is a path, the original forgets when it comes again.
        """
        self.name = name
        path = name[:1] in (b"/", b".", b"") or (name[-1:] == b"/" and not again)
        try:
            if not (path or self.native):
                posix.chdir(self.below)
            posix.chdir(find(name) if self.native else name)
        except OSError as error:
            self.fail(b"fail", Trouble(b"unable to change to service directory", error))
            return False
        return True

    def leave(self) -> None:
        """Go home again; where that fails there is no going on."""
        try:
            posix.fchdir(self.home)
        except OSError as error:
            raise nameless_fatal(b"unable to change to original directory", error) from None

    def act(self) -> bool:
        """Do what comes before waiting; whether the service is worth waiting for."""
        if self.command.letters == "s":
            self.found = self.print_statuses()
            return True
        return self.command.letters == "C" or self.control(self.command.letters)

    def look(self) -> bool:
        """Look once at each service that is waited for; whether any was not there yet."""
        names, self.left = self.left, []
        waiting = False
        for name in names:
            if self.enter(name, again=True) and not self.settled():
                waiting = True
                if self.waited > self.limit:
                    self.give_up()
                else:
                    self.left.append(name)
            self.leave()
        return waiting

    def read(self) -> int:
        """Read the status: 0, or NOBODY or TROUBLE, which is said."""
        try:
            self.status = self.reader()
        except Trouble as trouble:
            if trouble.status:
                self.status = trouble.status
            if trouble.nobody:
                self.not_running(self.command.letters[:1])
                return NOBODY
            self.fail(b"warning", trouble)
            return TROUBLE
        if not self.in_log:
            self.seen[self.name] = self.status
        return 0

    def print_statuses(self) -> int:
        """Print the status of the service, and of its log; what was found, of the last."""
        trouble = self.read()
        if trouble:
            return trouble
        found = self.add_status(self.name)
        self.in_log = True
        try:
            if self.native and is_written(b"log"):
                raise FileNotFoundError(ENOENT, "")
            posix.chdir(b"log")
        except OSError as error:
            if error.errno == ENOENT:
                self.printer.add(b"\n")
            else:
                self.printer.add(b"; ")
                self.fail(b"warning", Trouble(b"unable to change directory", error))
        else:
            self.printer.add(b"; ")
            trouble = self.read()
            # Where the log's cannot be read, the original prints what it has: the service's.
            if not trouble or (trouble == TROUBLE and not self.native):
                found = self.add_status(b"log")
                self.printer.add(b"\n")
        self.in_log = False
        self.printer.flush()
        return found

    def control(self, letters: str) -> bool:
        """Send LETTERS to the supervisor, unless that is what it wants already."""
        if self.read():
            return False
        if letters == "x" and self.status.lingers:
            # With `x` alone the service would run on.
            letters = "dx"
        if self.is_wanted(letters[0]):
            return True
        if self.native and STARTING.intersection(letters):
            self.watch(letters)
        try:
            fd = open_control()
        except OSError as error:
            if error.errno == ENXIO:
                self.not_running(letters[0])
            else:
                self.fail(b"warning", Trouble(b"unable to open supervise/control", error))
            return False
        try:
            tell(fd, letters.encode())
        except BrokenPipeError:
            # It has left in this moment.
            self.not_running(letters[0])
            return False
        except OSError as error:
            self.fail(b"warning", Trouble(b"unable to write to supervise/control", error))
            return False
        finally:
            posix.close(fd)
        return True

    def is_wanted(self, letter: str) -> bool:
        """Whether the service is wanted so, and was told; one that is up once was not.

        Under our own name, what failed for good is wanted up and has to be told.
        """
        if self.status.want != letter or (self.native and letter == "u"):
            return False
        return letter != "d" or self.status.term == 1

    def settled(self) -> bool:
        """Whether the service is where it should be, or never will be; either is said."""
        if self.read():
            return True
        letters = self.command.letters
        if self.native and letters == "C":
            # What is to be down is as it should be when it is.
            letters = "u" if self.status.want == "u" else "d"
        if self.native and STARTING.intersection(letters):
            sent = "" if self.command.letters == "C" else letters
            outcome = self.watch(sent).look(self.status)
            if outcome:
                self.fail(b"fail", Trouble(outcome))
            if outcome is None or outcome:
                return outcome is not None
            letters = "".join(letter for letter in letters if letter not in STARTING)
        for letter in letters:
            if self.native and letter == "d" and self.status.want not in WANTED_DOWN:
                # It is down between two starts: the letter was not read yet.
                return False
            if letter in GOALS and not GOALS[letter](self.status, self.begun):
                return False
            if letter in WORKING and self.status.pid and not self.works():
                return False
        self.printer.add_outcome(self.name, b"ok")
        self.add_status(self.name)
        self.printer.flush(b"\n")
        return True

    def watch(self, letters: str) -> "StartWatch":
        """What watches the start that LETTERS ask for."""
        if self.name not in self.watches:
            from .start_watch import StartWatch

            self.watches[self.name] = StartWatch(letters, self.status, self.warn)
        return self.watches[self.name]

    def works(self) -> bool:
        """Whether ./check says so."""
        return run_check_script(self.warn)

    def give_up(self) -> None:
        """Say that it took too long; with force, kill the service."""
        self.printer.add_outcome(self.name, b"kill" if self.command.force else b"timeout")
        if not self.read():
            self.add_status(self.name)
            self.failed += 1
        self.printer.flush(b"\n")
        if self.command.force:
            self.control("k")

    def add_status(self, name: bytes) -> int:
        """Have the status printed under NAME: UP, IS_DOWN, or 0 in trouble."""
        normally = self.status.normally_up
        if normally is None:
            try:
                normally = normally_up()
            except OSError as error:
                self.warn(b"stat ", b"/down", error)
                return 0
        self.printer.add_status(name, self.status, self.now, normally_up=normally)
        return UP if self.status.pid else IS_DOWN

    def fail(self, word: bytes, trouble: Trouble) -> None:
        """Count the TROUBLE, and say it in a line that begins with WORD."""
        self.failed += 1
        if trouble.error:
            self.troubles.append((self.where(), trouble.error))
        self.printer.say(word, self.name, b"/log" if self.in_log else b"", trouble)

    def not_running(self, letter: str) -> None:
        """Say that there is no supervisor: what `x` asked for, and a failure else."""
        trouble = Trouble(self.printer.nobody)
        if letter == "x":
            if self.name in self.seen:
                trouble = Trouble(self.printer.left)
            self.printer.say(b"ok", self.name, b"/log" if self.in_log else b"", trouble)
            return
        self.fail(b"fail", trouble)
        self.troubles.append((self.where(), OSError(ENXIO, "")))

    def where(self) -> bytes:
        """The name of what it is about: the service, or its log."""
        return self.name.rstrip(b"/") + b"/log" if self.in_log else self.name

    def warn(self, doing: bytes, file: bytes, error: OSError) -> None:
        """Say on stderr what could not be done with a FILE of the service."""
        cli.say(b"warning: unable to " + doing + self.name + file + b": " + reason(error))


def nameless_fatal(text: bytes, error: OSError) -> cli.Quit:
    """Quit in the original's way: without the tool's name."""
    cli.say(b"fatal: " + text + b": " + reason(error))
    return cli.Quit(100)
