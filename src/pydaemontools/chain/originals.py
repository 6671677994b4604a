"""The files that make this installation answer to the originals' names."""

import sys

from ..base import cli
from ..base.process import fsencode
from ..base.tools import ORIGINALS
from . import scripts
from .chpst import NAMES
from .pathexec import signature

SUITES = {
    "daemontools": (
        *("envdir", "envuidgid", "setuidgid", "setlock", "softlimit", "fghack", "pgrphack"),
        *("supervise", "svc", "svstat", "svok", "svscan", "svscanboot"),
        *("multilog", "tai64n", "tai64nlocal", "readproctitle"),
    ),
    "runit": (
        *("runsvdir", "runsvchdir", "runsv", "sv", "chpst", "svlogd", "utmpset"),
        *("svwaitup", "svwaitdown", "runsvctrl", "runsvstat"),
    ),
    "perp": ("sissylog",),
    "zdaemon": ("zdaemon",),
    "all": tuple(ORIGINALS),
}
# What chpst is by the name of another suite's link, by which it is called.
AS_CHPST = {name.decode(): "chpst" for name in NAMES}
HINT = b"give a directory that holds nothing else"


def make(place: str, suite: str = "all") -> list[str]:
    """Make PLACE with one executable for each original of SUITE; give their names. Raises Quit.

    A file of another kind that is in the way is an error, and then nothing is changed.
    """
    start = scripts.header(sys.executable)
    files = {name: start + signature(tool) for name, tool in choose(suite).items()}
    scripts.write(place, files, HINT)
    return list(files)


def choose(suite: str) -> dict[str, str]:
    """The names of SUITE, each with the tool that it stands for. Raises Quit."""
    if suite not in SUITES:
        known = ", ".join(SUITES)
        raise cli.Quit(100, fsencode(f"fatal: there is no suite {suite}: they are {known}"))
    found = {name: name for name in SUITES[suite]}
    return found | AS_CHPST if suite == "runit" else found
