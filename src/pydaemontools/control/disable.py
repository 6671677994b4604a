"""pysv disable: have services not start with their supervisors: by the file `down`."""

from .down_file import change

SYNOPSIS = b"pysv disable [-j] {--all | service ...}"
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"", ()


def main(who: bytes, given: dict[bytes, bytes], names: list[bytes]) -> int:
    """Do it; how often it failed."""
    return change(who, USAGE, given, names, down=True)
