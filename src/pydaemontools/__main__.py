"""python -m pydaemontools: the tools, for a person at a terminal."""

import os
import sys

from . import __version__
from .base import cli, process
from .base.tools import OWN, load
from .chain import pathexec
from .entry import restore_startup

HELP = """\
usage: python -m pydaemontools TOOL [ARGUMENT ...]
       python -m pydaemontools originals DIR [--suite NAME]
       python -m pydaemontools entries [--undo] [DIR]

Runs a tool, or makes DIR with one executable for each original (setlock, envdir, ...)
that these tools stand in for: all, or those of daemontools, runit, perp or zdaemon, of which
runit has an envdir and others of its own. `entries` writes the tools' own scripts anew, over the
installed ones or into DIR, so that they start without a shell.

Each tool is also a command of its own, which starts faster and lets no PYTHON* variable, user
site or file in the current directory put code into it. This way of calling them does not: use
it at a terminal, not in what runs as root.

"""


def main() -> int:
    """Run the tool that the command line names, or list the tools."""
    pathexec.home = _scripts()
    restore_startup(b"pydaemontools")
    argv = [process.fsencode(word) for word in sys.argv[1:]]
    name = sys.argv[1] if argv else "--help"
    if name in ("--help", "-h"):
        print(HELP + "\n".join(_summaries()))
        return 0
    if name == "--version":
        print("pydaemontools", __version__)
        return 0
    if name in ("originals", "entries"):
        try:
            return _originals(argv) if name == "originals" else _entries(argv)
        except cli.Quit as end:
            return end.say(b"pydaemontools")
    if name not in OWN:
        hint = "python -m pydaemontools: there is no tool {!r}; {}"
        print(hint.format(name, _meant(name)), file=sys.stderr)
        return 100
    process.standard_fds()
    return pathexec.run(argv[0], load(name), argv)


def _meant(name: str) -> str:
    """What to say beside that there is no tool NAME."""
    from .base.slips import differs_once

    word = process.fsencode(name)
    near = [own for own in OWN if own == "py" + name or differs_once(word, own.encode())]
    return f"did you mean {near[0]}?" if near else "without arguments it lists them"


def _scripts() -> bytes | None:
    """Where the entry scripts of this installation stand, as far as one can tell from here."""
    # Of pip install --prefix or --user they are not beside the interpreter, but near the package.
    lib = os.path.abspath(__file__).split("/lib/python")[0]
    for place in f"{sys.prefix}/bin", f"{lib}/bin":
        if os.path.exists(f"{place}/pychain"):
            return os.fsencode(place)
    return None


def _summaries() -> list[str]:
    from .base import pages

    lines = []
    for name in sorted(OWN):
        tool, _, summary = pages.summary(name).partition(" - ")
        lines.append(f"  {tool:<14} {summary}")
    return lines


def _place(word: bytes) -> str:
    """The directory WORD, from the root."""
    try:
        return os.path.abspath(os.fsdecode(word))
    except OSError as error:
        raise cli.fatal(b"unable to find the current directory", error) from None


def _originals(argv: list[bytes]) -> int:
    from .chain import originals

    usage = (b"python -m pydaemontools originals DIR [--suite NAME]",) * 2
    # Options may stand before the directory and after it.
    words = [b"pydaemontools", *argv[1:]]
    first, rest = cli.options(words, usage, words=(b"suite:",))
    last, more = cli.options([b"pydaemontools", *rest[1:]], usage, words=(b"suite:",))
    if not rest or more:
        raise cli.usage(words[0], usage)
    place = _place(rest[0])
    suite = os.fsdecode(dict([*first, *last]).get(b"suite", b"all"))
    print(f"{place}: {' '.join(originals.make(place, suite))}")
    return 0


def _entries(argv: list[bytes]) -> int:
    from .chain import direct_scripts

    undo = argv[1:2] == [b"--undo"]
    words = argv[2:] if undo else argv[1:]
    if len(words) > 1 or (words[:1] and words[0].startswith(b"-")):
        raise cli.Quit(100, b"usage: python -m pydaemontools entries [--undo] [DIR]")
    place = _place(words[0]) if words else None
    if undo:
        print(f"{direct_scripts.undo(place)}: as they were installed")
    else:
        print(f"{direct_scripts.make(place)}: {' '.join(OWN)}")
        print("An upgrade of the package puts the installed scripts back: then run this again.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
