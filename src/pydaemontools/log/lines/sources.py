r"""What stands before a line that another program passed on: from which of its sources it came.

    web-1  | error: x                                       docker compose, hivemind, overmind
    web.1.y7trhjwm1b5g@box    | error: x                    docker service logs
    12:00:01 web.1   | error: x                             foreman, honcho, goreman
    0|app  | error: x                                       pm2
    [pod/web-5d4f/nginx] error: x                           kubectl logs --prefix
    Nov 29 13:16:38 box app[712]: {"level": "error"}        syslog, journalctl
    2026-11-29T13:16:38.123456789Z stderr F error: x        a container's log, kubectl --timestamps

Behind it there is a line like any other. Each source has lines, and records, of its own.
"""

import re

from .level_words import WORDS
from .severity import SeverityReader
from .shapes import MONTH, any_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .formats_protocol import Formats

MOST = 256  # sources that are remembered
NAME = r"[A-Za-z][A-Za-z0-9_.@-]{0,99}+"
LEVEL = rf"{any_of(WORDS, both=True)}\b"
D2 = "[0-9]{2}"
ISO = rf"[0-9]{{4}}-{D2}-{D2}T{D2}:{D2}:{D2}(?:[.,][0-9]{{1,9}}+)?(?:Z|[+-]{D2}:?{D2})"
DOCKERS = rf"[0-9]{{4}}-{D2}-{D2}T{D2}:{D2}:{D2}\.[0-9]{{9}}Z "
# What counts before any format; the group is the source.
PLAIN = (
    rf"(?!{LEVEL})({NAME})(?: {{2,64}}+|(?<=[0-9]) )\|(?: |\Z)"
    r"|([0-9]{1,4}+\|[A-Za-z0-9_.@/-]{1,64}+) {0,64}+\| "
    r"|\[(pod/[^\]\s]{1,200}+)\] "
    rf"|\[(?!{LEVEL})({NAME})\] {{1,64}}+\| "
    rf"|{D2}:{D2}:{D2} ({NAME})(?<=\.[0-9]) {{1,64}}+\| {{1,2}}"
    rf"|{D2}:{D2}:{D2} ({NAME})(?<=\.[0-9][0-9]) {{1,64}}+\| {{1,2}}"
)
# What may be in a format, too, and then is.
DATED = (
    rf"{D2}:{D2}:{D2} {{1,64}}+({NAME}) {{0,64}}+\| {{1,2}}"
    rf"|{ISO} (stdout|stderr) [FP] "
    rf"|{DOCKERS}()"
    rf"|(?:{MONTH} [ 0-9][0-9] {D2}:{D2}:{D2}(?:\.[0-9]{{1,9}}+)?|{ISO}) [A-Za-z0-9_.:-]{{1,255}}+ "
    r"([A-Za-z0-9_./@-]{1,64}+(?:\([A-Za-z0-9_./-]{1,64}+\))?(?:\[[0-9]{1,9}+\])?): "
    rf"|{ISO} (?=[{{<]|[a-z_]{{1,16}}+=)()"
)
SOURCE = re.compile(f"{PLAIN}|{DATED}".encode())
ALONE = re.compile(PLAIN.encode())
# The same for lines of a block, with the newline before each.
IN_BLOCK = re.compile(SOURCE.pattern.join([rb"\n(?:", b")"]).replace(rb"\Z", rb"(?=\n)"))
DATED_IN_BLOCK = re.compile(rb"\n(?:%b)" % DATED.encode())


def source(line: bytes) -> tuple[bytes, int]:
    """From which source LINE came, and where in it the line begins that came from there; nothing
    and 0 if it is none's.
    """
    found = SOURCE.match(line)
    return (found[found.lastindex or 0], found.end()) if found else (b"", 0)


def source_places(block: bytes) -> list[int]:
    """Where in BLOCK there are the newlines before lines that name a source."""
    plain = b"|" in block or b"[pod/" in block
    return [one.start() for one in (IN_BLOCK if plain else DATED_IN_BLOCK).finditer(block)]


class Sources:
    """The readers of lines, one for each source of what READER reads, with FORMS. Where nothing
    but these counts, what stands ALONE before lines is told of a block of them at once.
    """

    def __init__(self, reader: SeverityReader, forms: "Formats", *, alone: bool) -> None:
        self._default = reader.default
        self._depth = reader.depth
        self._forms = forms
        self._alone = alone
        self._readers: dict[tuple[bool, bytes], SeverityReader] = {}

    def level(self, line: bytes) -> int | None:
        """The severity of LINE as one of its source; None if it names none."""
        name, length = source(line)
        if not length:
            return None
        return self._reader(name, alone=ALONE.match(line) is not None).route(
            [line[length:] or b" "]
        )[0]

    def known(self, lines: list[bytes], found: list[int | None], rest: list[int]) -> list[int]:
        """Give those of LINES at REST that name a source alone theirs, in FOUND; the others."""
        if not self._alone:
            return rest
        left: list[int] = []
        places: dict[bytes, list[int]] = {}
        texts: dict[bytes, list[bytes]] = {}
        match = ALONE.match
        for at in rest:
            one = match(lines[at])
            if one:
                name = one[one.lastindex or 0]
                places.setdefault(name, []).append(at)
                texts.setdefault(name, []).append(lines[at][one.end() :] or b" ")
            else:
                left.append(at)
        for name, its in places.items():
            levels = self._reader(name, alone=True).route(texts[name])
            for at, level in zip(its, levels, strict=True):
                found[at] = level
        return left

    def _reader(self, name: bytes, *, alone: bool) -> SeverityReader:
        """The reader of the source NAME, which stands ALONE before a line or with a date."""
        key = alone, name
        reader = self._readers.get(key)
        if reader is None:
            if len(self._readers) >= MOST:
                self._readers.clear()
            reader = self._readers[key] = SeverityReader(self._default, self._forms)
            reader.depth = self._depth + 1
        return reader
