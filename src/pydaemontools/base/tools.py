"""Which tools there are: the word a person types, and the module that answers."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
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
    "chain": "chain.script",
    "supervise": "supervise.supervise",
    "runsv": "supervise.supervise",
    "svc": "control.svc",
    "svstat": "control.svstat",
    "svok": "control.svok",
    "sv": "control.sv",
    "svwait": "control.svwait",
    "sissylog": "log.sissylog",
    "multilog": "log.multilog",
    "tai64n": "log.tai64n",
    "tai64nlocal": "log.tai64nlocal",
    "readproctitle": "log.readproctitle",
}
# Not every original has a name of our own, and not each of ours an original.
OWN = {"py" + word: module for word, module in MODULES.items() if word != "runsv"}
ORIGINALS = {word: MODULES[word] for word in MODULES if word not in ("chain", "svwait")}
NAMES = OWN | ORIGINALS
# Those that were asked for: a supervised chain is gone through in a process that is all new.
_mains: "dict[str, Main]" = {}


def load(name: str) -> "Main":
    """Import the tool called NAME, own name or original's, and give its main."""
    if name not in _mains:
        _mains[name] = module(name).main
    return _mains[name]


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
