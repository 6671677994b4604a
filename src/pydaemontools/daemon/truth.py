"""The pipe by which a daemon tells whoever starts it the truth: where it is, what failed, ready.

A message is its length, four bytes, and fields with a NUL between them; the first says its kind:
pid PID, step NAME, begun, exec, ready, failed STEP KIND TEXT ERRNO TRACEBACK, running PATH PID
COMMAND AGE. They are words and numbers and nothing that is made by running it (no pickle): the
daemon may have dropped its privileges, and who starts it may be root.
"""

import _signal as signal
import builtins
import os
import sys
from errno import EPIPE

from ..base.cli import Quit
from ..base.errors import error_str
from ..base.write import write_all
from .failures import AlreadyRunning, Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

HEAD = 4  # bytes of a length
MOST = 32768  # bytes of a message: a pipe has room for it, so nobody waits
BLOCK = 65536


class Truth:
    """The end of the pipe FD that a daemon has while it starts; `at` is the step it is at."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.at = self.what = ""
        self._hook = sys.excepthook

    def born(self) -> None:
        """Tell of the pid."""
        self._tell(b"pid", b"%d" % os.getpid())

    def step(self, name: str, what: str = "") -> None:
        """It goes on with the step NAME, which is to do WHAT."""
        self.at, self.what = name, what
        self._tell(b"step", name.encode())

    def ready(self) -> None:
        """It is ready: nothing more is to be told."""
        self._tell(b"ready")
        self.close()

    def begun(self) -> None:
        """All steps are done, and its own work begins."""
        self.at, self.what = "run", ""
        self._tell(b"begun")

    def executing(self) -> None:
        """It becomes another program: the pipe closes if it does, or a failure follows."""
        self.at, self.what = "exec", ""
        self._tell(b"exec")

    def failed(self, error: BaseException) -> None:
        """The step that it is at failed with ERROR, and nothing of it goes on."""
        if isinstance(error, AlreadyRunning):
            age = b"" if error.age is None else b"%f" % error.age
            path, command = os.fsencode(error.path), os.fsencode(error.command)
            self._tell(b"running", path, b"%d" % error.pid, command, age)
        else:
            real = (isinstance(error, Quit) and error.error) or error
            # An Error says it in words, and why in its cause.
            if isinstance(real, Error) and isinstance(real.__cause__, OSError):
                real = real.__cause__
            kind, number = type(real), getattr(real, "errno", None)
            name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.").encode()
            text = os.fsencode(self.sentence(error))
            errno = b"%d" % number if isinstance(number, int) else b""
            hint = error.hint if isinstance(error, Quit) else b""
            self._tell(b"failed", self.at.encode(), name, text, errno, _traceback(error), hint)
        self.close()

    def watch_uncaught(self) -> None:
        """Tell of an exception that nobody catches, from now until it is ready."""
        self._hook = sys.excepthook
        sys.excepthook = self._uncaught

    def close(self) -> None:
        """Tell nothing more."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
            if sys.excepthook == self._uncaught:
                sys.excepthook = self._hook

    def _uncaught(
        self, kind: type[BaseException], error: BaseException, trace: "TracebackType | None"
    ) -> None:
        hook = self._hook
        self.failed(error)
        hook(kind, error, trace)

    def sentence(self, error: BaseException) -> str:
        """What could not be done, and why."""
        what = f"unable to {self.what}: " if self.what else ""
        if isinstance(error, Quit):
            lines = b"; ".join(error.lines)
            return os.fsdecode(lines.removeprefix(b"fatal: "))
        if isinstance(error, OSError) and self.what:
            return what + error_str(error).decode()
        return what + _text(error)

    def _tell(self, *fields: bytes) -> None:
        if self.fd < 0:
            return
        # The end of a traceback says most.
        message = b"\0".join(field.replace(b"\0", b"?")[-MOST // 8 :] for field in fields)
        # Whoever started it may be gone: that is no reason to end.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])
        try:
            write_all(self.fd, len(message).to_bytes(HEAD, "big") + message)
        except OSError as error:
            if error.errno != EPIPE:
                raise
            signal.sigtimedwait([signal.SIGPIPE], 0)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class Told:
    """The other end of the pipe FD: what was told."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._data = b""
        self.over = False  # whether all ends that could tell something are closed

    def read(self) -> list[list[bytes]]:
        """The messages that came since the last time."""
        while not self.over:
            try:
                block = os.read(self._fd, BLOCK)
            except BlockingIOError:
                break
            self.over = not block
            self._data += block
        found = []
        while len(self._data) >= HEAD:
            end = HEAD + int.from_bytes(self._data[:HEAD], "big")
            if len(self._data) < end:
                break
            found.append(self._data[HEAD:end].split(b"\0"))
            self._data = self._data[end:]
        return found


def remake(kind: str, text: str, number: int | None) -> BaseException:
    """An exception like the one called KIND, with TEXT and errno NUMBER; where it is none of
    Python's own, a RuntimeError that names it.
    """
    if number is not None:
        return OSError(number, text)
    made = getattr(builtins, kind, None)
    if isinstance(made, type) and issubclass(made, BaseException):
        try:
            return made(text)
        except TypeError:
            # UnicodeDecodeError, for one, takes no text.
            pass
    return RuntimeError(f"{kind}: {text}")


def _text(error: BaseException) -> str:
    """What ERROR says; of what is not our own, its kind too."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - it is anybody's code
        said = "an exception that has no text"
    kind = type(error).__name__
    if isinstance(error, Error):
        return said
    return f"{kind}: {said}" if said else kind


def _traceback(error: BaseException) -> bytes:
    """The traceback of ERROR; what of it can be had, where Python's library is out of reach."""
    try:
        from traceback import format_exception

        lines = format_exception(error)
    except Exception:  # noqa: BLE001 - after a chroot, or an exception that cannot be shown
        lines = [_text(error)]
    return "".join(lines).encode("utf-8", "backslashreplace")
