"""A record: what a structured line says, or several lines that belong together."""


class Record:
    """What a line, or some, had to say.

    `level` is its severity, None if it names none; `message` what a person reads, which is
    the whole line if nothing in it is called a message; `fields` all else, in its order and
    as it was. `line` is what it was made of.
    """

    __slots__ = ("fields", "level", "line", "message")

    inner: bytes | None = None  # the line that says its level, where another holds it

    def __init__(
        self, level: int | None, message: bytes, fields: dict[str, object], line: bytes
    ) -> None:
        self.level = level
        self.message = message
        self.fields = fields
        self.line = line

    def came_as(self, line: bytes) -> None:
        """Have LINE as what it was made of, which a terminal shows as the line that it was."""
        if self.message is self.line:
            self.message = line
        self.line = line


class Opened(Record):
    """A record that holds a line as its program printed it, INNER."""

    __slots__ = ("inner",)

    def __init__(self, inner: bytes, fields: dict[str, object], line: bytes) -> None:
        super().__init__(None, inner, fields, line)
        self.inner = inner


def value_of(fields: dict[str, object], key: str) -> object:
    """The value of KEY, which may be that of a key in an object; None without one."""
    value = fields.get(key)
    if value is None and "." in key:
        outer, _, inner = key.partition(".")
        held = fields.get(outer)
        return held.get(inner) if isinstance(held, dict) else None
    return value
