"""systemd's journal, in its own protocol: an entry a datagram, a field a line.

A value with a newline in it stands in another form, after its length. An entry that is too
large for a datagram is written to a sealed file without a name, whose fd is sent instead.
"""

import posix
from _operator import add
from _socket import SCM_RIGHTS, SOL_SOCKET
from _struct import pack
from fcntl import fcntl
from itertools import repeat

from ..batch import Batch
from ..pieces import fitted
from .syslog import Syslog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..formats import Rest

LARGEST = 1 << 20  # bytes of a line in one entry
F_ADD_SEALS = 1033
SEALS = 0xF  # nobody may seal, shrink, grow or write it any more


class Journald(Syslog):
    """The journal that listens at PATH; entries get there from IDENT under FACILITY."""

    def _after(self, form: bytes) -> "Rest":  # noqa: ARG002 - there is one
        origin = self.origin
        fields = [(b"SYSLOG_FACILITY", b"%d" % (origin.facility >> 3))]
        if origin.ident:
            fields.append((b"SYSLOG_IDENTIFIER", origin.ident))
        if origin.pid is not None:
            fields.append((b"SYSLOG_PID", b"%d" % origin.pid))
        rest = b"".join(field(*pair) for pair in fields)
        return lambda _nanoseconds: rest

    def _packets(self, batch: Batch) -> list[bytes]:
        """The entries that BATCH is."""
        self._head()
        levels, lines = fitted(batch, LARGEST)
        if any(b"\n" in line for line in lines):
            messages = [field(b"MESSAGE", line) for line in lines]
            return list(map(add, map(self._heads.__getitem__, levels), messages))
        heads = [head + b"MESSAGE=" for head in self._heads]
        return list(map(b"".join, zip(map(heads.__getitem__, levels), lines, repeat(b"\n"))))

    def _head(self) -> list[bytes]:
        """What stands before the message in an entry of each priority."""
        if not self._heads:
            self._heads = [b"PRIORITY=%d\n" % i + self._rest(0) for i in range(8)]
        return self._heads

    def _may_shrink(self, packet: bytes) -> bool:
        return bool(packet)

    def _shrunk(self, packet: bytes) -> list[bytes]:
        """Nothing is left of PACKET once its file was sent."""
        try:
            if self._socket:
                file = sealed(packet)
                try:
                    self._socket.sendmsg([b""], [(SOL_SOCKET, SCM_RIGHTS, pack("i", file))])
                finally:
                    posix.close(file)
        except OSError:
            # Another time.
            self.stalled = True
            return [packet]
        return []


def field(name: bytes, value: bytes) -> bytes:
    """The field NAME with its VALUE, in the form that it needs."""
    if b"\n" in value:
        return b"%b\n%b%b\n" % (name, pack("<Q", len(value)), value)
    return b"%b=%b\n" % (name, value)


def sealed(entry: bytes) -> int:
    """A file without a name that holds ENTRY, and that nobody can change any more."""
    file = posix.memfd_create("journal-entry", posix.MFD_CLOEXEC | posix.MFD_ALLOW_SEALING)
    left = memoryview(entry)
    while left:
        left = left[posix.write(file, left) :]
    fcntl(file, F_ADD_SEALS, SEALS)
    return file
