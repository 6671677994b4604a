"""systemd's journal, in its own protocol: an entry a datagram, a field a line.

A record of several lines is one entry, and what a structured line says is its fields. A value
with a newline in it stands in another form, after its length. An entry that is too large for a
datagram is written to a sealed file without a name, whose fd is sent instead.
"""

import posix
from _socket import AF_UNIX, SCM_RIGHTS, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET, socket
from _struct import pack
from errno import ENOBUFS
from fcntl import fcntl

from ...base.retry import Retry
from ...base.write import write_all
from ..lines.emit import journal, merged
from ..lines.entries import entries
from ..lines.levels import CLEAN
from ..lines.shown import kept
from .datagrams import Datagrams, named, reached
from .unacked_unix import UnackedUnix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..lines.batch import Batch
    from ..lines.formats import Origin
    from ..lines.record import Record

F_ADD_SEALS = 1033
SEALS = 0xF  # nobody may seal, shrink, grow or write it any more


class Journald(Datagrams):
    """The journal that listens at PATH; entries get there from ORIGIN.

    Raises OSError if there can be no such socket.
    """

    def __init__(self, path: bytes, origin: "Origin") -> None:
        super().__init__(named(path), Retry(path, far=False), UnackedUnix())
        self._origin = origin
        who = [(b"SYSLOG_FACILITY", b"%d" % (origin.facility >> 3))]
        if origin.ident:
            who.append((b"SYSLOG_IDENTIFIER", origin.ident))
        if origin.pid is not None:
            who.append((b"SYSLOG_PID", b"%d" % origin.pid))
        rest = _fields(who)
        self._heads = [b"PRIORITY=%d\n" % i + rest for i in range(8)]
        # What most entries have: those that no line brings.
        self._added = _fields(journal(origin.fields))

    def _packets(self, batch: "Batch") -> list[bytes]:
        """The entries that BATCH is."""
        return [self._packet(record) for record in entries(batch)]

    def _packet(self, record: "Record") -> bytes:
        added = self._added
        if record.fields:
            added = _fields(journal(merged(record.fields, self._origin.fields)))
        # What came in as JSON may have had anything in an escape.
        message = field(b"MESSAGE", _message(record.message))
        return self._heads[record.level or 0] + added + message

    def _open(self) -> socket:
        """A socket to the journal."""
        return reached(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC), self.path)

    def _smaller(self, packet: bytes) -> list[bytes]:
        """Nothing is left of PACKET once its file was sent."""
        try:
            file = sealed(packet)
        except OSError:
            # Another time.
            raise OSError(ENOBUFS, "") from None
        try:
            if self._socket:
                self._socket.sendmsg([b""], [(SOL_SOCKET, SCM_RIGHTS, pack("i", file))])
        finally:
            posix.close(file)
        self._worked(1)
        return []


def _message(text: bytes) -> bytes:
    """TEXT without control characters; the escape sequences that are left were asked for."""
    if b"\x1b" not in text:
        return text.translate(CLEAN)
    return b"\n".join(map(kept, text.split(b"\n")))


def _fields(pairs: "Iterable[tuple[bytes, bytes]]") -> bytes:
    return b"".join(field(*pair) for pair in pairs)


def field(name: bytes, value: bytes) -> bytes:
    """The field NAME with its VALUE, in the form that it needs."""
    if b"\n" in value:
        return b"%b\n%b%b\n" % (name, pack("<Q", len(value)), value)
    return b"%b=%b\n" % (name, value)


def sealed(entry: bytes) -> int:
    """A file without a name that holds ENTRY, and that nobody can change any more."""
    file = posix.memfd_create("journal-entry", posix.MFD_CLOEXEC | posix.MFD_ALLOW_SEALING)
    write_all(file, entry)
    fcntl(file, F_ADD_SEALS, SEALS)
    return file
