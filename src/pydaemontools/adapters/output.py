"""One write a record, to an fd, and nothing that goes wrong there reaches the program.

A pipe takes up to PIPE_BUF bytes at once or not at all, so that what several processes write
to one never mixes within a line; what is longer is cut where a line ends. Within a process no
record begins before another has been written to its end, however long that is. A reader that is
slow makes the program wait, as with print(). What a closed or full place does not take is
counted, and told of when it takes something again.
"""

import errno
import os
import select
import threading
from collections.abc import Callable

from .interrupts import interrupted
from .values import MOST, within

PIPE_BUF = select.PIPE_BUF


class _Turn:
    """Whose turn it is to write: one for all outputs, since they may share an fd.

    What a thread logs while it is writing a long record itself, in a signal handler, waits.
    """

    lock = threading.RLock()
    writing = False  # a record that takes several writes

    def __init__(self) -> None:
        self.waiting: list[tuple[Output, bytes]] = []

    def renew(self) -> None:
        """Begin anew, in the child of a fork: who had the turn is not there to end it."""
        self.lock, self.writing = threading.RLock(), False
        self.waiting.clear()


_turn = _Turn()
os.register_at_fork(after_in_child=_turn.renew)


class Output:
    """Writes records to FD; below 0 there is nobody to write to.

    TELL makes a record of what has to be said of lost ones: how many, and why.
    """

    def __init__(self, fd: int, tell: Callable[[int, str], bytes] | None = None) -> None:
        self.fd = fd
        self.lost = 0
        self._tell = tell
        self._why = ""
        self._torn = False  # whether a line was cut short, and has no end

    def write(self, data: bytes) -> None:
        """Write DATA, which is whole lines. Never raises for what the system refuses."""
        with _turn.lock:
            if _turn.writing:
                _turn.waiting.append((self, data))
                return
            try:
                self._record(data)
            finally:
                while _turn.waiting:
                    output, data = _turn.waiting.pop(0)
                    output._record(data)  # noqa: SLF001 - another one of us

    def _record(self, data: bytes) -> None:
        """Write DATA, at once if a pipe takes it so, and nothing lost is to be told of."""
        done = 0
        if len(data) <= PIPE_BUF and not (self.lost or self._torn):
            try:
                if (done := os.write(self.fd, data)) == len(data):
                    return
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    self._lose(error)
                    return
            # Somebody made it non-blocking, or it is a disk that has just become full.
        if self.fd >= 0:
            self._long(data[done:], begun=done > 0)

    def _long(self, data: bytes, *, begun: bool) -> None:
        """Write DATA in pieces of whole lines, and before it what there is to say of lost ones.

        It is the rest of a line that has BEGUN, or a record.
        """
        lost, self.lost = self.lost, 0
        if lost and self._tell:
            data = self._tell(lost, self._why) + data
        if self._torn:
            data = b"\n" + data
        self._torn, _turn.writing = begun or self._torn, True
        try:
            for piece in pieces(data):
                self._whole(piece)
        except OSError as error:
            self.lost = lost
            self._lose(error)
        finally:
            _turn.writing = False

    def _whole(self, data: bytes) -> None:
        """Write all of DATA, waiting if the fd does not."""
        while data:
            try:
                done = os.write(self.fd, data)
            except BlockingIOError:
                waiting = select.poll()
                waiting.register(self.fd, select.POLLOUT)
                waiting.poll()
                continue
            data = data[done:]
            self._torn = bool(data)

    def _lose(self, error: OSError) -> None:
        self.lost += 1
        self._why = os.strerror(error.errno or 0)
        if interrupted(error):
            # TimeoutError is an OSError too.
            self._why = "a signal handler ended the write"
            raise error


class Calls(Output):
    """Hands records to FUNCTION, a call each; what it raises is a record lost."""

    def __init__(self, function: Callable[[bytes], object]) -> None:
        super().__init__(-1)
        self._function = function

    def write(self, data: bytes) -> None:
        """Hand DATA on, which is whole lines; nothing at all is no record.

        What FUNCTION logs itself, as one that sends it by a library that logs, has an end.
        """
        deep = within.writes
        if deep >= MOST:
            self.lost += 1
            return
        within.writes = deep + 1
        try:
            if data:
                self._function(data)
        except Exception as error:
            # A program does not die of its log.
            self.lost += 1
            if interrupted(error):
                raise
        finally:
            within.writes = deep


def pieces(data: bytes) -> list[bytes]:
    """DATA in pieces of at most PIPE_BUF bytes that end where a line does; a longer line is one."""
    done, start = [], 0
    while len(data) - start > PIPE_BUF:
        end = data.rfind(b"\n", start, start + PIPE_BUF) + 1
        if not end:
            end = data.find(b"\n", start) + 1 or len(data)
        done.append(data[start:end])
        start = end
    return [*done, data[start:]] if start < len(data) else done
