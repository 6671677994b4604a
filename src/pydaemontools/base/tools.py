"""Which tools there are: the word a person types, and the module that answers."""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    # A tool takes its argv and gives the argv it hands on, or an exit code.
    Main = Callable[[list[bytes]], "list[bytes] | int"]

MODULES = {
    "envdir": "chain.envdir",
    "envuidgid": "chain.envuidgid",
    "setuidgid": "chain.setuidgid",
    "setlock": "chain.setlock",
    "softlimit": "chain.softlimit",
    "fghack": "chain.fghack",
    "pgrphack": "chain.pgrphack",
    "chpst": "chain.chpst",
    "chain": "chain.script",
    "supervise": "supervise.supervise",
    "runsv": "supervise.supervise",
    "svc": "control.svc",
    "svstat": "control.svstat",
    "svok": "control.svok",
    "sv": "control.sv_original",
    "svwait": "control.svwait",
    "svwaitup": "control.svwaitup",
    "svwaitdown": "control.svwaitdown",
    "runsvctrl": "control.runsvctrl",
    "runsvstat": "control.runsvstat",
    "utmpset": "control.utmpset",
    "svscan": "scan.svscan",
    "svscanctl": "scan.svscanctl",
    "svscanboot": "scan.svscanboot",
    "runsvdir": "scan.runsvdir",
    "runsvchdir": "scan.runsvchdir",
    "sissylog": "log.sissylog",
    "multilog": "log.multilog",
    "svlogd": "log.svlogd",
    "tai64n": "log.tai64n",
    "tai64nlocal": "log.tai64nlocal",
    "readproctitle": "log.readproctitle",
    "daemon": "daemon.pydaemon",
    "zdaemon": "zdaemon.zdaemon",
}
# Not every original has a name of our own (some are another of ours, or runit's before there was
# sv), and not each of ours an original.
NAMELESS = (
    "runsv",
    "svscanboot",
    "runsvdir",
    "runsvchdir",
    "svwaitup",
    "svwaitdown",
    "runsvctrl",
    "runsvstat",
    "utmpset",
    "svlogd",
)
OWN = {"py" + word: module for word, module in MODULES.items() if word not in NAMELESS}
OWN["pysv"] = "control.pysv"
OUR_OWN = "chain", "svwait", "svscanctl", "daemon"  # that stand in for none
ORIGINALS = {word: MODULES[word] for word in MODULES if word not in OUR_OWN}
NAMES = OWN | ORIGINALS
# What the tools of a room may need; those of the others, and a chain script, all there is.
ROOMS = {
    "chain": ("base", "chain"),
    "log": ("base", "log"),
    "daemon": ("base", "chain", "jobs", "daemon"),
}
EVERY = "base", "chain", "jobs", "supervise", "scan", "control", "log", "daemon", "zdaemon"
# What we, or what we use of Python's library, import only where it comes to that; and what of it
# no link needs.
LATER = (
    "_blake2 _signal _socket _strptime binascii errno fcntl grp heapq itertools linecache os pwd re"
    " resource select termios time traceback warnings"
)
LATER_OF_MORE = "ast encodings.idna glob json shlex socket ssl unicodedata"
# Those that were asked for: a supervised chain is gone through in a process that is all new.
_mains: "dict[str, Main]" = {}


def load(name: str) -> "Main":
    """Import the tool called NAME, own name or original's, and give its main."""
    if name not in _mains:
        _mains[name] = module(name).main
    return _mains[name]


def is_link(name: str) -> bool:
    """Whether the tool called NAME changes its process and becomes the next."""
    return NAMES.get(name, "").startswith("chain.")


def module(name: str) -> "ModuleType":
    """Import the module that answers to NAME: whoever needs a tool by its name asks here."""
    return __import__("pydaemontools." + NAMES[name], fromlist=["main"])


def load_all(words: list[bytes]) -> set[str]:
    """Import the tools that are named among WORDS, with or without a path, and what any of them
    needs for an error; return their names.
    """
    from . import errors  # noqa: F401

    names = {word.rpartition(b"/")[2].decode("latin-1") for word in words} & NAMES.keys()
    for name in names:
        load(name)
    return names


def load_life(names: set[str]) -> None:
    """Import all that the tools called NAMES may need as long as they live, or for an error."""
    rooms: set[str] = set()
    for name in names:
        room = NAMES[name].partition(".")[0]
        rooms.update(EVERY if name == "pychain" else ROOMS.get(room, EVERY))
    top = sys.modules["pydaemontools"].__path__[0]
    ours = [word for room in sorted(rooms) for word in _modules(top, room)]
    more = LATER_OF_MORE.split() if rooms - set(ROOMS["chain"]) else []
    for word in ("pydaemontools.base.errors", *LATER.split(), *more, *ours):
        try:
            __import__(word)
        except (ImportError, OSError):
            # This Python was made without it, or the C library lacks what it is about.
            continue


def _modules(top: str, room: str) -> "Iterator[str]":
    """The modules of ROOM, and of the rooms in it, in the package that stands in TOP."""
    for entry in posix.listdir(f"{top}/{room}"):
        stem, _, end = entry.partition(".")
        if end == "py" and stem != "__init__":
            yield f"pydaemontools.{room}.{stem}".replace("/", ".")
        elif not end and stem != "__pycache__":
            yield from _modules(top, f"{room}/{stem}")
