"""Whether a program could be found and run, before anything is started for it."""

import posix
from errno import EACCES, ENOENT

from ..base import cli
from ..base.process import is_file
from . import pathexec as chain


def program(name: bytes, path: bytes | None) -> bytes:
    """The file of NAME on PATH. Raises Quit, with the reason, if none could be found and run."""
    files = chain.search(name, path)
    usable = [file for file in files if posix.access(file, posix.X_OK) and is_file(file)]
    if not usable:
        trouble = _trouble(files)
        from ..base.errors import not_run

        raise cli.fatal(b"unable to run " + name, trouble, not_run([name], files, path, trouble))
    return usable[0]


def _trouble(files: list[bytes]) -> OSError:
    there = any(posix.access(file, posix.F_OK) for file in files)
    return OSError(EACCES if there else ENOENT, "")
