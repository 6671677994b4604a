"""What is named: by a path from the root, since the daemon is elsewhere; and never by nothing."""

import os

from ..base.errors import error_str
from .failures import Error, OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AnyStr


def check_filled(**options: object) -> None:
    """Raise OptionError for one of OPTIONS that is an empty text."""
    for name, value in options.items():
        if isinstance(value, (str, bytes)) and not value:
            raise OptionError(f"{name} is empty")


def absolute(path: "AnyStr") -> "AnyStr":
    """PATH from the root. Raises Error for a relative one where the working directory is gone."""
    try:
        return os.path.abspath(path)
    except OSError as error:
        what = f"unable to find the current directory, which {os.fsdecode(path)} counts from"
        raise Error(f"{what}: {error_str(error).decode()}") from error
