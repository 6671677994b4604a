"""Whether a program could be found and run, before anything is started for it."""

import posix
from errno import EACCES, ENOENT

from ..base import cli
from ..base.process import is_dir
from . import pathexec as chain


def program(name: bytes, path: bytes | None) -> None:
    """Raise Quit, with the reason, if NAME is no program that could be found on PATH and run."""
    files = chain.search(name, path)
    usable = [file for file in files if posix.access(file, posix.X_OK) and not is_dir(file)]
    if not usable:
        trouble = _trouble(files)
        from ..base.errors import not_run

        raise cli.fatal(b"unable to run " + name, trouble, not_run([name], files, path, trouble))


def _trouble(files: list[bytes]) -> OSError:
    there = any(posix.access(file, posix.F_OK) for file in files)
    return OSError(EACCES if there else ENOENT, "")
