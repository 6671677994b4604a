"""What svlogd's file `config` says of a log directory (runit 2.1.2): a line each, and a letter
first. What is none of these is passed over, as is what follows a number.
"""

from ...base.cli import scan_ulong

SIZE, KEEP = 1_000_000, 10
PORT = 514
UNITS = {b"m": 1 << 20, b"k": 1 << 10}
SPANS = {b"h": 3600, b"m": 60}
RULES = b"+", b"-", b"e", b"E"
DIGITS = b"0123456789"


class SvlogdConfig:
    """What stands in TEXT: `size` of a file, 0 for no end; how many old files to `keep`, 0 for all,
    and down to how `few` where the disk is full; `age` of a file in seconds, 0 for any; the command
    of a `processor`; the `server` that lines go to, and whether `only` there; the `prefix` of each;
    `rules`, each with its letter. `wrong` is what could not be understood, in words.
    """

    def __init__(self, text: bytes = b"") -> None:
        self.size = SIZE
        self.keep = self.few = KEEP
        self.age = 0
        self.processor = b""
        self.server: tuple[str, int] | None = None
        self.only = False
        self.prefix = b""
        self.rules: list[tuple[bytes, bytes]] = []
        self.wrong: list[bytes] = []
        *lines, last = text.split(b"\n")
        # A last one of one byte, without its end, is not seen.
        for line in [*lines, last] if len(last) > 1 else lines:
            self._line(line[:1], line[1:])

    def _line(self, letter: bytes, rest: bytes) -> None:
        # To the original a text ends where a NUL stands.
        text = rest.partition(b"\0")[0]
        if letter in RULES:
            self._rules(letter + rest)
        elif letter == b"s":
            self.size = _number(rest, UNITS)
        elif letter == b"n":
            self.keep = scan_ulong(rest)
        elif letter == b"N":
            self.few = scan_ulong(rest)
        elif letter == b"t":
            self.age = _number(rest, SPANS)
        elif letter == b"!" and rest:
            self.processor = text
        elif letter == b"p" and rest:
            self.prefix = text
        elif letter in (b"u", b"U"):
            self.only = self.only or letter == b"U"
            self._server(text)

    def _rules(self, line: bytes) -> None:
        for rule in line.split(b"\0"):
            if rule[:1] in RULES:
                self.rules.append((rule[:1], rule[1:]))

    def _server(self, text: bytes) -> None:
        """Have lines sent to the address in TEXT, and the port behind a colon."""
        parts, rest = [], text
        for at in range(4):
            digits = rest[: len(rest) - len(rest.lstrip(DIGITS))]
            if not digits:
                self.wrong.append(b"unable to scan ip address: " + text)
                return
            parts.append(scan_ulong(digits) % 256)
            rest = rest[len(digits) :]
            if at < 3:
                if rest[:1] != b".":
                    self.wrong.append(b"unable to scan ip address: " + text)
                    return
                rest = rest[1:]
        port = scan_ulong(rest[1:]) if rest[:1] == b":" else PORT
        if port:
            self.server = (".".join(map(str, parts)), port % 65536) if port % 65536 else None
        else:
            self.wrong.append(b"unable to scan port number: " + rest[1:])

    def chosen(self, yes: bytes, no: bytes) -> list[tuple[bool, bytes]]:
        """The patterns of the letters YES and NO, in their order, and whether each is a yes."""
        return [(letter == yes, pattern) for letter, pattern in self.rules if letter in yes + no]


def _number(text: bytes, units: dict[bytes, int]) -> int:
    """The number that TEXT begins with, times what the letter behind it says."""
    return scan_ulong(text) * units.get(text.lstrip(DIGITS)[:1], 1) % 2**64
