"""A record: what a structured line says, or several lines that belong together."""

from .exceptions import told
from .keys import LOGGER, TIME


class Record:
    """What a line, or some, had to say.

    `level` is its severity, None if it names none; `message` what a person reads, which is
    the whole line if nothing in it is called a message; `fields` all else, in its order and
    as it was. `line` is what it was made of.
    """

    __slots__ = ("fields", "level", "line", "message")

    def __init__(
        self, level: int | None, message: bytes, fields: dict[str, object], line: bytes
    ) -> None:
        self.level = level
        self.message = message
        self.fields = fields
        self.line = line

    @property
    def time(self) -> object:
        """When it was, as the program wrote it: text or a number; None if it did not say."""
        return first_of(self.fields, TIME)

    @property
    def logger(self) -> str | None:
        """The name of the logger that wrote it."""
        name = first_of(self.fields, LOGGER)
        return name if isinstance(name, str) else None

    @property
    def exception(self) -> tuple[str, str] | None:
        """The type of the exception it tells of, and what that says; None without one."""
        return told(self.fields)


def first_of(fields: dict[str, object], names: tuple[str, ...]) -> object:
    """The value of the first of NAMES that is there."""
    return next((value for key in names if (value := value_of(fields, key)) is not None), None)


def value_of(fields: dict[str, object], key: str) -> object:
    """The value of KEY, which may be that of a key in an object; None without one."""
    value = fields.get(key)
    if value is None and "." in key:
        outer, _, inner = key.partition(".")
        held = fields.get(outer)
        return held.get(inner) if isinstance(held, dict) else None
    return value
