"""Where the services are, for a person: SVDIR, or where runit and daemontools keep them."""

import posix

from ..base import cli
from ..base.process import environ, is_dir
from ..base.service_dirs import is_service, names_in, services_directory


def places(name: bytes) -> list[bytes]:
    """Where pysv looks for the service NAME: a path, or below SVDIR as sv does, and then here."""
    if name[:1] in (b"/", b".") or name[-1:] == b"/" or not name:
        return [name]
    return [below(name), name]


def places_here(name: bytes) -> list[bytes]:
    """Where the tools that take directories look for NAME: here, and then below SVDIR."""
    return [name] if b"/" in name or name[:1] == b"." or not name else [name, below(name)]


def below(name: bytes) -> bytes:
    """Where NAME is in the directory of all services."""
    return services_directory().rstrip(b"/") + b"/" + name


def find(name: bytes) -> bytes:
    """The directory of the service that pysv calls NAME, or the first where it might be."""
    return first(places(name))


def first(places: list[bytes]) -> bytes:
    """The first of PLACES that is a service, else a directory, else that is there at all."""
    for is_it in (is_service, is_dir, _is_there) if len(places) > 1 else ():
        for place in places:
            if is_it(place):
                return place
    return places[0]


def _is_there(path: bytes) -> bool:
    return posix.access(path, posix.F_OK)


def looked(places: list[bytes]) -> bytes:
    """A sentence that says that a service was looked for in PLACES; nothing for a whole path."""
    from ..base.printable import plain

    if not places[0]:
        return b"its name is empty"
    if len(places) < 2:
        whole = _whole(places[0])
        return plain(b"that is " + whole) if whole != places[0] else b""
    if any(place[:1] == b"-" for place in places):
        return b"options stand before the directories"
    shown = [place if b"/" in place else b"./" + place for place in places]
    named = environ.get(b"SVDIR")
    why = b"SVDIR is " + named if named else b"SVDIR is not set"
    return plain(b"looked for " + b", then ".join(shown) + b" (" + why + b")")


def telling(directory: bytes) -> bytes:
    """DIRECTORY, or its whole path where its words do not say which service it is of."""
    words = set(directory.split(b"/"))
    return directory if words.difference((b"", b".", b"..", b"log")) else _whole(directory)


def _whole(path: bytes) -> bytes:
    """PATH from the root on, if anybody can say."""
    if path[:1] in (b"/", b""):
        return path
    try:
        found = posix.getcwdb().rstrip(b"/").split(b"/")
    except OSError:
        return path
    for word in path.split(b"/"):
        if word == b"..":
            # Above / there is / again.
            del found[max(1, len(found) - 1) :]
        elif word not in (b"", b"."):
            found.append(word)
    return b"/".join(found) or b"/"


def find_new(name: bytes) -> bytes:
    """The directory that NAME means for a service that is to be made: any slash makes a path."""
    return name if b"/" in name or name[:1] == b"." or not name else below(name)


def say_none(who: bytes) -> None:
    """Say that SVDIR holds no service: an empty answer would leave that open."""
    above = services_directory()
    cli.say(who + b": there is no service in " + above + b"; SVDIR names another directory")


def entries() -> list[bytes]:
    """What is in SVDIR, but for hidden names and templates: services, and what else holds logs.

    Raises Quit.
    """
    above = services_directory()
    try:
        return names_in(above)
    except OSError as error:
        hint = b"give a service, or set SVDIR to the directory that they are in"
        raise cli.fatal(b"unable to read directory " + above, error, hint) from None
