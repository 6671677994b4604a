"""Keep a service running: a directory that says what it is, or a command line."""

import posix

from ..base import cli, kept_pipe
from ..base.child import prepare
from ..base.fds import inherited
from ..base.proc import is_shown
from ..base.process import environ, is_dir, leave_terminal, title
from ..base.service_dirs import is_template, is_written
from ..base.tools import load_all
from ..chain import pathexec as chain
from ..jobs.loop import Inbox, Loop
from ..jobs.tree import Reaper
from .dialect import DIALECTS, Dialect
from .logger_file import LOGGER, by_file, words_of
from .pair import Kept, Pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .directory_service import DirectoryService
    from .service import Service

SYNOPSIS = b"pysupervise [-v] {dir | [-l logger] program [arg ...]}"
WHO = b"pysupervise"
USAGE = (b"supervise dir", SYNOPSIS)
LACKS = (
    b"rss-limit does nothing, what a killed supervisor left is not found,"
    b" and perhaps not all that a service leaves behind"
)
# What whoever started us wants to hear from us, and not from a service.
OURS = (b"NOTIFY_SOCKET", b"WATCHDOG_PID", b"WATCHDOG_USEC")


def parse(argv: list[bytes]) -> tuple[bool, list[bytes], list[bytes]]:
    """Whether to be verbose, the logger's words (none if there is no logger), the program."""
    found, program = cli.options(argv, USAGE, more=b"vl:")
    given = dict(found)
    if not program:
        hint = b"say what to keep running: a service directory, or a program"
        raise cli.usage(argv[0], USAGE, hint=hint)
    return b"v" in given, words_of(given[b"l"], b"-l") if b"l" in given else [], program


def main(argv: list[bytes]) -> int:
    """Supervise what follows until told to stop."""
    dialect = DIALECTS[argv[0]]
    if not dialect.native:
        return _original(dialect, argv)
    verbose, logger, words = parse(argv)
    title(WHO)
    cli.lasts(WHO)
    # A service would take what is typed from the shell that started us.
    leave_terminal()
    prepare()
    if not is_shown():
        cli.say(WHO + b": warning: no /proc: " + LACKS)
    asked = {name: environ.pop(name) for name in OURS if name in environ}
    # By its parent's pid a program knows that it is the one which was started, and no child of it.
    environ[b"PYDAEMONTOOLS_SUPERVISOR"] = b"%d" % posix.getpid()
    if is_dir(words[0]):
        if len(words) > 1:
            from .misnamed import several

            raise cli.usage(argv[0], USAGE, hint=several(words))
        if logger:
            hint = b"the logger of a directory is the directory log in it"
            raise cli.usage(argv[0], USAGE, hint=hint)
        for fd in inherited():
            # A service directory starts from nothing.
            posix.set_inheritable(fd, False)
        pair = directory(dialect, words[0])
        keep = []
    else:
        pair = programs(words, logger)
        keep = inherited()
    if b"NOTIFY_SOCKET" in asked:
        from .announcement import Announcement

        Announcement(pair.service, asked)
    pair.run(keep, verbose=verbose)
    return 0


def _original(dialect: Dialect, argv: list[bytes]) -> int:
    """Be supervise, or runsv: neither takes an option."""
    title(argv[0])
    if len(argv) != 2:
        if not dialect.runit:
            raise cli.usage(argv[0], USAGE)
        cli.say(b"usage: runsv dir", b"")
        return 1
    prepare()
    keep = inherited()
    try:
        directory(dialect, argv[1]).run(keep)
    except cli.Quit as end:
        return end.say(dialect.who(argv[1]))
    return 0


def programs(words: list[bytes], logger: list[bytes]) -> Kept:
    """The program WORDS, and LOGGER if there are words for one."""
    from .program_service import ProgramService

    loop = Loop(Inbox())
    reaper = Reaper(loop)
    for argv in filter(None, (words, logger)):
        _warm(argv)
    service = reaper.main_service = ProgramService(loop, reaper, WHO, words)
    if not logger:
        return Kept(loop, service)
    return Pair(loop, service, ProgramService(loop, reaper, WHO, logger), (1, 2))


