"""Say how services are, as runit's runsvstat did before there was sv."""

import posix
from errno import ENOENT
from time import time

from ..base.process import is_dir
from ..base.status import STATES, Status
from .runit_older import Services, options
from .servicefiles import RawReader, Trouble, normally_up

WORDS = b"[ -l ] service ..."
VERSION = b"$Id: c17bbd3eda6f3c57027dfb47ff676bdd3fefff9f $"
LOG = b"\n  log"


def main(argv: list[bytes]) -> int:
    """Say it of each service, and with -l of its logger."""
    given, names = options(argv, b"l", WORDS, VERSION)
    here = b"unable to open current directory"
    services = Services(argv[0], 100, here, b"unable to change directory")
    for name in names:
        if not services.enter(name):
            continue
        line = _line(services, name)
        if line and b"l" in given:
            line += _log(services, name)
        if line:
            _show(line + b"\n")
        services.back()
    return services.code


def _log(services: Services, name: bytes) -> bytes:
    """The line of the logger of the service NAME, where there is one."""
    try:
        posix.stat(b"log")
    except OSError as error:
        if error.errno != ENOENT:
            services.warn(b"unable to stat(): ./log", error)
        return b""
    if not is_dir(b"log"):
        services.warn(b"./log: not a directory.")
        return b""
    try:
        posix.chdir(b"log")
    except OSError as error:
        services.warn(name + b": unable to change directory", error)
        return b""
    return _line(services, LOG)


def _line(services: Services, name: bytes) -> bytes:
    """What there is to say of the service NAME, where we are; nothing after a warning."""
    try:
        normally = normally_up()
    except OSError as error:
        services.warn(name + b": unable to stat down", error)
        return b""
    try:
        return name + b": " + _words(RawReader(20).read(), normally=normally)
    except Trouble as trouble:
        if trouble.nobody:
            services.warn(name + b": runsv not running.")
        elif trouble.error is None:
            services.warn(name + b": " + trouble.text + b".")
        else:
            services.warn(name + b": " + trouble.text, trouble.error)
        return b""


def _words(status: Status, *, normally: bool) -> bytes:
    up = bool(status.pid)
    seconds = b"%d seconds" % status.seconds(int(time()))
    text = b"down " + seconds
    if up:
        # Of a process in no state it says nothing.
        word = STATES[status.state].encode() + b" " if 0 < status.state < len(STATES) else b""
        text = word + b"(pid %d) " % status.pid + seconds
    text += status.notes(normally_up=normally)
    return text + b", got TERM" if up and status.term else text


def _show(text: bytes) -> None:
    from ..base.write import write_all

    try:
        write_all(1, text)
    except OSError:
        # The original never looks whether it could say it.
        pass
