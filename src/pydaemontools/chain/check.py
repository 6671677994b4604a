"""Whether each link of a script could do its work here, for whoever asks (pychain --check).

Nothing is run. The variables that an env directory would set are set in this process, so
that the lines below it are looked at with them.
"""

import posix

from ..base import cli
from ..base.process import environ, is_dir
from ..base.tools import NAMES, module
from . import envdir, envuidgid, fghack, pgrphack, setlock, setuidgid, softlimit
from . import pathexec as chain
from .account import parse as parse_account
from .words import Line, expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # A checker takes a link's argv, raises Quit for what would fail, and gives the rest.
    Checker = Callable[[list[bytes]], list[bytes]]


def check(lines: list[Line], name: bytes, rest: list[bytes]) -> int:
    """Say of each link of the script NAME whether it would work; 0 if all would, else 1."""
    good = True
    for number, words, trouble in verdicts(lines, rest):
        good = good and not trouble
        posix.write(1, b"%s:%d: %s: %s\n" % (name, number, words, trouble or b"ok"))
    return 0 if good else 1


def verdicts(lines: list[Line], rest: list[bytes]) -> "Iterator[tuple[int, bytes, bytes]]":
    """Of each link its line's number, its words, and why it would fail: nothing if it would not."""
    for line in lines:
        words = expand(line, environ)
        if line is lines[-1]:
            words += rest
        path = environ.get(b"PATH")
        while words:
            # A link looks for the next word on the PATH that it was started with itself.
            before = environ.get(b"PATH")
            words, link, trouble = _link(words, path, last=line is lines[-1])
            path = before
            yield line.number, link, trouble


def _link(
    words: list[bytes], path: bytes | None, *, last: bool
) -> tuple[list[bytes], bytes, bytes]:
    """Check the link that WORDS begin with; give the words after it, its own, and the trouble."""
    tool = words[0].rpartition(b"/")[2]
    known = tool.decode("latin-1") in NAMES
    checker = CHECKERS.get(tool.removeprefix(b"py")) if known else None
    # The line of a link may end where the link's own words do: its program is the next line.
    tail = [] if last else [b"true"]
    try:
        program(words[0], path)
        if checker is None:
            return [], words[0], b""
        after = checker([tool, *words[1:], *tail])
    except cli.Asked:
        return [], words[0], b"it prints its help, and ends"
    except cli.Quit as end:
        why = b"; ".join([*end.lines, end.hint] if end.hint else end.lines)
        return [], words[0], why.removeprefix(b"fatal: ")
    after = after[: len(after) - len(tail)]
    mine = words[: len(words) - len(after)]
    return after, b" ".join(mine), b""


def program(name: bytes, path: bytes | None) -> None:
    """Raise Quit, with the reason, if NAME is no program that could be found on PATH and run."""
    files = chain.search(name, path)
    usable = [file for file in files if posix.access(file, posix.X_OK) and not is_dir(file)]
    if not usable:
        trouble = _trouble(files)
        from ..base.errors import not_run

        raise cli.fatal(b"unable to run " + name, trouble, not_run([name], files, path, trouble))


def _trouble(files: list[bytes]) -> OSError:
    from errno import EACCES, ENOENT

    there = any(posix.access(file, posix.F_OK) for file in files)
    return OSError(EACCES if there else ENOENT, "")


def _setlock(argv: list[bytes]) -> list[bytes]:
    _, file, rest = setlock.parse(argv)
    place = file.rpartition(b"/")[0] or (b"/" if file[:1] == b"/" else b".")
    there = posix.access(file, posix.F_OK)
    if not posix.access(file if there else place, posix.W_OK):
        from ..base.errors import owned

        what = b"unable to open " + file
        if not posix.access(place, posix.F_OK):
            raise cli.fatal(what + b": there is no directory " + place)
        raise cli.fatal(what + b": access denied", hint=owned(file if there else place))
    return rest


def _setuidgid(argv: list[bytes]) -> list[bytes]:
    _, account, rest = parse_account(argv, setuidgid.USAGE, b"sH")
    if posix.geteuid():
        raise cli.fatal(b"unable to become uid %d: only root may change its account" % account.uid)
    return rest


def _envuidgid(argv: list[bytes]) -> list[bytes]:
    return parse_account(argv, envuidgid.USAGE, b"sH")[2]


def _supervise(argv: list[bytes]) -> list[bytes]:
    _, logger, rest = module("pysupervise").parse(argv)
    if logger:
        program(logger[0], environ.get(b"PATH"))
    return list(rest)


CHECKERS: "dict[bytes, Checker]" = {
    b"envdir": envdir.main,
    b"setlock": _setlock,
    b"setuidgid": _setuidgid,
    b"envuidgid": _envuidgid,
    b"softlimit": lambda argv: softlimit.parse(argv)[1],
    b"fghack": fghack.parse,
    b"pgrphack": pgrphack.parse,
    b"supervise": _supervise,
}
