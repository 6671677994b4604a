"""How one link becomes the next, and the last of them the program.

A link's main changes its own process and hands on the rest of its argv. The rest is
looked up on the PATH that the link itself was started with, as execvp would in the
original. Where that finds another tool of this same installation, its main is called
right here: what a link changes is process state, so nothing can tell the difference,
except that a chain of five costs one interpreter start. Anything else is exec'ed.
"""

import posix
import sys
from _signal import SIG_DFL, SIG_IGN, SIGXFSZ, signal
from errno import EACCES, EISDIR, EMFILE, ENFILE, ENOENT, EPERM

from ..base import cli, process
from ..base.process import environ, fsencode, limits, standard_fds
from ..base.tools import ORIGINALS, OWN, is_link, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..base.tools import Main

# Where the entry scripts of this installation stand; None where nobody knows, and then
# no link is fused.
home: bytes | None = None

PASSED_OVER = EACCES, EPERM, EISDIR  # of a file: the next one on PATH may do
NO_FD = {EMFILE: b"process cannot open more files", ENFILE: b"system cannot open more files"}

# The name by which the entry script of this process was called, for the one tool to which
# it matters: an init script can be a link to sv, under the name of its service.
called = b""


def run(who: bytes, main: "Main", argv: list[bytes]) -> int:
    """Call main(argv) and become what it hands on, link after link.

    Comes back only when there is nothing to become, with the exit code; an error has
    then been told under the name of the link that met it.
    """
    try:
        while True:
            path = environ.get(b"PATH")
            process.words = argv
            if process.titled and not is_link(who.decode("latin-1")):
                # A tool in a child of a supervisor, which may stay for a while. A link that
                # waits says so itself.
                process.title(who)
            rest = main(argv)
            if isinstance(rest, int):
                return rest
            who, main, argv = become(rest, path, as_chpst=who == b"chpst")
    except cli.Asked as asked:
        from ..base.pages import show

        return show(who, asked.what)
    except cli.Quit as end:
        return end.say(who)
    except OSError as error:
        if error.errno not in NO_FD:
            raise
        # In no place of its own: what tells of it may be what could not be imported.
        return cli.Quit(111, b"fatal: unable to go on: " + NO_FD[error.errno]).say(who)
    except ImportError as error:
        # This Python lacks it, or the account that this process became may not read it.
        what = b"unable to load a part of Python: " + fsencode(str(error))
        hint = b"its library is in " + fsencode(sys.prefix) + b", which this account has to read"
        return cli.fatal(what, hint=hint).say(who)


def become(
    argv: list[bytes], path: bytes | None, *, as_chpst: bool = False
) -> "tuple[bytes, Main, list[bytes]]":
    """Become the program ARGV, found on PATH: exec it, or give the tool of ours that it is.

    Raises Quit if nothing can be run, in chpst's words if AS_CHPST. Errors are weighed as djb's
    pathexec does: what may not be run is passed over and remembered, any other trouble ends the
    search.
    """
    trouble = OSError(ENOENT, "")
    files = search(argv[0], path)
    shown = argv if process.argv0 is None else [process.argv0, *argv[1:]]
    process.argv0 = None
    for file in files:
        ours = recognise(file)
        try:
            if ours and not environ.get(b"PYDAEMONTOOLS_NOFUSE"):
                try:
                    return _call(ours, shown)
                except ImportError:
                    # The account that this process became may not read it. Whoever starts
                    # anew with it finds another Python, or says what is missing.
                    pass
            # A program without a name is a directory: it never sees its argv.
            execute(file, shown if argv[0] else [file], to_ours=ours is not None)
        except OSError as error:
            if error.errno == ENOENT:
                continue
            trouble = error
            if error.errno not in PASSED_OVER:
                break
    from ..base.errors import not_run

    # chpst means the name that it was to show.
    what = b"unable to run" + (b": " + shown[0] if as_chpst else b" " + argv[0])
    raise cli.fatal(what, trouble, not_run(argv, files, path, trouble))


def _call(ours: list[bytes], argv: list[bytes]) -> "tuple[bytes, Main, list[bytes]]":
    """The tool of ours that OURS says, to be called with what follows in ARGV."""
    name = ours[0].decode()
    main = load(name)
    if name in OWN:
        standard_fds()
    # It is chpst that is what it is called.
    return ours[0], main, argv if name == "chpst" else [*ours, *argv[1:]]


