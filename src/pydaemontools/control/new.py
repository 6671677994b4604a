"""pysv new: a service directory for a command."""

from ..base import cli
from ..base.process import environ, is_dir
from ..chain.check import program
from ..supervise.new_directory import make, quote
from .elsewhere import Unclear, absolute, here, settle
from .fields import objects
from .servicefiles import show
from .services import find_new

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

SYNOPSIS = b"pysv new [-cdj] [-C dir] name -- command [arg ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"cdC:", (b"template:",)
HINT = b"the command stands behind the name and two dashes"

RUN = b"""\
#!/usr/bin/env pychain
# %s: made by pysv new
pyenvdir ./env
sh -c %s
"""
# What its shell does, without a directory and with one.
BECOME, BECOME_IN = b"""'exec "$0" "$@" 2>&1'""", b"""'exec 2>&1; cd "$0" && exec "$@"'"""
LOG = b"""\
#!/usr/bin/env pychain
# What %s prints: the log is in ./main, each line with a TAI64N label.
pysissylog --to ./main/ %s
"""
# For daemontools or runit without this toolkit.
SH_RUN = b"""\
#!/bin/sh
# %s: made by pysv new
exec 2>&1
exec envdir ./env %s
"""
SH_LOG = b"""\
#!/bin/sh
# What %s prints: the log is in ./main, each line with a TAI64N label.
exec multilog t ./main
"""


def main(who: bytes, given: dict[bytes, bytes], rest: list[bytes]) -> int:
    """Make the directory; it is there with all that is in it, or not at all."""
    if not rest:
        raise cli.usage(who, USAGE)
    letters, long = b"j" + LETTERS, (b"json", *WORDS)
    found, words = cli.options([who, *rest[1:]], USAGE, more=letters, words=long)
    given = given | dict(found)
    if b"template" not in given and not words:
        raise cli.usage(who, USAGE, hint=HINT)
    if words and rest[-len(words) - 1] != b"--":
        raise cli.usage(who, USAGE, hint=HINT)
    directory = find_new(rest[0]).rstrip(b"/")
    name = directory.rpartition(b"/")[2]
    if name in (b"", b".", b"..") or b"\n" in name:
        raise cli.usage(who, USAGE, hint=b"a service cannot be called " + (name or b"nothing"))
    if b"template" in given:
        from .templates import from_template

        command, more = from_template(who, USAGE, name, given, words)
        content = files(name, command, given) | more
    else:
        content = _for_command(who, name, given, words)
    make(directory, content)
    if given.keys() & {b"j", b"json"}:
        show(objects([{"service": name, "path": directory}]))
    else:
        show(directory + b"\n")
    return 0


def _for_command(
    who: bytes, name: bytes, given: dict[bytes, bytes], words: list[bytes]
) -> dict[bytes, bytes]:
    """The files of the service NAME that runs the command WORDS."""
    place = _place(given.get(b"C", b""))
    command = words if place else _settled(who, words)
    first = command[0]
    inside = place and b"/" in first and first[:1] != b"/"
    file = place + b"/" + first.removeprefix(b"./") if inside else first
    program(file, environ.get(b"PATH"))
    return files(name, command, given, place)


def _place(directory: bytes) -> bytes:
    """The DIRECTORY that the command is to run in, from the root on; nothing without one."""
    place = absolute(directory) if directory else b""
    if place and not is_dir(place):
        raise cli.fatal(place + b" is no directory for a service to run in")
    return place


def _settled(who: bytes, command: list[bytes]) -> list[bytes]:
    """COMMAND as it can be run from elsewhere: the service runs in its own directory."""
    try:
        return settle(command)
    except Unclear as unclear:
        hint = unclear.args[0] + b"; or give -C " + here() + b" and it runs here"
        raise cli.usage(who, USAGE, hint=hint) from None


def files(
    name: bytes, command: list[bytes], given: "Container[bytes]", place: bytes = b""
) -> dict[bytes, bytes]:
    """The files of the service NAME that runs COMMAND, in PLACE: names, and what is in them."""
    run, log = (SH_RUN, SH_LOG) if b"c" in given else (RUN, LOG)
    words = [quote(word) for word in ([place] if place else []) + command]
    if b"c" not in given:
        words.insert(0, BECOME_IN if place else BECOME)
    elif place:
        words[:0] = [b"sh", b"-c", BECOME_IN]
    found = {
        b"run": run % (name, b" ".join(words)),
        b"log/run": log % ((name,) if b"c" in given else (name, quote(name))),
    }
    return found | ({b"down": b""} if b"d" in given else {})
