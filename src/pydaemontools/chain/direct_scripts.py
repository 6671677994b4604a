"""The scripts of this installation, with its interpreter in their first line and no shell.

What pip installs is made before anybody knows where: a shell finds the interpreter, and copies
the environment, which shells do not hand on as it is. That is two processes a start, which an
account may not be allowed, and of a large environment only parts can be copied. What is made here
needs neither.
"""

import os
import sys
from importlib.resources import files

from ..base.cli import fatal
from ..base.process import fsencode
from ..base.tools import OWN
from . import pathexec, scripts

HINT = b"name a directory that is yours and holds nothing else, and put it first in PATH"


def make(place: str | None) -> str:
    """Write a script for each tool into PLACE, or over the installed ones; return where.

    Raises Quit.
    """
    start = scripts.header(sys.executable)
    if not start.startswith(b"#!" + fsencode(sys.executable)):
        what = fsencode(sys.executable) + b" has a blank, or is longer than a first line may be"
        raise fatal(b"unable to do without a shell: " + what)
    where = _where(place)
    scripts.write(where, {name: start + pathexec.signature(name, where) for name in OWN}, HINT)
    return where


def undo(place: str | None) -> str:
    """Put what pip installs back in their place, PLACE or where it is; return where.

    Raises Quit.
    """
    text = files("pydaemontools").joinpath("data/entry.sh").read_text()
    where = _where(place)
    scripts.write(where, {name: text.replace("NAME", name).encode() for name in OWN}, HINT)
    return where


def _where(place: str | None) -> str:
    if place is None and pathexec.home is None:
        raise fatal(b"unable to find the scripts of this installation", hint=HINT)
    return place or os.fsdecode(pathexec.home or b"")
