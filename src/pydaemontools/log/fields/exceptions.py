"""What an exception is and says, from the fields that tell of it or from a traceback's text."""

from .keys import EXCEPTION, TYPES, VALUES

# OTel has them beside each other and not in one value.
FLAT = (
    ("exception.type", "exception.message"),
    ("error.type", "error.message"),
    ("exc_type", "exc_value"),
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
BEHIND = "0123456789.$<>"  # a class has a module, and may be a function's own


def told(fields: dict[str, object]) -> tuple[str, str] | None:
    """The type of the exception that FIELDS tell of, and what it says; None without one."""
    for kind, value in FLAT:
        if isinstance(named := fields.get(kind), str):
            return named, _text(fields.get(value))
    for key in EXCEPTION:
        if (told := fields.get(key)) and (found := _of(told)):
            return found
    return None


def said(traceback: str) -> tuple[str, str] | None:
    """The type and the words of the exception that the text of a TRACEBACK ends with.

    Python's is at the end: the last line that begins at the margin and with the name of a class.
    """
    for line in reversed(traceback.split("\n")):
        name, _, words = line.partition(": ")
        # Alone, one in lower case would be any word, or a function of Go.
        if _class(name) and (words or name.rpartition(".")[2][:1].isupper()):
            return name, words
    return None


def _of(value: object) -> tuple[str, str] | None:
    """What one VALUE says: a traceback, an object, or a list of which the last is the cause."""
    if isinstance(value, str):
        # Without a traceback it may be any text that has a colon.
        return said(value) if "\n" in value else None
    if isinstance(value, list):
        # structlog's dict_tracebacks: the exception that was raised is the first.
        return _of(value[0]) if value and isinstance(value[0], dict) else None
    if not isinstance(value, dict):
        return None
    kind = next((k for key in TYPES if isinstance(k := value.get(key), str)), None)
    words = next((w for key in VALUES if (w := value.get(key)) is not None), None)
    return None if kind is None else (kind, _text(words))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _class(name: str) -> bool:
    """Whether NAME may be that of a class."""
    return name[:1] in LETTERS and bool(name) and not name.strip(LETTERS + BEHIND)
