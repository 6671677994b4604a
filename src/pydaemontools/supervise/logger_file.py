"""The file `logger`: one line that says which program reads what a service prints.

It is for a logger that needs no directory of its own: no run, no supervise/. The program runs in
the service directory, as a child; pysvscan has those of many services in one process. The file is
read at each start of the logger, and the logger is started again when the service is and the
file has changed, or the service directory was replaced. With log/ beside it, which the C tools
know, it is not used.
"""

import posix
from errno import EINVAL
from time import CLOCK_BOOTTIME, clock_gettime, monotonic

from ..base import cli, kept_pipe
from ..base.child import fork
from ..base.printable import plain
from ..base.proc import TICKS, start_time, stat
from ..base.process import environ
from ..base.service_dirs import instance_of
from ..base.shared_dir import read_file
from ..base.tools import load_all
from ..jobs.known_process import KnownProcess
from .program_service import ProgramService
from .run_record import numbers
from .service import Service
from .state import UP
from .status_writer import IN_STATE
from .successor import Successor
from .table import ADOPTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .directory_service import DirectoryService
    from .rules import Rules
    from .state import State

LOGGER = b"logger"
MOST = 1 << 16  # bytes that the file may hold
NO_WORDS: list[bytes] = []


def by_file(service: "DirectoryService") -> "tuple[Service, tuple[int, int]] | None":
    """The logger that the file in the current directory gives SERVICE, and the pipe to it.

    None without one.
    """
    if not posix.access(LOGGER, posix.F_OK):
        return None
    return LoggerService(service), file_pipe(service)


def words_of(text: bytes, name: bytes, instance: bytes = b"") -> list[bytes]:
    """The words of the chain script TEXT, called NAME in what is said of it; of an INSTANCE of a
    template, if it is one. Raises Quit.
    """
    from ..chain.script import parse
    from ..chain.words import expand

    variables = environ | {b"INSTANCE": instance} if instance else environ
    return [word for line in parse(text, name) for word in expand(line, variables)]


def program_of(text: bytes, name: bytes, instance: bytes = b"") -> list[bytes]:
    """The words of TEXT, which the file NAME holds. Raises Quit where they are no program."""
    from ..chain.runnable import program

    if text[:2] == b"#!" and b"pychain" not in text.partition(b"\n")[0]:
        hint = b"what log/run would exec stands there, in one line: pymultilog t s1m n10 ./main"
        raise cli.fatal(name + b": it holds a script, and not a command line", hint=hint)
    words = words_of(text, name, instance)
    program(words[0], environ.get(b"PATH"))
    return words


def read_text(name: bytes, default: bytes = b"") -> bytes:
    """What the file in the current directory, called NAME, holds; DEFAULT without it.

    Raises Quit.
    """
    try:
        return read_file(LOGGER, MOST, follow=True)
    except FileNotFoundError as error:
        if default:
            return default
        raise cli.fatal(b"unable to read " + name, error) from None
    except OSError as error:
        raise cli.fatal(b"unable to read " + name, error) from None


