"""Where the services are, for a person: SVDIR, or where runit and daemontools keep them."""

import posix

from ..base import cli
from ..base.process import environ, is_dir

DIRECTORIES = (b"/etc/service", b"/service")


def services_directory() -> bytes:
    """The directory of all services."""
    named = environ.get(b"SVDIR")
    if named is not None:
        return named
    first, second = DIRECTORIES
    only = not posix.access(first, posix.X_OK) and posix.access(second, posix.X_OK)
    return second if only else first


def find(name: bytes) -> bytes:
    """The directory of the service NAME, by the rule of sv: a path, or a name below SVDIR."""
    if name[:1] in (b"/", b".") or name[-1:] == b"/" or not name:
        return name
    return services_directory().rstrip(b"/") + b"/" + name


def find_new(name: bytes) -> bytes:
    """The directory that NAME means where it may be no service yet: any slash makes a path."""
    return name if b"/" in name else find(name)


def services(names: list[bytes]) -> list[bytes]:
    """NAMES, or if there are none, all services of SVDIR; raises Quit."""
    if names:
        return names
    above = services_directory()
    try:
        found = sorted(posix.listdir(above))
    except OSError as error:
        hint = b"give a service, or set SVDIR to the directory that they are in"
        raise cli.fatal(b"unable to read directory " + above, error, hint) from None
    return [name for name in found if name[:1] != b"." and is_dir(above + b"/" + name)]
