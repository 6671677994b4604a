"""Lines as JSON of which only the level and the message differ: an object a line, by a join."""

from _operator import add
from json.encoder import encode_basestring

from . import emit
from .jsonline import encode_behind, encode_object
from .record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BYTES = 4  # of a character, at the most
LONGER = 6  # times as long a text may be in JSON: \\u001b
MESSAGE = b',"message":""'


class JsonObjects:
    """Makes objects with GIVEN before the level and the message, and ADDED behind (emit.line)."""

    def __init__(
        self, given: "Mapping[str, object]", added: "Mapping[str, object] | None" = None
    ) -> None:
        self._given = given
        self._added = added
        self._heads: list[str] = []
        self._tail = ""
        self._taken = {*given, "level", "message"}

    def of(self, levels: "Sequence[int]", lines: "Sequence[bytes]") -> bytes:
        """The objects of LINES, with a newline between two."""
        if not self._heads:
            self._make()
        texts = b"\n".join(lines).decode("utf-8", "backslashreplace").split("\n")
        quoted = map(encode_basestring, texts)
        made = map(add, map(self._heads.__getitem__, levels), quoted)
        return ((self._tail + "\n").join(made) + self._tail).encode()

    def record(self, record: Record) -> str:
        """The object of RECORD, which has a level."""
        fields, message = record.fields, record.message
        if self._added:
            fields = {**fields, **self._added}
        if not self._heads:
            self._make()
        if fields and message is not record.line and self._taken.isdisjoint(fields):
            try:
                text = encode_basestring(message.decode())
                return f"{self._heads[record.level or 0]}{text},{encode_object(fields)[1:]}"
            except ValueError:
                # A message that is no UTF-8, or a number beyond all bounds.
                pass
        return emit.line_text(record, self._given, self._added)

    def records(self, records: "Sequence[Record]") -> list[str]:
        """The objects of RECORDS, each of which has a level."""
        try:
            made = self._at_once(records)
        except ValueError:
            made = None
        return list(map(self.record, records)) if made is None else made

    def _at_once(self, records: "Sequence[Record]") -> list[str] | None:
        """The same; None if one of them is not as nearly all are."""
        if not self._heads:
            self._make()
        heads, added, taken = self._heads, self._added, self._taken
        begun: list[str] = []
        behind: list[Mapping[str, object]] = []
        for record in records:
            fields, message = record.fields, record.message
            if added:
                fields = {**fields, **added}
            if not fields or message is record.line or not taken.isdisjoint(fields):
                return None
            text = encode_basestring(message.decode())
            begun.append(f"{heads[record.level or 0]}{text},")
            behind.append(fields)
        rest = encode_behind(behind)
        return None if rest is None else list(map(add, begun, rest))

    def most(self, lines: "Sequence[bytes]") -> int:
        """How many bytes an object of any of LINES has, at the most."""
        if not self._heads:
            self._make()
        around = max(map(len, self._heads)) + len(self._tail) + 2
        return LONGER * (max(map(len, lines)) + around)

    def _make(self) -> None:
        """Make what stands before a message of each level, and what stands behind."""
        for level in range(8):
            text = emit.line(Record(level, b"", {}, b""), self._given, self._added).decode()
            # In a name or a value each quote has a backslash before it.
            head, message, tail = text.partition(MESSAGE.decode())
            self._heads.append(head + message[:-2])
            self._tail = tail
