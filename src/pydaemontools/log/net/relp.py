"""RELP 1, to what rsyslog calls imrelp: each message has a number, and is done when that came back.

A frame is NUMBER COMMAND LENGTH, a blank and DATA if there is some, and a newline. Up to
WINDOW messages are on their way at a time. What has no answer when the connection ends is sent
again over the next one: the server has it twice if only the answer was lost.
"""

import time
from collections import deque
from errno import ECONNRESET, EPROTO

from .stream import PATIENCE, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .transport import Connection

WINDOW = 1024  # messages that are sent and have no answer, at the most
NUMBERS = 999_999_999  # after that one comes 1
OFFERS = b"relp_version=0\nrelp_software=pydaemontools\ncommands=syslog"
MOST = 65536  # bytes of an answer


class Relp(Stream):
    """A server that says what it has."""

    _number: int
    _asked: int  # the number of what asks for a session, or for its end; 0 if nothing does
    _session: bool
    _said: bytes  # half an answer
    _next: deque[tuple[bytes, int]]  # messages, each with where it ends
    _answered: set[int]  # numbers that came before their turn

    @property
    def _open(self) -> bool:
        return self._session

    @property
    def _room(self) -> bool:
        return super()._room and len(self._flying) < WINDOW

    def _opened(self, connection: "Connection") -> None:
        self._number = 0
        self._asked = self._count()
        self._deadline = time.monotonic() + PATIENCE
        connection.write(b"%d open %d %b\n" % (self._asked, len(OFFERS), OFFERS))

    def _count(self) -> int:
        self._number = self._number % NUMBERS + 1
        return self._number

    def due(self) -> float | None:
        """In how many seconds a flush makes sense, if nothing is heard of the server."""
        if self._open and self._room and self._next:
            return 0.0
        return super().due()

    def _feed(self, connection: "Connection") -> None:
        while not connection.full and len(self._flying) < WINDOW:
            if not self._next and not self._parse():
                return
            frames = []
            for _ in range(min(len(self._next), WINDOW - len(self._flying))):
                message, position = self._next.popleft()
                number = self._count()
                self._flying.append((number, position))
                frames.append(b"%d syslog %d %b\n" % (number, len(message), message))
            connection.write(b"".join(frames))

    def _parse(self) -> bool:
        """Take the next text apart; whether there is one."""
        if not self.backlog.ready(self._cursor):
            return False
        text, end = self.backlog.read(self._cursor)
        start, self._cursor = end - len(text), end
        self._next += [(text[one:at], start + at) for one, at in self.frames.spans(text)]
        return True

    def _confirm(self, connection: "Connection") -> None:
        """Nothing: it is the server who says what it has."""

    def _again(self) -> float | None:
        return None

    def _salvage(self) -> None:
        """Nothing: only an answer counts."""

    def _heard(self, said: bytes) -> None:
        self._said += said
        at = 0
        try:
            while frame := _frame(self._said, at):
                number, command, data, at = frame
                if command == b"serverclose":
                    raise OSError(ECONNRESET, "")
                self._answer(number, data)
        finally:
            # What was answered before the end is not sent again.
            self._said = self._said[at:]
            self._forget()

    def _forget(self) -> None:
        """Let go of what has been answered, in its order."""
        position = -1
        while self._flying and self._flying[0][0] in self._answered:
            number, position = self._flying.popleft()
            self._answered.discard(number)
        if position >= 0:
            self._took(position)

    def _answer(self, number: int, data: bytes) -> None:
        """The server answers what has NUMBER."""
        asked = number == self._asked
        if data[:3] != b"200" and not (asked and self._session):
            # Neither a session nor this message; perhaps another time.
            raise OSError(EPROTO, "")
        if asked:
            # It begins, or ends; the answer to that has no code.
            self._session, self._asked = not self._session, 0
        elif self._flying and (number - self._flying[0][0]) % NUMBERS < len(self._flying):
            # What is not on its way cannot have come: that number will be another message's.
            self._answered.add(number)

    def _finish(self, connection: "Connection") -> None:
        self._asked = self._count()
        connection.write(b"%d close 0\n" % self._asked)

    @property
    def _answering(self) -> bool:
        return self._session

    def _begin(self) -> None:
        super()._begin()
        self._number = self._asked = 0
        self._session = False
        self._said = b""
        self._next = deque()
        self._answered = set()


def _frame(said: bytes, at: int) -> tuple[int, bytes, bytes, int] | None:
    """The frame in SAID that begins at AT: number, command, data, and where the next begins.

    None if it is not all there. Raises OSError if that is no frame.
    """
    words = said[at : at + 64].split(b" ", 3)
    length = words[2] if len(words) > 2 else b""
    if len(words) < 4 and b"\n" not in length:
        if len(said) - at >= 64:
            raise OSError(EPROTO, "")
        return None
    bare, newline, _ = length.partition(b"\n")
    # What is too long is not waited for: it would have to be kept.
    if not words[0].isdigit() or not bare.isdigit() or int(bare) > MOST:
        raise OSError(EPROTO, "")
    start = at + len(words[0]) + len(words[1]) + len(bare) + 3
    end = start + int(bare)
    if newline or bare == b"0":
        # Without data there is no blank before it.
        return int(words[0]), words[1], b"", start if newline else start + 1
    if len(said) <= end:
        return None
    return int(words[0]), words[1], said[start:end], end + 1
