"""pysv enable: have services start with their supervisors: without the file `down`."""

from .down_file import change

SYNOPSIS = b"pysv enable [-j] {--all | service ...}"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"", ()


def main(who: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """Do it; how often it failed."""
    return change(who, USAGE, given, names, down=False)
