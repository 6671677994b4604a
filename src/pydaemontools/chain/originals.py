"""The files that make this installation answer to the originals' names."""

import sys

from ..base.tools import ORIGINALS
from . import scripts
from .pathexec import signature


def make(place: str) -> list[str]:
    """Make PLACE with one executable for each original; give their names. Raises Quit.

    A file of another kind that is in the way is an error, and then nothing is changed.
    """
    start = scripts.header(sys.executable)
    files = {name: start + signature(name) for name in ORIGINALS}
    scripts.write(place, files, b"give a directory that holds nothing else")
    return list(ORIGINALS)
