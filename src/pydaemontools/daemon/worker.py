"""A worker of a pool: a forked process that does its work again and again, and says that it lives.

A sign of life is a time in memory that both share: it costs no system call, and nobody is woken
by it. A worker whose master is gone ends, since nobody would.
"""

import os
import signal
from mmap import mmap
from select import POLLIN, poll
from struct import pack_into, unpack_from
from time import monotonic

from ..base.write import write_all
from . import streams
from .signal_inbox import SignalInbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PR_SET_PDEATHSIG = 1
TEXT = 32768  # bytes of an error that are told
SLICE = 1.0  # seconds of one wait, where the kernel does not tell of the master's end
FOREVER = float("inf")
ENDS = signal.SIGTERM, signal.SIGABRT  # what one is to end by
ASKED = 8  # where in the shared memory a worker asks to be replaced


class Worker:
    """A worker as its master sees it: `pid`, `status` once it has ended, `error` as text."""

    def __init__(self, body: "Callable[[AtWork], None]", deaf: "Iterable[int]" = ()) -> None:
        """Fork, and run BODY there, DEAF to these signals, which are for the master.

        Raises OSError where there can be no child.
        """
        self.timed_out = False
        self.error = ""
        self.status: int | None = None
        self._beat = mmap(-1, ASKED + 1)
        self._errors, errors = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        master = os.getpid()
        # What is buffered would be written by both.
        streams.flush()
        try:
            self.pid = os.fork()
            if not self.pid:
                os.close(self._errors)
                AtWork(self._beat, errors, master, deaf).run(body)
        except OSError:
            os.close(self._errors)
            raise
        finally:
            os.close(errors)

    def last_sign(self) -> float:
        """When it gave its last sign of life, 0 if it was not ready yet."""
        sign: float = unpack_from("d", self._beat)[0] if self.status is None else 0.0
        return sign

    def asks(self) -> bool:
        """Whether it asked to be replaced."""
        return self.status is None and self._beat[ASKED] != 0

    def has_ended(self) -> bool:
        """Whether it has."""
        if self.status is not None:
            return True
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            # Somebody else waited for it.
            pid, status = self.pid, 0
        if not pid:
            return False
        self.status = status
        self.error = self._read_error() or _told_by(status)
        self._beat.close()
        return True

    def signal(self, signum: int) -> None:
        """Send it SIGNUM, unless it has ended: until it is waited for, its pid is nobody else's."""
        if not self.has_ended():
            os.kill(self.pid, signum)
            if signum in ENDS:
                # One that is stopped hears of it only then.
                os.kill(self.pid, signal.SIGCONT)

    def _read_error(self) -> str:
        try:
            return os.read(self._errors, TEXT).decode("utf-8", "replace")
        except BlockingIOError:
            # Something that it started has the other end.
            return ""
        finally:
            os.close(self._errors)


def _told_by(status: int) -> str:
    """What a wait STATUS tells of an end that is none of ours; nothing for one that is well."""
    code = os.waitstatus_to_exitcode(status)
    if code in (0, -signal.SIGTERM):
        return ""
    return f"it was ended by signal {-code}" if code < 0 else f"it exited with {code}"


class AtWork:
    """A worker as it sees itself, in its own process."""

    def __init__(self, beat: mmap, errors: int, master: int, deaf: "Iterable[int]") -> None:
        self._beat = beat
        self._errors = errors
        self._master = master
        self._inbox = SignalInbox([signal.SIGTERM, signal.SIGHUP, signal.SIGINT, *deaf])
        self.ending = False
        self.on_ask: Callable[[], object] = lambda: None  # is called when it asks to be replaced
        self._slice = SLICE

    @property
    def running(self) -> bool:
        """Whether it is to go on."""
        seen = self._inbox.seen
        if signal.SIGHUP in seen and not self._beat[ASKED]:
            # Whoever tells all of a group would have none left for a moment.
            self._beat[ASKED] = 1
            self.on_ask()
        ending = self.ending or signal.SIGTERM in seen
        return not ending and os.getppid() == self._master

    def beat(self) -> None:
        """Give a sign of life."""
        pack_into("d", self._beat, 0, monotonic())

    def wait(
        self, fd: int | None = None, seconds: float | None = None, most: float = SLICE
    ) -> bool:
        """Wait until FD can be read, the SECONDS are over, or the worker is to end; whether FD can.

        It gives a sign of life at least every MOST seconds meanwhile.
        """
        waiter = poll()
        waiter.register(self._inbox.fileno(), POLLIN)
        if fd is not None:
            waiter.register(fd, POLLIN)
        end = FOREVER if seconds is None else monotonic() + seconds
        self._inbox.rearm()
        while self.running:
            self.beat()
            rest = min(most, self._slice, end - monotonic())
            if rest <= 0:
                return False
            found = [one for one, _ in waiter.poll(None if rest == FOREVER else rest * 1000)]
            if fd in found:
                return True
            self._inbox.drain()
        return False

    def run(self, body: "Callable[[AtWork], None]") -> None:
        """Run BODY to its end, and this process with it."""
        code = 1
        try:
            self._slice = FOREVER if _die_with_parent() else SLICE
            with self._inbox:
                body(self)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:  # noqa: BLE001 - the top level of this process
            self._tell()
        finally:
            streams.flush()
            os._exit(code & 255)

    def _tell(self) -> None:
        """Tell the master of the exception that ends it."""
        from traceback import format_exc

        text = format_exc().encode("utf-8", "backslashreplace")[-TEXT:]
        try:
            write_all(self._errors, text)
        except OSError:
            # It is gone.
            pass


def _die_with_parent() -> bool:
    """Have the kernel send TERM when the master ends, which `running` sees too; whether it will."""
    try:
        from ..base.libc import function

        return not function("prctl")(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    except (ImportError, OSError):
        # No ctypes, or no such thing.
        return False
