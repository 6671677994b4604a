"""Python's own stdin, stdout and stderr, before a fork and after it."""

import os
import sys


def flush() -> None:
    """Write out what stdout and stderr hold, or each of two processes would."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (AttributeError, OSError, ValueError):
            # It is closed, or its reader is gone, or it is an object of the program's own.
            continue


def renew() -> None:
    """Have Python's own stdin, stdout and stderr where it has none, or other files for them."""
    for name, fd in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if _is_elsewhere(getattr(sys, name), fd):
            mode = "w" if fd else "r"
            stream = os.fdopen(fd, mode, 1, closefd=False, errors="backslashreplace")
            setattr(sys, name, stream)
            if getattr(sys, f"__{name}__") is None:
                setattr(sys, f"__{name}__", stream)


def _is_elsewhere(stream: object, fd: int) -> bool:
    """Whether STREAM is none, or a file that is not FD; what is no file stays what it is."""
    if stream is None:
        return True
    try:
        number: int = stream.fileno()  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return False
    return number != fd
