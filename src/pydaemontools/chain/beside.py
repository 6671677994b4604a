"""The libraries that are installed beside our commands, which start without them."""

import sys

from . import pathexec


def add_library() -> None:
    """Have this process find the libraries that are installed with our commands."""
    if pathexec.home is None:
        return
    root = pathexec.home.rpartition(b"/")[0].decode("utf-8", "surrogateescape")
    library = root + "/lib/python{}.{}/site-packages".format(*sys.version_info)
    if library not in sys.path:
        sys.path.append(library)
