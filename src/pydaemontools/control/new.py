"""pysv new: a service directory for a command."""

from ..base import cli
from ..base.printable import plain
from ..base.process import environ, is_dir
from ..base.service_dirs import instance_of
from ..base.write import show
from ..chain.runnable import program
from ..supervise.new_directory import Parts, make, quote
from .elsewhere import Unclear, absolute, here, settle
from .fields import objects
from .service_names import AT, MAGIC
from .services import find_new

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from ..base.cli import Usage

SYNOPSIS = b"pysv new [-cdj] [-C dir] [--logger command] name -- command [arg ...]"
INSTANCE = b"$INSTANCE"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"cdC:", (b"template:", b"logger:")
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
    given, directory = build(who, USAGE, LETTERS, given, rest)
    say_path(given, directory)
    return 0


def say_path(given: dict[bytes, bytes], directory: bytes) -> None:
    """Print the path of the DIRECTORY that was made."""
    if given.keys() & {b"j", b"json"}:
        name = directory.rpartition(b"/")[2]
        show(objects([{"service": name, "path": directory}]))
    else:
        show(directory + b"\n")


def build(
    who: bytes, synopsis: "Usage", letters: bytes, given: dict[bytes, bytes], rest: list[bytes]
) -> tuple[dict[bytes, bytes], bytes]:
    """Make the directory that REST names, of a command or a template; all options, and its path."""
    if not rest:
        raise cli.usage(who, synopsis)
    long = (b"json", *WORDS)
    found, words = cli.options([who, *rest[1:]], synopsis, more=b"j" + letters, words=long)
    given = given | dict(found)
    if words and rest[-len(words) - 1] != b"--":
        raise cli.usage(who, synopsis, hint=HINT)
    directory = find_new(rest[0]).rstrip(b"/")
    name = directory.rpartition(b"/")[2]
    _check_name(who, synopsis, name)
    if b"template" in given:
        from .templates import from_template

        command, more = from_template(who, synopsis, name, given, words)
        parts = files(name, command, given)
        parts.files |= more
    elif words:
        parts = _for_command(who, name, given, words)
    else:
        parts = _instance(who, synopsis, directory, given)
    if b"logger" in given:
        _have_logger(who, synopsis, parts, given)
    make(directory, parts)
    return given, directory


def _have_logger(who: bytes, synopsis: "Usage", parts: Parts, given: dict[bytes, bytes]) -> None:
    """Have PARTS with the file `logger`, as GIVEN, in the place of log/. Raises Quit."""
    from ..supervise.logger_file import LOGGER, program_of

    if b"c" in given:
        hint = b"the originals know log/run alone: leave out --logger, or -c"
        raise cli.usage(who, synopsis, hint=hint)
    text = given[b"logger"].rstrip(b"\n") + b"\n"
    words = program_of(text, LOGGER, b"INSTANCE")
    parts.leave_out([b"log"])
    parts.files[LOGGER] = text
    if b"./main" in [word.rstrip(b"/") for word in words]:
        parts.places[b"main"] = None


def _check_name(who: bytes, synopsis: "Usage", name: bytes) -> None:
    """Raise Quit where no service can be called NAME."""
    if name in (b"", b".", b"..") or b"\n" in name:
        shown = plain(name) or b"nothing"
        raise cli.usage(who, synopsis, hint=b"a service cannot be called " + shown)
    means = b"group" if name[:1] == AT else b"pattern" if any(c in MAGIC for c in name) else b""
    if means:
        hint = b"a service cannot be called " + name + b": to pysv that is a " + means
        raise cli.usage(who, synopsis, hint=hint)


def _instance(who: bytes, synopsis: "Usage", directory: bytes, given: dict[bytes, bytes]) -> Parts:
    """The parts of a service that the template beside DIRECTORY has for it; raises Quit."""
    if not instance_of(directory)[1]:
        raise cli.usage(who, synopsis, hint=HINT)
    for word in (b"c", b"C", b"logger"):
        if word in given:
            option = b"-" * (1 + (len(word) > 1)) + word
            hint = b"what it runs is in the template: leave out " + option
            raise cli.usage(who, synopsis, hint=hint)
    from .instances import parts_of

    parts = parts_of(directory)
    if b"d" in given:
        parts.files[b"down"] = b""
    return parts


def _for_command(who: bytes, name: bytes, given: dict[bytes, bytes], words: list[bytes]) -> Parts:
    """The parts of the service NAME that runs the command WORDS."""
    if name[-1:] == AT and b"c" in given:
        hint = b"only pysupervise has $INSTANCE for the services of a template: leave out -c"
        raise cli.usage(who, USAGE, hint=hint)
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
) -> Parts:
    """The parts of the service NAME that runs COMMAND, in PLACE."""
    run, log = (SH_RUN, SH_LOG) if b"c" in given else (RUN, LOG)
    as_word = quote_but_instance if name[-1:] == AT else quote
    words = [as_word(word) for word in ([place] if place else []) + command]
    if b"c" not in given:
        words.insert(0, BECOME_IN if place else BECOME)
    elif place:
        words[:0] = [b"sh", b"-c", BECOME_IN]
    called = as_word(name + INSTANCE) if name[-1:] == AT else quote(name)
    if name[:1] == b"-":
        # It is no option of the logger.
        called = b"-- " + called
    found = {
        b"run": run % (name, b" ".join(words)),
        b"log/run": log % ((name,) if b"c" in given else (name, called)),
    }
    return Parts(found | ({b"down": b""} if b"d" in given else {}))


def quote_but_instance(word: bytes) -> bytes:
    """As quote(), but for $INSTANCE, which stands for the instance of a template."""
    pieces = word.replace(b"${INSTANCE}", INSTANCE).split(INSTANCE)
    quoted = [quote(piece) if piece else b"" for piece in pieces]
    return b'"$INSTANCE"'.join(quoted) or quote(word)