def start(file: bytes, argv: list[bytes]) -> int:
    """Be FILE, with ARGV: exec it, or if it is a tool of ours run it and give its exit code.

    Raises OSError if it cannot be run.
    """
    ours = recognise(file)
    if ours and not environ.get(b"PYDAEMONTOOLS_NOFUSE"):
        return run(*_call(ours, argv))
    execute(file, argv, to_ours=ours is not None)
    return 111


def search(name: bytes, path: bytes | None) -> list[bytes]:
    """The files that NAME may mean, in the order of PATH; a name with a slash is itself.

    A tool of our own name that is nowhere on PATH is the one of this installation.
    """
    if b"/" in name:
        return [name]
    places = (b"/bin:/usr/bin" if path is None else path).split(b":")
    files = [(place or b".") + b"/" + name for place in places]
    if home is not None and name.decode("latin-1") in OWN:
        files.append(home + b"/" + name)
    return files


def recognise(file: bytes) -> list[bytes] | None:
    """The words FILE stands for where it is a tool or a chain script of this installation."""
    name = file.rpartition(b"/")[2].decode("latin-1")
    if name in OWN:
        mine = home + b"/" + name.encode() if home else b""
        if file != mine and not (mine and _same(file, mine)):
            return None
        return [name.encode()] if process.rooted or _may_run(file) else None
    head = _head(file)
    for original in name, "chpst":
        if original in ORIGINALS and head.endswith(signature(original)):
            return [original.encode()] if _may_run(file) else None
    if head[:2] == b"#!" and _is_chain(head[2:]) and _may_run(file):
        return [b"pychain", file]
    return None


def signature(name: str, where: str | None = None) -> bytes:
    """How a file that starts NAME of this installation ends; the tools stand in WHERE, or home."""
    place = sys.modules["pydaemontools"].__path__[0].rpartition("/")[0]
    if where is None:
        where = "" if home is None else home.decode("utf-8", "surrogateescape")
    text = (
        f"import sys\nsys.path.append({place!r})\n"
        f"from pydaemontools.entry import enter\nenter({name!r}, {where!r})\n"
    )
    return text.encode("utf-8", "surrogateescape")


def _is_chain(line: bytes) -> bool:
    words = line.partition(b"\n")[0].split()
    if words[:1] == [b"/usr/bin/env"]:
        del words[0]
    if len(words) != 1 or words[0].rpartition(b"/")[2] != b"pychain":
        return False
    # What env would pick is the first that may be run: only that one counts.
    found = [f for f in search(words[0], environ.get(b"PATH")) if _may_run(f)]
    return bool(found) and recognise(found[0]) == [b"pychain"]


def _head(file: bytes) -> bytes:
    flags = posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC
    try:
        try:
            fd = posix.open(file, flags)
        except OSError as error:
            if error.errno != EMFILE:
                raise
            # A link lowered that limit. What an exec does not need must not count.
            from resource import RLIM_INFINITY, RLIMIT_NOFILE

            from ..base.limits import holding

            with holding({RLIMIT_NOFILE: RLIM_INFINITY}):
                fd = posix.open(file, flags)
    except (ImportError, OSError):
        # All files are in use: then that cannot be loaded either.
        return b""
    try:
        return posix.read(fd, 4096)
    except OSError:
        return b""
    finally:
        posix.close(fd)


def _same(file: bytes, other: bytes) -> bool:
    try:
        one, two = posix.stat(file), posix.stat(other)
    except OSError:
        return False
    return (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino)


def _may_run(file: bytes) -> bool:
    return posix.access(file, posix.X_OK, effective_ids=True)


def execute(file: bytes, argv: list[bytes], *, to_ours: bool) -> None:
    """Exec FILE; raises OSError. Limits that wait are handed on to ours, else they hold."""
    signal(SIGXFSZ, SIG_DFL)
    try:
        if not limits:
            _execve(file, argv, environ)
        elif to_ours:
            from ..base.limits import to_environ

            _execve(file, argv, environ | to_environ(limits))
        elif _may_run(file):
            from ..base.limits import holding

            with holding(limits):
                _execve(file, argv, environ)
        else:
            _execve(file, argv, environ)
    finally:
        # What tells the error may be compiled only now, and no file may grow.
        signal(SIGXFSZ, SIG_IGN)


def _execve(file: bytes, argv: list[bytes], environ: dict[bytes, bytes]) -> None:
    if argv[0]:
        posix.execve(file, argv, environ)
    # CPython takes no empty name.
    from ..base.libc import call, strings

    entries = [name + b"=" + value for name, value in environ.items()]
    call("execve", file, strings(argv), strings(entries))
