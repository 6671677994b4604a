"""What an exception is and says, from the text of its traceback."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
BEHIND = "0123456789.$<>"  # a class has a module, and may be a function's own


def last_exception(traceback: str) -> tuple[str, str] | None:
    """The type and the words of the exception that the text of a TRACEBACK ends with.

    Python's is at the end: the last line that begins at the margin and with the name of a class.
    """
    for line in reversed(traceback.split("\n")):
        name, _, words = line.partition(": ")
        # Alone, one in lower case would be any word, or a function of Go.
        if _class(name) and (words or name.rpartition(".")[2][:1].isupper()):
            return name, words
    return None


def _class(name: str) -> bool:
    """Whether NAME may be that of a class."""
    return name[:1] in LETTERS and bool(name) and not name.strip(LETTERS + BEHIND)
