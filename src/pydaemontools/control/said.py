"""What sv says, in the original's words and at the original's times."""

from ..base import cli
from ..base.errors import words
from .servicefiles import put


class Said:
    """What is said of one service after the other; `failed` counts what did not work.

    name: the service that is spoken of; in_log: whether it is its log.
    """

    nobody = b"runsv not running"

    def __init__(self) -> None:
        self.failed = 0
        self.name = b""
        self.in_log = False
        self.text: list[bytes] = []

    def put(self, text: bytes) -> None:
        """Say TEXT, when it is time."""
        self.text.append(text)

    def flush(self) -> None:
        """It is time. The original does not look whether it could be written."""
        text = b"".join(self.text)
        self.text.clear()
        try:
            put(text)
        except OSError:
            pass

    def out(self, head: bytes, text: bytes, error: OSError | None = None) -> None:
        """Say TEXT of the service, and why."""
        name = self.name + (b"/log" if self.in_log else b"")
        why = b": " + words(error) if error else b""
        self.put(head)
        self.put(name + b": " + text + why + b"\n")
        self.flush()

    def fail(self, text: bytes, error: OSError | None = None) -> None:
        """Say that something failed, and count it."""
        self.failed += 1
        self.out(b"fail: ", text, error)

    def warn(self, text: bytes, error: OSError | None = None) -> None:
        """Say that a look at it failed, and count it too."""
        self.failed += 1
        self.out(b"warning: ", text, error)

    def not_running(self, letter: bytes) -> None:
        """Say that there is no supervisor: what `x` asked for, and a failure else."""
        if letter == b"x":
            self.out(b"ok: ", self.nobody)
        else:
            self.fail(self.nobody)

    def aside(self, doing: bytes, file: bytes, error: OSError) -> None:
        """Say on stderr what could not be done with a FILE of the service."""
        cli.say(b"warning: unable to " + doing + self.name + file + b": " + words(error))
