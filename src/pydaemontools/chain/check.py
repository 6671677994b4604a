"""Whether each link of a script could do its work here, for whoever asks (pychain --check).

Nothing is run. The variables that a link would set are set in this process, so that the lines
below it are looked at with them.
"""

import posix

from ..base import cli
from ..base.printable import plain
from ..base.process import edit, environ
from ..base.tools import NAMES, module
from . import chpst, chpst_steps, envdir, envuidgid, fghack, pgrphack, setlock, setuidgid, softlimit
from .account import parse as parse_account
from .runnable import program
from .words import Line, Variable, expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # A checker takes a link's argv, raises Quit for what would fail, and gives the rest.
    Checker = Callable[[list[bytes]], list[bytes]]
    # A line's number, what it is about, what is wrong with it if anything, and whether it fails.
    Verdict = tuple[int, bytes, bytes, bool]

# Links of others that set no variable.
QUIET = b"nice ionice chrt setsid nohup taskset prlimit stdbuf timeout setpriv unshare".split()


def check(lines: list[Line], name: bytes, rest: list[bytes]) -> int:
    """Say of each link of the script NAME whether it would work; 0 if all would, else 1."""
    good = True
    for number, written, trouble, fails in verdicts(lines, rest):
        good = good and not fails
        posix.write(1, b"%s:%d: %s: %s\n" % (name, number, plain(written), trouble or b"ok"))
    return 0 if good else 1


def verdicts(lines: list[Line], rest: list[bytes]) -> "Iterator[Verdict]":
    """What there is to say of each link, and of each variable that nothing sets."""
    variables = Variables()
    for line in lines:
        for name in variables.unset(line):
            yield (
                line.number,
                b"warning",
                b"nothing sets $" + name + b", so it is empty here",
                False,
            )
        words, written = expand(line, environ), _written(line)
        if line is lines[-1]:
            words, written = words + rest, written + rest
        path = environ.get(b"PATH")
        while words:
            # A link looks for the next word on the PATH that it was started with itself.
            before = environ.get(b"PATH")
            after, trouble = _link(words, path, last=line is lines[-1])
            if not trouble and not after:
                variables.note(words)
            path = before
            count = len(words) - len(after)
            yield line.number, b" ".join(written[:count]), trouble, bool(trouble)
            words, written = after, written[count:]


def _written(line: Line) -> list[bytes]:
    """The words of LINE as they stand in the script."""
    if not line.written:
        return [b"".join(word) for word in line.words]
    return [word.replace(b"\\\n", b"") for word in line.written]


class Variables:
    """Which variables a script uses that nothing sets: neither the environment nor a link before.

    Of a program that is no link of ours nobody knows what it sets, but of a few.
    """

    def __init__(self) -> None:
        self._assigned: set[bytes] = set()
        self._told: set[bytes] = set()
        self._unknown = False

    def unset(self, line: Line) -> list[bytes]:
        """Those of LINE, each once in a script."""
        names = [bytes(p) for word in line.words for p in word if isinstance(p, Variable)]
        known = environ.keys() | self._assigned | self._told
        found = [] if self._unknown else [name for name in names if name not in known]
        self._told.update(found)
        return list(dict.fromkeys(found))

    def note(self, words: list[bytes]) -> None:
        """The program of WORDS stands before the next line."""
        tool = words[0].rpartition(b"/")[2]
        if tool == b"env":
            self._assigned.update(word.partition(b"=")[0] for word in words if b"=" in word)
        elif tool.decode("latin-1") not in NAMES and tool not in QUIET:
            self._unknown = True


def _link(words: list[bytes], path: bytes | None, *, last: bool) -> tuple[list[bytes], bytes]:
    """Check the link that WORDS begin with; give the words after it, and the trouble."""
    tool = words[0].rpartition(b"/")[2]
    known = tool.decode("latin-1") in NAMES
    checker = CHECKERS.get(tool.removeprefix(b"py")) if known else None
    # The line of a link may end where the link's own words do: its program is the next line.
    tail = [] if last else [b"true"]
    try:
        file = program(words[0], path)
        if checker is None:
            _may_begin(words[0], file)
            return [], b""
        after = checker([tool, *words[1:], *tail])
    except cli.Asked:
        return [], b"it prints its help, and ends"
    except cli.Quit as end:
        why = b"; ".join([*end.lines, end.hint] if end.hint else end.lines)
        return [], why.removeprefix(b"fatal: ")
    return after[: len(after) - len(tail)], b""


def _may_begin(name: bytes, file: bytes) -> None:
    """Raise Quit if FILE, which is the program NAME, is of no kind that can be run."""
    from ..base import errors

    if code := errors.beginning(file):
        error = OSError(code, "")
        hint = errors.not_run([name], [file], None, error)
        raise cli.fatal(b"unable to run " + name, error, hint)


def _setlock(argv: list[bytes]) -> list[bytes]:
    _, file, rest = setlock.parse(argv)
    _may_lock(file)
    return rest


def _may_lock(file: bytes) -> None:
    """Raise Quit if FILE could not be opened for a lock."""
    place = file.rpartition(b"/")[0] or (b"/" if file[:1] == b"/" else b".")
    there = posix.access(file, posix.F_OK)
    if not posix.access(file if there else place, posix.W_OK):
        from ..base.errors import owned

        what = b"unable to open " + file
        if not posix.access(place, posix.F_OK):
            raise cli.fatal(what + b": there is no directory " + place)
        raise cli.fatal(what + b": access denied", hint=owned(file if there else place))


def _setuidgid(argv: list[bytes]) -> list[bytes]:
    letters, account, rest = parse_account(argv, setuidgid.USAGE, b"sH")
    _may_become(account.uid)
    if b"H" in letters:
        edit(environ, account.home())
    return rest


def _may_become(uid: int) -> None:
    if posix.geteuid():
        raise cli.fatal(b"unable to become uid %d: only root may change its account" % uid)


def _chpst(argv: list[bytes]) -> list[bytes]:
    told, _, rest = chpst.parse(argv)
    if b"e" in told:
        edit(environ, chpst_steps.variables(told[b"e"], b"", skip=True))
    if b"/" in told:
        # What it names is in another root.
        return rest
    if b"U" in told:
        chpst_steps.find(argv[0], told[b"U"])
        edit(environ, [b"GID=", b"UID="])
    if b"u" in told:
        _may_become(chpst_steps.find(argv[0], told[b"u"]).uid)
    for letter in told.keys() & {b"l", b"L"}:
        _may_lock(told[letter])
    return rest


def _supervise(argv: list[bytes]) -> list[bytes]:
    _, logger, rest = module("pysupervise").parse(argv)
    if logger:
        program(logger[0], environ.get(b"PATH"))
    return list(rest)


CHECKERS: "dict[bytes, Checker]" = {
    b"chpst": _chpst,
    b"envdir": envdir.main,
    b"setlock": _setlock,
    b"setuidgid": _setuidgid,
    b"envuidgid": envuidgid.main,
    b"softlimit": lambda argv: softlimit.parse(argv)[1],
    b"fghack": fghack.parse,
    b"pgrphack": pgrphack.parse,
    b"supervise": _supervise,
}
