"""RELP 1, to what rsyslog calls imrelp: each message has a number, and is done when that came back.

A frame is NUMBER COMMAND LENGTH, a blank and DATA if there is some, and a newline. Up to
WINDOW messages are on their way at a time. What has no answer when the connection ends is sent
again over the next one: the server has it twice if only the answer was lost.
"""

from collections import deque
from errno import ECONNRESET, EPROTO

from .phases import CLOSING, OPEN, OPENING
from .protocol import StreamProtocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .transport import Connection

WINDOW = 1024  # messages that are sent and have no answer, at the most
NUMBERS = 999_999_999  # after that one comes 1
OFFERS = b"relp_version=0\nrelp_software=pydaemontools\ncommands=syslog"
MOST = 65536  # bytes of an answer


class RelpProtocol(StreamProtocol):
    """Messages in a session; the server says which of them it has."""

    _number: int  # the last that was used
    _asked: int  # the number of what asks for a session, or for its end; 0 if nothing does
    _received: bytes  # half an answer
    _messages: deque[tuple[bytes, int]]  # those to be sent next, each with where it ends
    _answered: set[int]  # numbers that came before their turn

    def begin(self, connection: "Connection") -> None:
        """Ask for a session over CONNECTION."""
        super().begin(connection)
        self._number = 0
        self._received = b""
        self._messages = deque()
        self._answered = set()
        self._asked = self._count()
        connection.write(b"%d open %d %b\n" % (self._asked, len(OFFERS), OFFERS))

    @property
    def room(self) -> bool:
        """Whether more may be sent now."""
        return super().room and len(self._in_flight) < WINDOW

    def _count(self) -> int:
        self._number = self._number % NUMBERS + 1
        return self._number

    def feed(self) -> None:
        """Send what there is, as far as there is room."""
        while self.room and (self._messages or self._load()):
            frames = []
            for _ in range(min(len(self._messages), WINDOW - len(self._in_flight))):
                message, position = self._messages.popleft()
                number = self._count()
                self._in_flight.append((number, position))
                frames.append(b"%d syslog %d %b\n" % (number, len(message), message))
            self._connection.write(b"".join(frames))

    def _load(self) -> bool:
        """Read the messages of the next text; return whether there is one."""
        if not self.backlog.ready(self._cursor):
            return False
        text, end = self.backlog.read(self._cursor)
        start, self._cursor = end - len(text), end
        self._messages += [(text[one:at], start + at) for one, at in self.frames.spans(text)]
        return True

    def receive(self, data: bytes) -> None:
        """Consume the answers in DATA, and half of one may be left for the next time."""
        self._received += data
        at = 0
        try:
            while frame := _frame(self._received, at):
                number, command, text, at = frame
                if command == b"serverclose":
                    raise OSError(ECONNRESET, "")
                self._answer(number, text)
        finally:
            # What was answered before the end is not sent again.
            self._received = self._received[at:]
            self._forget()

    def _forget(self) -> None:
        """Let go of what has been answered, in its order."""
        position = -1
        while self._in_flight and self._in_flight[0][0] in self._answered:
            number, position = self._in_flight.popleft()
            self._answered.discard(number)
        if position >= 0:
            self._delivered(position)
            # Of this server we know that it has read it.
            self.retry.took()

    def _answer(self, number: int, text: bytes) -> None:
        """The server answers with TEXT what has NUMBER."""
        phase = self._connection.phase
        asked = number == self._asked
        # The answer to what ends a session has no code.
        if text[:3] != b"200" and not (asked and phase == CLOSING):
            # Neither a session nor this message; perhaps another time.
            raise OSError(EPROTO, "")
        if asked:
            self._asked, self.answering = 0, False
            self._connection.phase = OPEN if phase == OPENING else phase
        elif self._in_flight and (number - self._in_flight[0][0]) % NUMBERS < len(self._in_flight):
            # What is not on its way cannot have come: that number will be another message's.
            self._answered.add(number)

    def finish(self) -> None:
        """Ask for the end of the session."""
        self._asked = self._count()
        self._connection.phase = CLOSING
        self.answering = True
        self._connection.write(b"%d close 0\n" % self._asked)

    def finished(self, error: OSError | None) -> None:
        """Note how the connection was: a server that has answered ends it."""
        super().finished(error if self.answering else None)


def _frame(data: bytes, at: int) -> tuple[int, bytes, bytes, int] | None:
    """Return the frame in DATA that begins at AT: number, command, text, and where the next begins.

    None if it is not all there. Raises OSError if that is no frame.
    """
    words = data[at : at + 64].split(b" ", 3)
    length = words[2] if len(words) > 2 else b""
    if len(words) < 4 and b"\n" not in length:
        if len(data) - at >= 64:
            raise OSError(EPROTO, "")
        return None
    bare, newline, _ = length.partition(b"\n")
    # What is too long is not waited for: it would have to be kept.
    if not words[0].isdigit() or not bare.isdigit() or int(bare) > MOST:
        raise OSError(EPROTO, "")
    start = at + len(words[0]) + len(words[1]) + len(bare) + 3
    end = start + int(bare)
    if newline or bare == b"0":
        # Without text there is no blank before it.
        return int(words[0]), words[1], b"", start if newline else start + 1
    if len(data) <= end:
        return None
    return int(words[0]), words[1], data[start:end], end + 1
