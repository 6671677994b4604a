"""Why a supervisor could not be told or asked: what to say beside the system's word."""

import posix
from errno import EACCES, EAGAIN, ENOENT, ENOTDIR, ENXIO, EPIPE

from ..base.diagnose import owned, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def hint(place: bytes, error: OSError | None) -> bytes:
    """A sentence that helps with ERROR, met in the directory PLACE; nothing if there is none."""
    sentence = SENTENCES.get(error.errno or 0) if error else None
    return sentence(place) if sentence else b""


def _absent(place: bytes) -> bytes:
    if not posix.access(place, posix.F_OK):
        return b""
    if not posix.access(place + b"/run", posix.F_OK):
        return place + b" is not a service directory: it holds no run"
    return place + b" is a service directory, but nothing has supervised it yet"


def _refused(place: bytes) -> bytes:
    """Whose it is. Of all that a supervisor makes, the directory is what keeps others out."""
    for file in (place + b"/supervise/control", place + b"/supervise"):
        try:
            found = posix.stat(file)
        except OSError:
            continue
        if found.st_uid != posix.geteuid():
            whose = b"the supervisor of " + place + b" is run by " + user(found.st_uid)
            return whose + b": " + owned(file)
        return owned(file)
    return owned(place)


SENTENCES: "dict[int, Callable[[bytes], bytes]]" = {
    ENOENT: _absent,
    EACCES: _refused,
    ENXIO: lambda place: place + b" was supervised once; its supervisor has ended",
    ENOTDIR: lambda place: place + b" is not a service directory: it is no directory",
    EAGAIN: lambda place: b"the supervisor of " + place + b" does not read what it is told",
    EPIPE: lambda place: b"the supervisor of " + place + b" ended just now",
}
