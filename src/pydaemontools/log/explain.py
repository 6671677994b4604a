"""pysissylog --explain: of each line what format it is in, its level, its record, its message.

Lines are read as they would be sent, by the same code, and nothing is sent.
"""

import posix
from _signal import SIG_DFL, SIGPIPE, signal
from errno import EBADF

from ..base import cli, process
from ..base.printable import plain
from ..base.write import show
from .lines.borders import border
from .lines.emit import flat
from .lines.entries import entries
from .lines.forms import severity_reader
from .lines.levels import CLEAN, SEVERITIES, head
from .lines.passed_on import behind, source
from .lines.severity_transform import SeverityTransform
from .lines.shown import last_shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .lines.forms import Forms
    from .lines.record import Record

BLOCK = 1 << 16  # bytes that are read at once
LONGEST = 1 << 20  # bytes of a line, or of a record, that are waited for
ROW = b"%6b  %-13b  %-7b  %6b  %b\n"
HEADING = ROW % (b"LINE", b"FORMAT", b"LEVEL", b"RECORD", b"MESSAGE")
SHORTEST = 20  # bytes of a message that are shown on the narrowest terminal
# A tab has another width than it has bytes.
CONTROLS = bytes(i if i >= 32 and i != 127 else 0x20 if i == 9 else 0x3F for i in range(256))


def main(file: bytes, default: int, forms: "Forms | None", least: int) -> int:
    """Explain the lines of FILE, or of stdin for -, as an Explainer does."""
    explainer = Explainer(default, forms, least, _width())
    # Whoever looks at the first lines only is no trouble.
    signal(SIGPIPE, SIG_DFL)
    heading = HEADING
    try:
        for block in _blocks(_opened(file), explainer.whole):
            show(heading + b"".join(explainer.rows(block)))
            heading = b""
    except OSError as error:
        raise cli.fatal(b"unable to read " + (b"stdin" if file == b"-" else file), error) from None
    show(heading)
    return 0


def _opened(file: bytes) -> int:
    """FILE, or stdin, to read from. Raises OSError."""
    if file != b"-":
        return posix.open(file, posix.O_RDONLY | posix.O_CLOEXEC)
    if 0 in process.opened:
        raise OSError(EBADF, "")
    return 0


def _width() -> int | None:
    """How many columns stdout has; None where it is no terminal."""
    try:
        return posix.get_terminal_size(1).columns or None
    except OSError:
        return None


def _blocks(fd: int, whole: "Callable[[bytes], int]") -> "Iterator[bytes]":
    """What FD has, in blocks of records, of which WHOLE says how many bytes of lines are some."""
    rest = b""
    while data := posix.read(fd, BLOCK):
        rest += data
        end = rest.rfind(b"\n") + 1
        # Behind what was read to the brim there is more, which may go on with the last record.
        taken = whole(rest[:end]) if len(data) < BLOCK else 0
        if not taken and len(rest) > LONGEST:
            taken = border(rest, 0, rest.rfind(b"\n", 0, max(0, end - 1)) + 1) or end or len(rest)
        if taken:
            yield rest[:taken]
            rest = rest[taken:]
    if rest:
        yield rest


class Explainer:
    """Explains the lines of a stream, in FORMS or none; without a level they have the DEFAULT.

    What is less important than LEAST is left out. No row is wider than WIDTH, if there is one.
    """

    def __init__(self, default: int, forms: "Forms | None", least: int, width: int | None) -> None:
        self._forms = forms
        self._transform = SeverityTransform(severity_reader(default, forms))
        self._transform.strip = True
        self._least = least
        self._width = width
        self._line = self._record = 0
        self.whole = self._transform.whole_records

    def rows(self, block: bytes) -> "Iterator[bytes]":
        """The rows for the lines of BLOCK; one that has no end is ended."""
        batch = self._transform.batch(block, continued=False, unfinished=False)
        messages, levels = iter(batch.lines), iter(batch.levels)
        structured = iter(batch.records or [None] * len(batch.lines))
        records = iter(entries(batch) if batch.levels else ())
        left, record = 0, None
        for text in self._texts(block):
            self._line += 1
            if not text:
                yield self._row(b"%d" % self._line, b"empty", b"-", b"-", b"")
                continue
            first = not left
            if first:
                record = next(records)
                left = record.line.count(b"\n") + 1
                self._record += 1
            left -= 1
            message, level, one = next(messages), next(levels), next(structured)
            if level > self._least:
                continue
            form = _form(text, one, self._forms, first=first)
            message = one.message.translate(CLEAN) if one else message
            number, name = b"%d" % self._record, SEVERITIES[level].encode()
            yield self._row(b"%d" % self._line, form, name, number, message)
            if record and record.fields and not left:
                yield self._row(b"", b"fields", b"", number, _fields(record))

    def _texts(self, block: bytes) -> list[bytes]:
        """The lines of BLOCK as they are looked at."""
        if self._forms:
            block = last_shown(block)
        return block.removesuffix(b"\n").translate(CLEAN).split(b"\n")

    def _row(self, line: bytes, form: bytes, level: bytes, record: bytes, text: bytes) -> bytes:
        """One row, which on a terminal fits."""
        text = text.replace(b"\n", b"#012")
        if not self._width:
            return (ROW % (line, form, level, record, text)).rstrip() + b"\n"
        room = max(SHORTEST, self._width - len(ROW % (line, form, level, record, b"")) + 1)
        cut = plain(text, CONTROLS).decode("utf-8", "replace")
        if len(cut) > room:
            cut = cut[: room - 1] + "…"
        return (ROW % (line, form, level, record, cut.encode())).rstrip() + b"\n"


def _form(text: bytes, structured: "Record | None", forms: "Forms | None", *, first: bool) -> bytes:
    """What is called the format of TEXT, which is STRUCTURED or not, and the FIRST of its record
    or not.
    """
    if structured:
        return _structured(structured)
    if forms and forms.access and _failed(text):
        return b"access"
    if not first:
        return b"goes on"
    if head(text)[1]:
        return b"head"
    name = forms.name(text) if forms else None
    return name.encode() if name else b"goes on" if behind(text)[:1] in b" \t" else b"none"


def _structured(record: "Record") -> bytes:
    """What is called the format of RECORD, which is a line."""
    if record.inner:
        return b"docker"
    line = record.line[source(record.line)[1] :]
    return b"json" if line[:1] == b"{" else b"logfmt"


def _failed(text: bytes) -> bool:
    """Whether TEXT is of an access log and tells of a request that failed."""
    from .lines.access import level

    return level(text) is not None


def _fields(record: "Record") -> bytes:
    """The fields of RECORD, as logfmt has them."""
    return b" ".join(
        f"{name}={_quoted(value)}".encode("utf-8", "replace").translate(CLEAN)
        for name, value in flat(record.fields)
    )


def _quoted(value: str) -> str:
    """VALUE, in quotes where it needs them."""
    plain_one = value.isprintable() and not any(c in ' "=' for c in value)
    return value if value and plain_one else '"' + value.replace('"', '\\"') + '"'
