"""Which services a person means: their names, patterns of them, groups, all of SVDIR.

What is there under the very name is meant by it, and no pattern. Whatever else means nothing is an
error before anything is done, so that a slip in a script is no success.
"""

import posix

from ..base import cli
from ..base.process import environ
from ..base.service_dirs import (
    is_service,
    is_template,
    names_in,
    services_directory,
    services_in,
)
from .services import below, entries, first, places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAGIC = b"*?["
AT = b"@"  # stands before the name of a group
FILE = b"/group"
LONGEST = 1 << 16  # bytes of that file
NOTHING = 100  # the exit code where nothing is meant


def services(names: list[bytes]) -> list[bytes]:
    """The services that NAMES mean, or if there are none, all services of SVDIR; raises Quit."""
    return meant(names) if names else [name for name in entries() if is_service(below(name))]


def directories(names: list[bytes]) -> list[bytes]:
    """As services(), with what is no service, but may hold the log of one that was."""
    return meant(names, _is_any) if names else entries()


def _is_any(_path: bytes) -> bool:
    return True


def meant(names: list[bytes], takes: "Callable[[bytes], bool]" = is_service) -> list[bytes]:
    """The services that NAMES mean, each once, in their order: those that a pattern TAKES.

    Raises Quit.
    """
    found: dict[bytes, None] = {}
    for name in names:
        found |= dict.fromkeys(_meant(name, takes))
    return list(found)


def _meant(name: bytes, takes: "Callable[[bytes], bool]") -> list[bytes]:
    is_group, is_pattern = name[:1] == AT, any(sign in MAGIC for sign in name)
    if not (is_group or is_pattern) or _is_there(name):
        return [name]
    return _members(name) if is_group else _matching(name, takes)


def _is_there(name: bytes) -> bool:
    return posix.access(first(places(name)), posix.F_OK)


def _matching(pattern: bytes, takes: "Callable[[bytes], bool]") -> list[bytes]:
    """What the PATTERN matches in the first place where it matches anything."""
    for base in _bases(pattern):
        found = [name for name in _glob(base, pattern) if takes(base + name)]
        if found:
            # What ended in a slash stays a path.
            return [name + pattern[len(pattern.rstrip(b"/")) :] for name in found]
    raise _means_nothing(b"matches ", pattern, _looked(pattern))


def _glob(base: bytes, pattern: bytes) -> list[bytes]:
    """The paths that the PATTERN matches, seen from BASE; no name with a dot, no template."""
    found = [b""]
    for part in pattern.rstrip(b"/").split(b"/"):
        if any(sign in MAGIC for sign in part):
            every = ((one, name) for one in found for name in _listed(base + one))
            found = [one + name + b"/" for one, name in every if matches(name, part)]
        else:
            found = [one + part + b"/" for one in found]
    return [one[:-1] for one in found if not is_template(one)]


def matches(name: bytes, pattern: bytes) -> bool:
    """Whether the PATTERN of a shell matches NAME."""
    if b"?" in pattern or b"[" in pattern:
        # To import it takes as long as all else.
        from fnmatch import fnmatchcase

        return fnmatchcase(name, pattern)
    first, *parts = pattern.split(b"*")
    if not parts:
        return name == pattern
    last = parts.pop()
    at, end = len(first), len(name) - len(last)
    if at > end or not (name.startswith(first) and name.endswith(last)):
        return False
    for part in parts:
        at = name.find(part, at, end) + len(part)
        if at < len(part):
            return False
    return True


def _listed(directory: bytes) -> list[bytes]:
    try:
        return names_in(directory)
    except OSError:
        # Where one cannot look, nothing matches.
        return []


def _members(name: bytes) -> list[bytes]:
    """The services in the group NAME, in the first place where it has any."""
    known: set[bytes] = set()
    for base in _bases(name):
        groups = {one: _groups(base + one) for one in _services(base)}
        found = [one for one, words in groups.items() if name.lstrip(AT) in words]
        if found:
            return found
        known = known.union(*groups.values())
    there = b"there are: " + b" ".join(sorted(known)) if known else b"there is no group at all"
    hint = b"the words in the file group of a service name its groups; " + there
    raise _means_nothing(b"is in the group ", name, hint)


def _means_nothing(what: bytes, name: bytes, hint: bytes) -> cli.Quit:
    from ..base.printable import plain

    return cli.Quit(NOTHING, b"fatal: no service " + what + plain(name), hint=plain(hint))


def _services(base: bytes) -> list[bytes]:
    try:
        return services_in(base.rstrip(b"/") or (b"/" if base else b"."))
    except OSError:
        return []


def _groups(directory: bytes) -> list[bytes]:
    """The groups that the service in DIRECTORY is in; none, with a warning, if nobody can say."""
    from ..base.errors import error_str
    from ..base.printable import plain
    from ..base.shared_dir import read_file

    try:
        words = read_file(directory + FILE, LONGEST, follow=True).split()
    except FileNotFoundError:
        return []
    except OSError as error:
        # It may be no concern of the others: one that is wrong must not keep them all.
        file = plain(directory + FILE)
        cli.say(b"pysv: warning: unable to read " + file + b": " + error_str(error))
        return []
    return [word.lstrip(AT) for word in words]


def _bases(name: bytes) -> list[bytes]:
    """What stands before the places where NAME is looked for."""
    return [services_directory().rstrip(b"/") + b"/", b""] if len(places(name)) > 1 else [b""]


def _looked(pattern: bytes) -> bytes:
    """Where a PATTERN was looked for."""
    if len(places(pattern)) < 2:
        return b"names that begin with a dot or end with @ are no services"
    named = b"SVDIR" if environ.get(b"SVDIR") else b"SVDIR is not set"
    return b"looked in " + services_directory() + b" (" + named + b"), then here"
