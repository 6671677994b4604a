"""The files that make this installation answer to the originals' names."""

import os
import sys

from ..base.cli import fatal
from ..base.process import fsencode
from ..base.tools import ORIGINALS
from .pathexec import signature

SHEBANG = 255  # what a kernel reads of a first line, less the end of it


def make(place: str) -> list[str]:
    """Make PLACE with one executable for each original; give their names. Raises Quit.

    A file of another kind that is in the way is an error, and then nothing is changed.
    """
    try:
        os.makedirs(place, exist_ok=True)
        for name in ORIGINALS:
            _refuse_stranger(f"{place}/{name}")
        for name in ORIGINALS:
            _write(f"{place}/{name}", name)
    except OSError as error:
        raise fatal(b"unable to make " + fsencode(error.filename or place), error) from None
    return list(ORIGINALS)


def _refuse_stranger(path: str) -> None:
    try:
        with open(path, "rb") as file:
            there = file.read()
    except FileNotFoundError:
        return
    if b"\nfrom pydaemontools.entry import enter\n" not in there:
        what = b"unable to make " + fsencode(path) + b": there is another program of that name"
        raise fatal(what, hint=b"give a directory that holds nothing else")


def _write(path: str, name: str) -> None:
    new = path + ".new"
    with open(new, "wb") as file:
        file.write(header(sys.executable) + signature(name))
        os.fchmod(file.fileno(), 0o755)
    os.rename(new, path)


def header(python: str) -> bytes:
    """The first lines of a script for PYTHON, absolute and isolated: no PATH, no site."""
    line = fsencode(f"#!{python} -IS\n")
    if len(line) <= SHEBANG and " " not in python and "\t" not in python:
        return line
    # The kernel would cut such a line; a shell does not. It only costs a shell.
    quoted = "'" + python.replace("'", "'\\''") + "'"
    return fsencode(f"#!/bin/sh\n''':'\nexec {quoted} -IS \"$0\" \"$@\"\n'''\n")
