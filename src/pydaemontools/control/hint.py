"""Why a supervisor could not be told or asked: what to say beside the system's word."""

import posix
from errno import EACCES, EAGAIN, ENOENT, ENOTDIR, ENXIO, EPIPE

from ..base.errors import owned, user
from ..base.printable import plain
from ..base.process import is_dir
from ..base.service_dirs import is_service, is_template, services_in
from .servicefiles import OK, attend
from .services import first, looked, telling

KEEPER = b"/.pysvscan"  # what a pysvscan has in its directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def hint(places: list[bytes], error: OSError | None) -> bytes:
    """A sentence that helps with ERROR, met with a service that was looked for in PLACES.

    Nothing if there is none.
    """
    sentence = SENTENCES.get(error.errno or 0) if error else None
    directory = first(places)
    if sentence is _absent and not posix.access(directory, posix.F_OK):
        return looked(places)
    directory = telling(directory)
    if sentence in (_absent, _ended) and is_template(directory):
        add = b": `pysv add " + directory + b"NAME` makes a service of it"
        return plain(directory + b" is a template, which is never run" + add)
    return plain(sentence(directory)) if sentence else b""


def _absent(directory: bytes) -> bytes:
    if _is_attended(directory):
        # It has just begun.
        return b""
    above = directory.removesuffix(b"/log")
    run = directory + b"/run"
    # In / there is a directory of that name.
    has_run = posix.access(run, posix.F_OK) and not is_dir(run)
    if above != directory and has_run and _is_attended(above):
        said = directory + b" was not there when the supervisor of " + above + b" started"
        return said + b": it is looked for when that starts again"
    if has_run:
        said = directory + b" is a service directory, but nothing has supervised it yet"
        return said + remedy(directory)
    try:
        below = services_in(directory)
    except OSError:
        below = []
    said = directory + b" is not a service directory: it holds no run"
    return said + (b"; " + directory.rstrip(b"/") + b"/" + below[0] + b" is one" if below else b"")


def _refused(directory: bytes) -> bytes:
    """Whose it is. Of all that a supervisor makes, the directory is what keeps others out."""
    for file in (directory + b"/supervise/control", directory + b"/supervise"):
        try:
            found = posix.stat(file)
        except OSError:
            continue
        if found.st_uid != posix.geteuid():
            whose = b"the supervisor of " + directory + b" is run by " + user(found.st_uid)
            return whose + b": " + owned(file)
        return owned(file)
    return owned(directory)


def _ended(directory: bytes) -> bytes:
    return directory + b" was supervised once; its supervisor has ended" + remedy(directory)


def _is_attended(directory: bytes) -> bool:
    """Whether a supervisor runs in DIRECTORY."""
    return _is_read(directory + b"/" + OK)


def _is_read(fifo: bytes) -> bool:
    """Whether somebody reads the FIFO."""
    try:
        attend(fifo)
    except OSError:
        return False
    return True


def remedy(directory: bytes) -> bytes:
    """What to do where nobody supervises the service in DIRECTORY."""
    directory = directory.rstrip(b"/") or b"/"
    if is_service(owner := directory.removesuffix(b"/log")):
        # A logger alone would read our stdin.
        directory = owner
    above = directory.rpartition(b"/")[0] or b"."
    if _is_read(above + KEEPER + b"/control"):
        return b": `pysvscanctl -a " + above + b"` has the pysvscan there look at once"
    # Where a pysvscan was, it kept the others too.
    kept = posix.access(above + KEEPER, posix.F_OK)
    command = b"pysvscan " + above if kept else b"pysupervise " + directory
    return b": start one with `" + command + b"`"


SENTENCES: "dict[int, Callable[[bytes], bytes]]" = {
    ENOENT: _absent,
    EACCES: _refused,
    ENXIO: _ended,
    ENOTDIR: lambda directory: directory + b" is not a service directory: it is no directory",
    EAGAIN: lambda directory: b"the supervisor of " + directory + b" does not read what it is told",
    EPIPE: lambda directory: b"the supervisor of " + directory + b" ended just now",
}
