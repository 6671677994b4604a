"""Files that start a tool of ours with this installation's interpreter."""

import os

from ..base.cli import fatal
from ..base.process import fsencode

SHEBANG = 255  # what a kernel reads of a first line, less the end of it


def header(python: str) -> bytes:
    """The first lines of a script for PYTHON, absolute and isolated: no PATH, no site."""
    line = fsencode(f"#!{python} -IS\n")
    if len(line) <= SHEBANG and " " not in python and "\t" not in python:
        return line
    # The kernel would cut such a line; a shell does not. It only costs a shell.
    quoted = "'" + python.replace("'", "'\\''") + "'"
    return fsencode(f"#!/bin/sh\n''':'\nexec {quoted} -IS \"$0\" \"$@\"\n'''\n")


def write(place: str, scripts: dict[str, bytes], hint: bytes) -> None:
    """Have PLACE, made if it is not there, hold SCRIPTS by their names.

    A file of another kind that is in the way is an error, and then nothing is changed. Raises
    Quit, with HINT.
    """
    # Whoever finds a tool on PATH may run it. This process makes nothing else.
    os.umask(0o022)
    try:
        os.makedirs(place, exist_ok=True)
        for name in scripts:
            _refuse_stranger(f"{place}/{name}", hint)
        for name, text in scripts.items():
            # Always a new file: an installer may have linked the old one into its cache.
            new = f"{place}/{name}.new"
            with open(new, "wb") as file:
                file.write(text)
                os.fchmod(file.fileno(), 0o755)
            os.rename(new, f"{place}/{name}")
    except OSError as error:
        what = b"unable to make " + fsencode(error.filename or place)
        raise fatal(what, error, hint=hint) from None


def _refuse_stranger(path: str, hint: bytes) -> None:
    try:
        with open(path, "rb") as file:
            there = file.read()
    except FileNotFoundError:
        return
    if b"\nfrom pydaemontools.entry import enter\n" not in there:
        what = b"unable to make " + fsencode(path) + b": there is another program of that name"
        raise fatal(what, hint=hint)
