"""A record: what a structured line says, or several lines that belong together."""


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


def value_of(fields: dict[str, object], key: str) -> object:
    """The value of KEY, which may be that of a key in an object; None without one."""
    value = fields.get(key)
    if value is None and "." in key:
        outer, _, inner = key.partition(".")
        held = fields.get(outer)
        return held.get(inner) if isinstance(held, dict) else None
    return value
