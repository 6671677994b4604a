"""Where the services are, for a person: SVDIR, or where runit and daemontools keep them."""

import posix

from ..base import cli
from ..base.process import environ, is_dir

PLACES = (b"/etc/service", b"/service")


def base() -> bytes:
    """The directory of all services."""
    named = environ.get(b"SVDIR")
    if named is not None:
        return named
    return next((place for place in PLACES if posix.access(place, posix.X_OK)), PLACES[0])


def find(name: bytes) -> bytes:
    """The directory of the service NAME, by the rule of sv: a path, or a name below base."""
    if name[:1] in (b"/", b".") or name[-1:] == b"/" or not name:
        return name
    return base().rstrip(b"/") + b"/" + name


def place(name: bytes) -> bytes:
    """The directory that NAME means where it may be no service yet: any slash makes a path."""
    return name if b"/" in name else find(name)


def services(names: list[bytes]) -> list[bytes]:
    """NAMES, or if there are none, all services of base; raises Quit."""
    if names:
        return names
    above = base()
    try:
        found = sorted(posix.listdir(above))
    except OSError as error:
        hint = b"give a service, or set SVDIR to the directory that they are in"
        raise cli.fatal(b"unable to read directory " + above, error, hint) from None
    return [name for name in found if name[:1] != b"." and is_dir(above + b"/" + name)]
