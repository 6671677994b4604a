"""How sv says what it sees and what came of it, in the original's words."""

from ..base.status import DOWN, FINISH, RUN, WANTED_DOWN, Status
from ..base.write import write_all
from .servicefiles import Trouble

HEADS = {DOWN: b"down: ", RUN: b"run: ", FINISH: b"finish: "}


def line(name: bytes, status: Status, now: int, *, normally_up: bool) -> bytes:
    """What sv says of the service NAME, which has the STATUS, in the second NOW."""
    pid = status.pid
    # The original has a signed pid, which a wild status shows.
    signed = pid if pid < 2**31 else pid + 2**64 - 2**32
    text = HEADS.get(status.state, b"") + name + b": "
    text += b"(pid %d) " % signed if status.state else b""
    text += b"%ds" % status.seconds(now)
    text += status.notes(normally_up=normally_up, down=WANTED_DOWN)
    return text + b", got TERM" if pid and status.term else text


class Printer:
    """Says it as sv does: in its words, and with so many writes at the same times."""

    # What is said where there is no supervisor, and where there is none any more.
    nobody = left = b"runsv not running"

    def __init__(self) -> None:
        self.text: list[bytes] = []

    def add(self, text: bytes) -> None:
        """Have TEXT written with the next flush."""
        self.text.append(text)

    def add_outcome(self, _service: bytes, word: bytes) -> None:
        """Have WORD, which is what came of telling the SERVICE, at the head of a line."""
        self.text.append(word + b": ")

    def add_status(self, name: bytes, status: Status, now: int, *, normally_up: bool) -> None:
        """Have the STATUS of what is called NAME in the line, as of the second NOW."""
        self.text.append(line(name, status, now, normally_up=normally_up))

    def flush(self, end: bytes = b"") -> None:
        """Write what was added, and END. The original does not look whether it could be written."""
        text = b"".join(self.text) + end
        self.text.clear()
        try:
            write_all(1, text)
        except OSError:
            pass

    def say(self, word: bytes, service: bytes, part: bytes, trouble: Trouble) -> None:
        """Write a line that begins with WORD: the TROUBLE with the PART of the SERVICE."""
        self.add_outcome(service, word)
        self.flush(service + part + b": " + trouble.words() + b"\n")
