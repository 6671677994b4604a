"""What a batch is to a syslog server that takes datagrams: messages, or JSON."""

import time
from _operator import add

from ..lines.formats import Rfc3164, Rfc5424

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.batch import Batch
    from ..lines.formats import Origin

GIVEN = "time", "facility", "host", "ident", "pid", "level", "message"  # what is no field


class Messages:
    """Messages of the format FORM from ORIGIN, of at MOST so many bytes.

    Those of RFC 3164 have the HOST or not.
    """

    def __init__(self, origin: "Origin", form: bytes, most: int, *, host: bool) -> None:
        self._form = Rfc5424(origin) if form == b"5424" else Rfc3164(origin, host=host)
        self._facility = origin.facility
        self._most = most
        self._rest = b""
        self._heads: list[bytes] = []

    def of(self, batch: "Batch") -> list[bytes]:
        """The messages that BATCH is."""
        rest, levels, texts = self._form.of(batch, time.time_ns(), self._most)
        if rest is not self._rest:
            self._rest = rest
            self._heads = [b"<%d>" % (self._facility | i) + rest for i in range(8)]
        if len(texts) == 1:
            return [self._heads[levels[0]] + texts[0]]
        return list(map(add, map(self._heads.__getitem__, levels), texts))

    def smaller(self, message: bytes) -> list[bytes] | None:
        """MESSAGE in two, for a socket that takes less; None if it cannot be cut."""
        return self._form.smaller(message)


class Objects:
    """JSON objects from ORIGIN, of at MOST so many bytes."""

    def __init__(self, origin: "Origin", most: int) -> None:
        self._origin = origin
        self._most = most

    def of(self, batch: "Batch") -> list[bytes]:
        """The objects that BATCH is."""
        from ..lines.entries import objects

        return objects(batch, self._origin, time.time_ns(), self._most)

    def smaller(self, message: bytes) -> list[bytes] | None:
        """The object MESSAGE, whose text was cut already, without the longest of its fields.

        None if it has none.
        """
        import json

        from ..lines.emit import dumps

        said = json.loads(message)
        fields = [name for name in said if name not in GIVEN]
        if not fields:
            return None
        del said[max(fields, key=lambda name: len(dumps(said[name])))]
        return [dumps(said).encode()]
