"""pysv new web@8001: a service of the template web@, whose files it has by links."""

import posix

from ..base import cli
from ..base.process import is_dir
from ..base.reach import KIND, SYMLINK
from ..base.service_dirs import instance_of
from ..base.shared_dir import FOLDER, PLAIN
from ..supervise.new_directory import Parts

# What each service has for itself.
OWN = (b"supervise", b"down", b"env", b"log")
INSTANCE = b"INSTANCE"
LOGGED = (b"current", b"lock", b"state", b"supervise", b"down")
SHARED = (b"env", b"control")  # directories of a logger that are no log


def parts_of(directory: bytes) -> Parts:
    """The parts of the service at DIRECTORY, an instance; raises Quit where its template is none.

    What the template has later is not looked for; what changes in a file of it is there at once.
    """
    above, slash, name = directory.rpartition(b"/")
    template, which = instance_of(name)
    source = above + slash + template
    parts = Parts()
    try:
        if not posix.access(source + b"/run", posix.F_OK):
            raise cli.fatal(b"unable to make " + directory + _missing(source), hint=_hint(source))
        own = (*OWN, b"main") if _logs(source) else OWN
        _link(parts, source, b"", b"../" + template + b"/", own)
        if posix.access(source + b"/down", posix.F_OK):
            parts.files[b"down"] = b""
        if is_dir(source + b"/env"):
            parts.places[b"env"] = posix.stat(source + b"/env")
            _link(parts, source + b"/env", b"env/", b"../../" + template + b"/env/", (INSTANCE,))
            # For a supervisor that knows no templates.
            parts.files[b"env/" + INSTANCE] = which + b"\n"
        if _logs(source):
            parts.places[b"main"] = None
        if is_dir(source + b"/log"):
            parts.places[b"log"] = None
            _link_log(parts, source + b"/log", b"../../" + template + b"/log/")
    except OSError as error:
        raise cli.fatal(b"unable to read the template " + source, error) from None
    return parts


def _missing(source: bytes) -> bytes:
    holds = is_dir(source)
    return b": the template " + source + b" holds no run" if holds else b": there is no " + source


def _hint(source: bytes) -> bytes:
    return b"`pysv new " + source + b" -- COMMAND` makes one; $INSTANCE in it is what follows the @"


def _link(parts: Parts, source: bytes, at: bytes, way: bytes, own: tuple[bytes, ...] = OWN) -> None:
    """Have links to what is in SOURCE in the place AT of PARTS, by WAY, but for its OWN."""
    for name in sorted(posix.listdir(source)):
        # A name with a dot is an editor's, or says what pysv has made.
        if name[:1] == b"." or name[-1:] == b"~" or (name in own and _is_own(source, name)):
            continue
        found = posix.lstat(source + b"/" + name)
        if name == b"event":
            # Listeners are told of one service.
            parts.places[at + name] = found
        elif found.st_mode & KIND in (PLAIN, FOLDER, SYMLINK):
            if b"\n" in name:
                what = b"unable to link " + source + b"/" + name
                raise cli.fatal(what + b": a name with a newline")
            parts.links[at + name] = way + name


def _logs(source: bytes) -> bool:
    """Whether the file `logger` of SOURCE has its log in ./main."""
    return posix.access(source + b"/logger", posix.F_OK) and is_dir(source + b"/main")


def _is_own(source: bytes, name: bytes) -> bool:
    """A file called log or env is an odd one, and the supervisor says so of each service."""
    return name not in (b"env", b"log") or is_dir(source + b"/" + name)


def _link_log(parts: Parts, source: bytes, way: bytes) -> None:
    """The same for a logger: what it writes into is its own."""
    names = sorted(posix.listdir(source))
    logs = [name for name in names if _holds_log(source, name)]
    past = [name for name in names if name[:1] == b"@"]
    _link(parts, source, b"log/", way, (*LOGGED, *logs, *past))
    for name in logs:
        parts.places[b"log/" + name] = posix.stat(source + b"/" + name)
        if posix.access(source + b"/" + name + b"/config", posix.F_OK):
            parts.links[b"log/" + name + b"/config"] = b"../" + way + name + b"/config"


def _holds_log(source: bytes, name: bytes) -> bool:
    known = name in (*LOGGED, *SHARED, b"event") or name[:1] == b"."
    return not known and is_dir(source + b"/" + name)
