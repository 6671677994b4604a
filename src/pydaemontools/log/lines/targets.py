"""What --to names: a kind of target, where it is, and what is wanted of it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .actions import Actions

TLS = b"ca", b"cert", b"key", b"name", b"insecure"
WIRE = b"3164", b"5424", b"json"
RELP = b"relp", b"relps"
# The port of each kind that has one. 601 is the one that IANA gave to syslog over TCP
# (514 is rsh's there), and what logger -T and syslog-ng's syslog() take with octet counts.
PORTS = {b"udp": 514, b"tcp": 601, b"tls": 6514, b"relp": 2514, b"relps": 2514}
STREAMS = b"tcp", b"tls", *RELP


class Target:
    """What --to names: a file at PATH, or PORT at HOST, of the kind KIND, called TEXT in messages.

    It is sent what is at least as important as LEAST, in the FORMAT of its messages. ACTIONS
    say what else is wanted of a directory.
    """

    __slots__ = ("actions", "format", "host", "kind", "least", "options", "path", "port", "text")

    def __init__(
        self, kind: bytes, text: bytes, options: dict[bytes, bytes], least: int, form: bytes
    ) -> None:
        self.kind = kind
        self.text = text
        self.options = options
        self.least = least
        self.format = form
        self.path = b""
        self.host = b""
        self.port = 0
        self.actions: Actions | None = None

    @property
    def stream(self) -> bool:
        """Whether it is a connection over which lines flow in order."""
        return self.kind in STREAMS


class SpoolOptions:
    """Where streams have their spools, and how many bytes one may have."""

    __slots__ = ("directory", "size")

    def __init__(self, directory: bytes, size: int) -> None:
        self.directory = directory
        self.size = size
