"""How pysv says it to a person: with all that is known, in colours where they are wanted."""

from ..base.printable import plain
from ..base.status import RUN, Status
from ..base.write import show
from .failing import failing
from .printer import Printer, line
from .screen import coloured, paint
from .servicefiles import Trouble

WORDS = {b"wait": b", waiting to start", b"failed": b", failed"}


def logger_line(says: bytes) -> bytes:
    """What to say of a logger without a directory, of which the supervisor SAYS how it is."""
    word, _, pid = plain(says).partition(b" ")
    if word == b"run":
        return b"run: logger: (pid " + pid + b")"
    return b"down: logger" + WORDS.get(word, b"")


class PersonPrinter(Printer):
    """Says it to a person, with more words and in colours, or keeps it for JSON.

    results: what came of telling each service, and what was wrong.
    """

    nobody = b"supervise not running"
    left = b"down, and its supervisor has ended"

    def __init__(self, *, json: bool) -> None:
        super().__init__()
        self.json = json
        self.coloured = coloured()
        self.results: dict[bytes, tuple[bytes, bytes]] = {}

    def add_outcome(self, service: bytes, word: bytes) -> None:
        """Keep it, and paint it."""
        self.results[service] = word, b""
        self.text.append(self._painted(word + b": "))

    def add_status(self, name: bytes, status: Status, now: int, *, normally_up: bool) -> None:
        """Add what only our own supervisor tells."""
        self.text.append(self._painted(line(plain(name), status, now, normally_up=normally_up)))
        if status.state == RUN and status.ready is False:
            self.text.append(b", not ready")
        self.text.append(WORDS.get(status.word, b""))
        words = failing(status)
        if words:
            self.text.append(b", " + words)
        if status.why:
            self.text.append(b" (" + plain(status.why) + b")")
        if status.text:
            self.text.append(b": " + plain(status.text))
        if status.logger:
            self.text.append(b"; " + self._painted(logger_line(status.logger)))

    def flush(self, end: bytes = b"") -> None:
        """Write what was added; under our own name it matters whether that worked."""
        text = b"".join(self.text) + end
        self.text.clear()
        if not self.json:
            show(text)

    def say(self, word: bytes, service: bytes, part: bytes, trouble: Trouble) -> None:
        """Keep the trouble too; that no supervisor was ever there is no other than that none is."""
        if trouble.unsupervised:
            word = b"fail"
        said = Trouble(trouble.plainly())
        self.add_outcome(service, word)
        self.flush(
            plain(service.rstrip(b"/") if part else service) + part + b": " + said.words() + b"\n"
        )
        self.results[service] = word, said.text

    def _painted(self, text: bytes) -> bytes:
        """TEXT with a colour for the word at its head."""
        if not self.coloured:
            return text
        head, colon, rest = text.partition(b": ")
        return paint(head, head) + colon + rest
