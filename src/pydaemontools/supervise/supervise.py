"""Keep a program running, and a logger that reads what it prints."""

import posix
from select import POLLHUP, POLLIN, poll

from ..chain import cli, script
from ..chain import exec as chain
from ..chain.check import program
from ..chain.process import environ, title
from ..chain.tools import NAMES, load
from ..chain.why import signal_name
from ..chain.words import expand
from .child import spawn
from .loop import Inbox, Service, run

SYNOPSIS = b"pysupervise [-v] [-l logger] program [arg ...]"
WHO = b"pysupervise"
USAGE = (SYNOPSIS, SYNOPSIS)


def parse(argv: list[bytes]) -> tuple[bool, list[bytes], list[bytes]]:
    """Whether to be verbose, the logger's words (none if there is no logger), the program."""
    found, program = cli.options(argv, USAGE, b"vl:")
    given = dict(found)
    if not program:
        raise cli.usage(argv[0], USAGE)
    return b"v" in given, _words(given[b"l"]) if b"l" in given else [], program


def main(argv: list[bytes]) -> int:
    """Supervise what follows until told to stop."""
    verbose, logger, words = parse(argv)
    title(WHO)
    _warm(words)
    if logger:
        _warm(logger)
    Pair(words, logger, verbose=verbose).run()
    return 0


def _words(text: bytes) -> list[bytes]:
    return [word for line in script.parse(text, b"-l") for word in expand(line, environ)]


def _warm(words: list[bytes]) -> None:
    """See that the program is there, and load what its chain will need, before any fork."""
    # Links import these only when they need them, and every child would do it again.
    import grp  # noqa: F401

    from ..chain import errors, limits  # noqa: F401

    program(words[0], environ.get(b"PATH"))
    for word in words:
        name = word.rpartition(b"/")[2].decode("latin-1")
        if name in NAMES:
            load(name)


class Pair:
    """A program and, if there is one, the logger at the other end of a pipe.

    The pipe is held here, so what is in it outlives either side. The program goes first:
    then nobody can write any more, and the logger ends by itself at the end of the file.
    One that dies before that is started again.
    """

    def __init__(self, program: list[bytes], logger: list[bytes], *, verbose: bool) -> None:
        self.inbox = Inbox()
        self.verbose = verbose
        self.pipe = list(posix.pipe()) if logger else []
        self.program = self._service(program, {fd: self.pipe[1] for fd in (1, 2) if logger})
        self.logger = self._service(logger, {0: self.pipe[0]}) if logger else None

    def run(self) -> None:
        """Keep both until told to stop; the logger is there before the program."""
        services = [self.logger, self.program] if self.logger else [self.program]
        run(services, self.inbox, self.tell)

    def tell(self, letter: str) -> None:
        """Give LETTER to the program, or when that has left, to the logger."""
        target = self.logger if self.logger and self.program.left else self.program
        target.feed(letter)

    def _service(self, argv: list[bytes], become: dict[int, int]) -> Service:
        def start() -> int:
            pid = spawn(lambda: chain.run(WHO, _same, argv), become, [*self.inbox.fds, *self.pipe])
            if self.verbose:
                cli.say(WHO + b": info: started %s, pid %d" % (service.name, pid))
            return pid

        service = Service(
            label(argv),
            start,
            lambda pid, status: self.ended(service, pid, status),
            lambda: self.left(service),
        )
        return service

    def ended(self, service: Service, pid: int, status: int) -> None:
        """Tell how SERVICE ended; let the logger leave when it has read everything."""
        if self.verbose:
            cli.say(WHO + b": info: %s, pid %d, %s" % (service.name, pid, reason(status)))
        if service is self.logger and self.program.left and self.drained():
            service.feed("x")

    def left(self, service: Service) -> None:
        """When the program has left nobody writes any more: the logger may see the end."""
        if self.logger and service is self.program:
            posix.close(self.pipe.pop())

    def drained(self) -> bool:
        """Whether the pipe is empty, and nobody has it open who could write to it."""
        waiter = poll()
        waiter.register(self.pipe[0], POLLIN)
        return [events for _, events in waiter.poll(0)] == [POLLHUP]


def _same(argv: list[bytes]) -> list[bytes]:
    return argv


def label(argv: list[bytes]) -> bytes:
    """What to call ARGV when telling of it: its program, or the first of a chain's rest."""
    if argv[:2] == [script.me(), b"-c"] and argv[2:]:
        argv = expand(script.parse(argv[2], b"-c")[0], environ)
    return argv[0].rpartition(b"/")[2]


def reason(status: int) -> bytes:
    """A wait status in words."""
    if posix.WIFSIGNALED(status):
        return b"was killed by " + signal_name(posix.WTERMSIG(status))
    return b"exited with code %d" % posix.WEXITSTATUS(status)