def directory(dialect: Dialect, name: bytes) -> Kept:
    """The service in the directory NAME, and its logger."""
    found = _absolute(name.rstrip(b"/") or name)
    try:
        posix.chdir(name)
    except OSError as error:
        verb = b"unable to change to directory" if dialect.runit else b"unable to chdir to " + name
        raise cli.fatal(verb, error) from None
    if dialect.native:
        name = name.rstrip(b"/") or name
        if is_template(name):
            from .misnamed import template

            raise template(name)
        # Where a supervisor was, something may run that is to be adopted.
        if not any(_is_there(file) for file in (b"run", b"supervise")):
            from .misnamed import nothing_to_run

            raise nothing_to_run(name)
    loop = Loop(Inbox())
    reaper = Reaper(loop) if dialect.native else None
    pair = here(loop, reaper, dialect, name, found)
    if reaper:
        reaper.main_service = pair.service
    return pair


def here(  # noqa: PLR0917 - as Service has them
    loop: Loop,
    reaper: Reaper | None,
    dialect: Dialect,
    name: bytes,
    found: bytes,
    loggers: "Callable[[DirectoryService], tuple[Service, tuple[int, int]] | None]" = by_file,
) -> Kept:
    """The service in the current directory, called NAME, and its logger; FOUND is Upkeep's.

    LOGGERS gives one to a service that has no log/.
    """
    from .directory_service import DirectoryService

    kind = DirectoryService
    if dialect.native:
        from .successor import Successor

        kind = Successor
    service = kind(loop, reaper, dialect, name)
    service.upkeep.found = found
    logger: DirectoryService | None = None
    if _has_log(service):
        try:
            logger = kind(loop, reaper, dialect, name, b"log/")
        except cli.Quit:
            loop.drop_here()
            service.close()
            raise
    if loop.home >= 0:
        service.files.be_home(loop.home)
    for one in filter(None, (service, logger)):
        _warm_file(one.files.path(b"run"))
    if dialect.native:
        if logger:
            if service.files.has_any(LOGGER):
                service.warn(service.files.shown + b"logger is not used: there is log/, which is")
            return Pair(loop, service, logger, (1,), _log_pipe(service, logger))
        if made := loggers(service):
            other, pipe = made
            return Pair(loop, service, other, (1,), pipe)
    return Pair(loop, service, logger, (1,)) if logger else Kept(loop, service)


def _has_log(service: "DirectoryService") -> bool:
    """Whether SERVICE has a directory for its logger; something else is said to be none."""
    if not (service.dialect.full and service.files.has_any(b"log")):
        return False
    if service.dialect.native and is_written(b"log"):
        # It is the log itself.
        return False
    if is_dir(b"log"):
        return True
    shown = service.files.shown if service.dialect.native else b"./"
    service.warn(shown + b"log: not a directory.")
    return False


def _is_there(file: bytes) -> bool:
    """Whether there is a FILE, be it a link to nothing."""
    return posix.access(file, posix.F_OK, follow_symlinks=False)


def _log_pipe(service: "DirectoryService", logger: "DirectoryService") -> tuple[int, int]:
    """The pipe from SERVICE to LOGGER: that of a supervisor that was killed, or a new one."""
    if service.predecessor or logger.predecessor:
        from .predecessor import log_pipe

        return log_pipe(service.predecessor, logger.predecessor)
    return kept_pipe.make()


def _absolute(name: bytes) -> bytes:
    """Where NAME is, wherever we go; nothing if nobody can say."""
    try:
        return name if name[:1] == b"/" else posix.getcwdb() + b"/" + name
    except OSError:
        return b""


def _warm(words: list[bytes]) -> None:
    """See that the program is there, and load what its chain will need, before any fork."""
    from ..chain.runnable import program

    program(words[0], environ.get(b"PATH"))
    _load(words)


def _warm_file(file: bytes) -> None:
    """Load what the chain script FILE will need, if it is one; a start says what is wrong."""
    if (chain.recognise(file) or [b""])[0] != b"pychain":
        return
    try:
        from ..chain.script import read

        _load(words_of(read(file), file))
    except cli.Quit:
        pass


def _load(words: list[bytes]) -> None:
    """Import the links among WORDS, or every child would do it again."""
    # A link imports it only when it needs it.
    from ..base import limits  # noqa: F401

    load_all(words)
