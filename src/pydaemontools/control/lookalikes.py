"""Files that nobody reads, with names so near to one that is read that it was meant."""

from ..base.process import is_dir
from ..base.slips import differs_once
from ..supervise.settings import FILES

KNOWN = frozenset(FILES) | set(
    b"control control-group data down env finish group log run supervise".split()
)
SUFFIXES = (b".sh", b".py", b".txt", b".conf")
LONG = 5  # bytes of a name in which one wrong is a slip


def lookalike(name: bytes, at: bytes, names: list[bytes]) -> bytes:
    """The name that the file NAME, among NAMES in AT, was to have; nothing if it is all right."""
    if name in KNOWN or name[:1] == b".":
        return b""
    squeezed = _squeeze(name)
    found = [known for known in KNOWN if _squeeze(known) == squeezed]
    if found:
        return found[0]
    # Beside the one that is read it may be a copy, and a directory is no slip of a file.
    missing = [] if is_dir(at + name) else sorted(KNOWN - set(names))
    stem = name.rpartition(b".")[0] if name.endswith(SUFFIXES) else name
    for known in missing:
        if stem != name and stem == known:
            return known
        if len(known) >= LONG and differs_once(squeezed, _squeeze(known)):
            return known
    return b""


def _squeeze(name: bytes) -> bytes:
    return name.lower().translate(None, b"-_. ")
