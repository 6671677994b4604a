"""pysv new: a service directory for a command."""

import posix

from ..base import cli
from ..base.diagnose import owned
from ..base.process import environ
from ..chain.check import program
from .fields import text
from .lookup import place as place_of
from .servicefiles import show

SYNOPSIS = b"pysv new [-cdj] name -- command [arg ...]"
USAGE = (SYNOPSIS, SYNOPSIS)
SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+.,/:=@%"

RUN = b"""\
#!/usr/bin/env pychain
# %s: made by pysv new
pyenvdir ./env
sh -c 'exec "$0" "$@" 2>&1' %s
"""
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


def main(who: bytes, argv: list[bytes], *, json: bool) -> int:
    """Make the directory; it is there whole, or not at all."""
    found, rest = cli.options([who, *argv], USAGE, more=b"cdj", words=(b"json",))
    letters = {letter for letter, _ in found}
    if len(rest) < 3 or rest[1] != b"--":
        raise cli.usage(who, USAGE)
    place = place_of(rest[0]).rstrip(b"/")
    name = place.rpartition(b"/")[2]
    if name in (b"", b".", b"..") or b"\n" in name:
        raise cli.usage(who, USAGE, hint=b"a service cannot be called " + (name or b"nothing"))
    command = _absolute(rest[2:])
    program(command[0], environ.get(b"PATH"))
    make(place, files(name, command, letters))
    if json or letters & {b"j", b"json"}:
        from json import dumps

        show(dumps({"service": text(name), "path": text(place)}).encode() + b"\n")
    else:
        show(place + b"\n")
    return 0


def _absolute(command: list[bytes]) -> list[bytes]:
    """COMMAND as it can be run from elsewhere: the service runs in its own directory."""
    if b"/" in command[0] and command[0][:1] != b"/":
        return [posix.getcwdb() + b"/" + command[0].removeprefix(b"./"), *command[1:]]
    return command


def files(name: bytes, command: list[bytes], letters: set[bytes]) -> dict[bytes, bytes]:
    """The files of the service NAME that runs COMMAND: their names, and what is in them."""
    run, log = (SH_RUN, SH_LOG) if b"c" in letters else (RUN, LOG)
    line = b" ".join(map(quote, command))
    found = {
        b"run": run % (name, line),
        b"log/run": log % ((name,) if b"c" in letters else (name, quote(name))),
    }
    return found | ({b"down": b""} if b"d" in letters else {})


def quote(word: bytes) -> bytes:
    """WORD as a line of a script has to have it, so that it stays one word."""
    if word and not word.strip(SAFE):
        return word
    return b"'" + word.replace(b"'", b"'\\''") + b"'"


def make(place: bytes, content: dict[bytes, bytes]) -> None:
    """Make the directory PLACE with CONTENT; raises Quit, and then leaves nothing behind."""
    above, _, name = place.rpartition(b"/")
    # A scanner passes over names with a dot, so that it never sees half a service.
    new = (above + b"/" if above or place[:1] == b"/" else b"") + b"." + name + b".new"
    try:
        if _there(place):
            raise cli.fatal(b"unable to make " + place + b": file already exists")
        posix.mkdir(new, 0o755)
    except OSError as error:
        raise cli.fatal(b"unable to make " + place, error, owned(above or b".")) from None
    try:
        for directory in (b"env", b"log"):
            posix.mkdir(new + b"/" + directory, 0o755)
        for file, data in content.items():
            _write(new + b"/" + file, data)
        posix.rename(new, place)
    except OSError as error:
        _remove(new, content)
        raise cli.fatal(b"unable to make " + place, error) from None


def _there(place: bytes) -> bool:
    try:
        posix.lstat(place)
    except FileNotFoundError:
        return False
    return True


def _write(file: bytes, data: bytes) -> None:
    mode = 0o755 if file.endswith(b"run") else 0o644
    fd = posix.open(file, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, mode)
    try:
        while data:
            data = data[posix.write(fd, data) :]
    finally:
        posix.close(fd)


def _remove(new: bytes, content: dict[bytes, bytes]) -> None:
    """Remove what make() had made so far."""
    for remove, names in ((posix.unlink, content), (posix.rmdir, (b"env", b"log", b""))):
        for name in names:
            try:
                remove(new + b"/" + name)
            except OSError:
                # It had not come to that.
                pass
