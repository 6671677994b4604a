"""One write a record, to an fd, and nothing that goes wrong there reaches the program.

A pipe takes up to PIPE_BUF bytes at once or not at all, so that what several processes and
threads write to one never mixes within a line; what is longer is cut where a line ends. A
reader that is slow makes the program wait, as with print(). What a closed or full place does
not take is counted, and told of when it takes something again.
"""

import errno
import os
import select
import threading
from collections.abc import Callable

PIPE_BUF = select.PIPE_BUF
# Only records longer than PIPE_BUF need it. Of a process that forks, the child gets a new one:
# the thread that had it is not there to give it back.
_lock = threading.RLock()


def _renew() -> None:
    global _lock  # noqa: PLW0603 - one for all outputs, since they may share an fd
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_renew)


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
        if len(data) <= PIPE_BUF and not self.lost:
            try:
                if (done := os.write(self.fd, data)) == len(data):
                    return
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    self._lose(error)
                    return
                done = 0
            # Somebody made it non-blocking, or it is a disk that has just become full.
            self._torn = done > 0
            data = data[done:]
        if self.fd >= 0:
            self._long(data)

    def _long(self, data: bytes) -> None:
        """Write DATA in pieces of whole lines, and before it what there is to say of lost ones."""
        with _lock:
            lost, self.lost = self.lost, 0
            if lost and self._tell:
                data = self._tell(lost, self._why) + data
            if lost and self._torn:
                data = b"\n" + data
            try:
                for piece in pieces(data):
                    self._whole(piece)
            except OSError as error:
                self.lost = lost
                self._lose(error)

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


class Calls(Output):
    """Hands records to FUNCTION, a call each; what it raises is a record lost."""

    def __init__(self, function: Callable[[bytes], object]) -> None:
        super().__init__(-1)
        self._function = function

    def write(self, data: bytes) -> None:
        """Hand DATA on, which is whole lines; nothing at all is no record."""
        try:
            if data:
                self._function(data)
        except Exception:  # noqa: BLE001 - a program does not die of its log
            self.lost += 1


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
