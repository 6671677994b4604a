"""What svlogd's lines go to (runit 2.1.2): a log directory, and a server over UDP; and stderr."""

import time
from _socket import AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket

from ..lines.batch import stamped
from ..lines.svlogd_transform import FAILED
from ..pipe.sink import Sink
from .directory import FOREVER, DirectorySink
from .immediate import alert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..lines.batch import Batch
    from ..lines.svlogd_patterns import HeadSelection
    from ..lines.svlogd_transform import SvlogdTransform
    from ..logdir.svlogd_writer import SvlogdDir

PAUSE = 3.0  # seconds after what went wrong
PATIENCE = 1.0  # seconds that a network has to take a line


class SvlogdSink(DirectorySink):
    """The log directory LOG, which has what SELECTION selects of what TRANSFORM makes."""

    def __init__(
        self, log: "SvlogdDir", transform: "SvlogdTransform", selection: "HeadSelection"
    ) -> None:
        super().__init__(log, b"svlogd", None, None if selection.everything else selection)
        self._svlogd = log
        self._transform = transform
        self._next = time.time() + log.config.age if log.config.age else FOREVER

    def send(self, batch: "Batch") -> None:
        """Write BATCH, or hold what cannot be written now."""
        config = self._svlogd.config
        if self._selection:
            batch = self._selection.of(batch)
        label = self._transform.stamp + config.prefix
        pieces = stamped(batch, label) if label else batch.pieces
        if config.server:
            pieces = (self._sent(batch, label, config.server),)
        elif config.only:
            pieces = ()
        self.hold(pieces)

    def _sent(self, batch: "Batch", label: bytes, server: tuple[str, int]) -> bytes:
        """Send each line that begins in BATCH to the SERVER, LABEL before it; return what is to be
        in the log: that too, if it has lines of its own, and what could not be sent.
        """
        if not batch.text:
            return b""
        lines, only = batch.lines, self._svlogd.config.only
        made = [] if only else lines[: batch.continued]
        begun = lines[batch.continued :]
        udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC)
        udp.settimeout(PATIENCE)
        for line, head in zip(begun, self._transform.heads(batch), strict=True):
            text = label + head + b"\n"
            if not _taken(udp, text, server):
                made.append(FAILED + text[:-1])
            if not only:
                made.append(label + line)
        udp.close()
        end = b"" if not made or (batch.unfinished and not only) else b"\n"
        return b"\n".join(made) + end

    def turn(self, *, full: bool = False) -> None:
        """Begin a new file, if there is something in this one, or it is FULL."""
        log, now = self._svlogd, time.time()
        old = now >= self._next
        if old:
            self._next = now + log.config.age
        if not log.fresh() if old or not full else log.room() <= 0:
            log.due = True
            self.flush()

    def turn_due(self) -> float | None:
        """Return in how many seconds the file is old; None if it never is."""
        return max(0.0, self._next - time.time()) if self._next < FOREVER else None

    def _troubled(self, error: OSError) -> None:
        """Say it each time, as the original does, and come back after a while; or at once, if an
        old file could go.
        """
        folder = self._svlogd.folder
        made_room = self._svlogd.make_room(error)
        self.stalled = not made_room
        self._retry_at = 0.0
        if not made_room:
            self._retry_at = time.monotonic() + PAUSE
            folder.say(b"pausing", folder.told(folder.doing, error))


def _taken(udp: socket, text: bytes, server: tuple[str, int]) -> bool:
    """Whether UDP sent TEXT to the SERVER, as far as anybody knows."""
    try:
        return udp.sendto(text, server) == len(text)
    except OSError:
        return False


class SvlogdAlerts(Sink):
    """stderr, which gets the beginning of each line of TRANSFORM's that a directory's e selects,
    as often as there are such directories.
    """

    def __init__(self, transform: "SvlogdTransform") -> None:
        super().__init__(b"stderr")
        self._transform = transform

    def send(self, batch: "Batch") -> None:
        """Write each line, or the beginning of it and three dots, before anything else is."""
        transform = self._transform
        texts = []
        for head in transform.heads(batch):
            for config, selection in transform.alerts:
                if selection.selects(head):
                    texts.append(transform.stamp + config.prefix + head + b"\n")
        alert(b"".join(texts))
