"""Run a chain script: one link a line, no shell.

A chain script is read line by line, each when its turn comes: its variables have the
values that the lines before it gave them. What is left of the script travels as an
argument, so that a chain that drops root, changes its directory or waits for an hour goes
on with the text it started with.
"""

from ..base import cli
from ..base.process import environ
from . import pathexec as chain
from .words import BadWord, Line, expand, split

SYNOPSIS = b"pychain [--check] {file | -c text} [arg ...]"
USAGE = (SYNOPSIS, SYNOPSIS)


def main(argv: list[bytes]) -> list[bytes] | int:
    """Hand on the first line's words, then the rest of the script, then the arguments."""
    found, rest = cli.options(argv, USAGE, b"c:", words=(b"check",))
    given = dict(found)
    if b"c" in given:
        text, name = given[b"c"], b"-c"
    elif rest:
        name = rest.pop(0)
        text = read(name)
    else:
        raise cli.usage(argv[0], USAGE, hint=b"say which script to run: a file, or -c TEXT")
    lines = parse(text, name)
    if b"check" in given:
        from .check import check

        return check(lines, name, rest)
    first, *more = lines
    words = expand(first, environ)
    if more:
        words += [me(), b"-c", text[first.end :], b"--"]
    return words + rest


def me() -> bytes:
    """The command that goes on with a script: this installation's, if one knows where it is."""
    return b"pychain" if chain.home is None else chain.home + b"/pychain"


def read(name: bytes) -> bytes:
    """The text of the script NAME; raises Quit."""
    try:
        with open(name, "rb", buffering=0) as script:
            return script.read()
    except OSError as error:
        from errno import EISDIR

        from ..base.errors import refused

        hint = b"a chain is a file: name one, or give its text by -c"
        if error.errno != EISDIR:
            hint = refused(name, error)
        raise cli.fatal(b"unable to read " + name, error, hint) from None


def parse(text: bytes, name: bytes) -> list[Line]:
    """The lines of a script; raises Quit with NAME and the line's number for one that is bad."""
    try:
        lines = split(text)
    except BadWord as error:
        where = b"%s: line %d: " % (name, error.line)
        raise cli.Quit(100, b"fatal: " + where + error.text) from None
    if not lines:
        raise cli.Quit(100, b"fatal: " + name + b": no line of it holds a command")
    return lines