class LoggerService(ProgramService):
    """The logger of SERVICE, as its file `logger` says, or DEFAULT where there is none."""

    __slots__ = ("_default", "_place", "_said", "_text", "service")

    def __init__(self, service: "DirectoryService", default: bytes = b"") -> None:
        name = service.name + b"/" + LOGGER
        Service.__init__(self, service.loop, service.reaper, service.who, name)
        self.argv = NO_WORDS
        self.service = service
        self._default = default
        self._text = b""  # that the last start was by
        self._place: int | None = None  # the directory that it was in
        self._said = b""  # what is wrong with it
        service.watchers += (self._note,)
        if isinstance(service, Successor):
            service.logger = self

    def rename(self, name: bytes, _found: bytes) -> None:
        """The service is called NAME now."""
        self.name = name + b"/" + LOGGER

    @property
    def shown(self) -> bytes:
        """How it is, in words for supervise/state: its state, and the process that has it."""
        pid = self.place()
        return IN_STATE.get(self.state.phase, b"down") + (b" %d" % pid if pid else b"")

    def place(self) -> int:
        """The process that has it; 0 if none has."""
        return self.pid

    def show(self) -> None:
        """Have the service's file say how it is."""
        if not self.service.left:
            self.service.show()

    def words(self) -> list[bytes]:
        """What it is to run now. Raises Quit."""
        name = self.service.files.shown + LOGGER
        self._text = read_text(name, self._default)
        self._place = self.service.files.identity
        return program_of(self._text, name, self.instance)

    @property
    def instance(self) -> bytes:
        """Which one of a template it is for; nothing if it is of none."""
        return instance_of(self.service.name)[1]

    def begin(self) -> None:
        """Go on with the one that a supervisor left which was killed, or start it."""
        left = self.left_by_predecessor()
        if not left:
            self.feed("u")
            return
        start = start_time(left)
        try:
            self.followed = KnownProcess(self.loop, left, start, self.end)
        except ProcessLookupError:
            self.feed("u")
            return
        self.pid = self.session = left
        self._place = self.service.files.identity
        if self.reaper:
            self.reaper.leads(left, self)
        try:
            self._text = read_text(b"", self._default)
        except cli.Quit:
            # It runs, and whether the file is good is of no interest before the next start.
            self._text = b""
        up = max(0.0, clock_gettime(CLOCK_BOOTTIME) - start / TICKS)
        self.feed(ADOPTED, (self.rules(), monotonic() - up, True, stat(left)[:1] == [b"T"]))

    def left_by_predecessor(self) -> int:
        """The process that reads our pipe already; 0 if none does."""
        if not (self.service.predecessor and self.reaper):
            return 0
        pipe = f"pipe:[{kept_pipe.inode(self.fd_map[0])}]"
        return next(iter(self.reaper.table().readers(pipe)), 0)

    def spawn(self, rules: "Rules") -> int:
        """Start what the file says. Raises OSError, also where the file is wrong, which is said."""
        try:
            self.argv = self.words()
            pid = self.start_program(rules)
        except cli.Quit as end:
            self._say(end)
            raise OSError(EINVAL, "") from end
        finally:
            # There may be thousands of them.
            self.argv = NO_WORDS
        self._said = b""
        return pid

    def start_program(self, rules: "Rules") -> int:
        """Start it; return its pid. Raises OSError, and Quit where its words are wrong."""
        load_all(self.argv)
        if self.instance:
            return fork(self.who, self.name, self._run, self.fd_map, self.keep)
        return super().spawn(rules)

    def _say(self, end: cli.Quit) -> None:
        """Say what END is about, once for as long as it is so."""
        text = plain(b"; ".join([*end.lines, end.hint] if end.hint else end.lines))
        text = text.removeprefix(b"fatal: ")
        if text != self._said:
            self._said = text
            self.warn(text if self.name in text else self.name + b": " + text)

    def refused(self, error: OSError) -> None:
        """It could not be started, as ERROR says."""
        if not self._said:
            super().refused(error)

    def _run(self) -> int:
        if self.instance:
            environ[b"INSTANCE"] = self.instance
        return super()._run()

    def _note(self, before: "State", after: "State") -> None:
        """The service was BEFORE and is AFTER: with its next start an edited file counts."""
        if after.phase == UP != before.phase and self.state.phase == UP:
            self.loop.at_turn_end(self._renew)

    def _renew(self) -> None:
        try:
            text = read_text(b"", self._default)
        except cli.Quit:
            # What runs is better than nothing.
            return
        # In a directory that was replaced it would write to the old one, which is removed one day.
        if text != self._text or self.service.files.identity != self._place:
            self.feed("t")


def file_pipe(service: "DirectoryService", kept: "dict[int, int] | None" = None) -> tuple[int, int]:
    """The pipe from SERVICE to a logger without a directory: that of a supervisor that was killed,
    or a new one. What comes after us is told. KEPT are pipes that are open here, by inodes.
    """
    left = service.predecessor
    wanted = numbers(left.words.get(b"logger", b"")).get(0) if left else None
    found = None
    if wanted and kept and wanted in kept:
        found = kept_pipe.both_ends(f"/proc/self/fd/{kept[wanted]}")
    elif left and wanted:
        from .predecessor import passed_on

        table = service.reaper.table() if service.reaper else None
        pids = [*left.strays(), *(table.readers(f"pipe:[{wanted}]") if table else ())]
        try:
            open_pipe = kept_pipe.the_end if passed_on(left, wanted) else kept_pipe.both_ends
            found = kept_pipe.had_by(pids, wanted, open_pipe)
        except PermissionError:
            # Who reads it comes to its end, and whoever writes to it is ended.
            pass
    pipe = found or kept_pipe.make()
    if isinstance(service, Successor):
        service.logs = kept_pipe.inode(pipe[0])
    return pipe
