"""Paths from the root: the daemon is elsewhere."""

import os

from ..base.errors import error_str
from .failures import Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AnyStr


def absolute(path: "AnyStr") -> "AnyStr":
    """PATH from the root. Raises Error for a relative one where the working directory is gone."""
    try:
        return os.path.abspath(path)
    except OSError as error:
        what = f"unable to find the current directory, which {os.fsdecode(path)} counts from"
        raise Error(f"{what}: {error_str(error).decode()}") from error
