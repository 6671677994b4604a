"""perp's sissylog 2.07, to the byte: what is on the wire, what is said, when it ends.

Read from its manual page sissylog(8) and from what it sends: a few lower-case prefixes, 800
bytes a message, anything but ASCII as question marks (as where char is signed, on x86), and
the messages about itself at the start and the end.
"""

import posix
import time
from _socket import AF_UNIX, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_STREAM, socket

from ..base import cli, process
from .lines.formats import FACILITIES
from .lines.levels import ALERT, DEBUG, ERR, INFO, NOTICE, WARNING

USAGE = b"usage: sissylog [-hV] [ ident [ facility ]]"
PREFIXES = (
    (b"alert:", ALERT),
    (b"error:", ERR),
    (b"warning:", WARNING),
    (b"notice:", NOTICE),
    (b"debug:", DEBUG),
)
KNOWN = b"auth cron daemon ftp kern lpr mail news syslog user uucp".split()
FOLD = 800  # bytes of text in a message
CLEAN = bytes(0x3F if (i < 32 and i != 9) or i > 127 else i for i in range(256))
LOG = b"/dev/log"


def main(argv: list[bytes]) -> int:
    """Log stdin to syslog; 0 at its end, 111 if it cannot be read, 100 for wrong usage."""
    rest = argv[1:]
    while rest and rest[0][:1] == b"-" and rest[0] != b"-":
        word = rest.pop(0)
        if word == b"--":
            break
        return _option(word[1:2])
    ident = rest[0] if rest else b"sissylog"
    name = rest[1] if rest[1:] else b""
    known = name[:4] == b"LOG_" and name[4:].isupper() and name[4:].lower() in KNOWN
    # If stdin is closed, the socket would take its place.
    process.standard_fds()
    log = SyslogClient(ident, FACILITIES[name[4:].lower() if known else b"daemon"])
    log.post(INFO, b"sissylog: logging from stdin ...")
    try:
        if 0 in process.opened:
            raise OSError
        _copy(log)
    except OSError:
        log.post(NOTICE, b"notice: sissylog: terminating on i/o error reading stdin")
        return 111
    log.post(INFO, b"sissylog: terminating normally on eof reading stdin")
    return 0


def _option(letter: bytes) -> int:
    if letter == b"h":
        cli.say(USAGE)
        return 0
    if letter == b"V":
        cli.say(b"sissylog: version: 2.07")
        return 0
    wrong = b"sissylog: usage error: invalid option: -" + letter
    cli.say(*([USAGE] if letter == b"?" else [wrong, USAGE]))
    return 100


def _copy(log: "SyslogClient") -> None:
    """Post each line of stdin; the last one too, whatever ends it."""
    held = b""
    try:
        while block := posix.read(0, 65536):
            *lines, held = (held + block).split(b"\n")
            for line in lines:
                log.line(line)
            # No more of it is kept than what may be a message's part.
            whole = len(held) // FOLD * FOLD
            log.line(held[:whole], ends=False)
            held = held[whole:]
    finally:
        log.line(held)


class SyslogClient:
    """What openlog(ident, 0, facility) and syslog() do in glibc, with raw bytes."""

    def __init__(self, ident: bytes, facility: int) -> None:
        self.ident = ident
        self.facility = facility
        self._socket: socket | None = None
        self._end = b""
        self._plus = b""  # what a part of a line that has begun begins with
        self._level = INFO

    def line(self, line: bytes, *, ends: bool = True) -> None:
        """Post one line, folded, all parts with the severity that its prefix names.

        Where it does not end here, the next call goes on with it.
        """
        if not self._plus:
            found = (level for prefix, level in PREFIXES if line.startswith(prefix))
            self._level = next(found, INFO)
        text = line.translate(CLEAN)
        for at in range(0, len(text), FOLD):
            self.post(self._level, self._plus + text[at : at + FOLD])
            self._plus = b"+"
        if ends:
            self._plus = b""

    def post(self, level: int, text: bytes) -> None:
        """Send one message. As syslog(3), try once more on a new connection, then give up."""
        stamp = time.strftime("%b %e %H:%M:%S ", time.localtime()).encode()
        packet = b"<%d>" % (self.facility | level) + stamp + self.ident + b": " + text
        for _ in range(2):
            try:
                self._socket = self._socket or self._connect()
                self._socket.sendall(packet + self._end, MSG_NOSIGNAL)
            except OSError:
                self._socket = None
            else:
                return

    def _connect(self) -> socket:
        self._end = b""
        made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC)
        try:
            made.connect(LOG)
        except OSError:
            # A stream socket wants each message closed with a NUL.
            self._end = b"\0"
            made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
            made.connect(LOG)
        return made
