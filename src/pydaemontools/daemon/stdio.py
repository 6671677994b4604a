"""What stdin, stdout and stderr of a daemon are: /dev/null, files, fds, or a logger's pipe."""

import os

from ..base import shared_dir
from ..base.cli import Quit
from ..chain import pathexec
from .absolute import absolute, check_filled
from .close_rest import close_all_but
from .failures import OptionError
from .fresh_signals import fresh_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol, TypeAlias

    from .truth import Truth

    class HasFileno(Protocol):
        """A file, a socket."""

        def fileno(self) -> int:
            """Its fd."""

    # A path; an fd, or what has one; None is /dev/null.
    Stream: TypeAlias = str | bytes | os.PathLike[str] | int | HasFileno | None

MODE = 0o640  # of a file that is made
WRITE = os.O_WRONLY | os.O_APPEND | os.O_CREAT
DEVICES = "/dev/"


class Stdio:
    """The three of them, as they are to be; paths are made absolute at once.

    Or stdout and stderr go to LOG_COMMAND, a program by its words, which ends when both end. KEEP
    has those that are not named here as they are.
    """

    pipe = -1, -1  # to the logger, in a daemon that is to have one

    def __init__(
        self,
        stdin: "Stream" = None,
        stdout: "Stream" = None,
        stderr: "Stream" = None,
        *,
        log_command: "Sequence[str]" = (),
        keep: bool = False,
    ) -> None:
        check_filled(stdin=stdin, stdout=stdout, stderr=stderr)
        if isinstance(log_command, (str, bytes)):
            raise OptionError("log_command is words, a list, and not one string")
        self.logger = [os.fsencode(word) for word in log_command]
        check_filled(log_command=self.logger[0] if self.logger else None)
        if self.logger and (stdout is not None or stderr is not None):
            raise OptionError("stdout and stderr go to log_command, and to no other place")
        self.streams = [_resolved(one) for one in (stdin, stdout, stderr)]
        self.keep = keep

    def logs(self) -> list[str]:
        """The files that the daemon writes to, stderr's first."""
        paths = [one for one in self.streams[:0:-1] if isinstance(one, str)]
        return [path for path in dict.fromkeys(paths) if not path.startswith(DEVICES)]

    def open(self, truth: "Truth") -> None:
        """Have them so in this process. Raises OSError; TRUTH is told what could not be done."""
        sink = self.pipe[1]
        if self.logger:
            self._start_logger(truth)
        for fd, stream in enumerate(self.streams):
            if fd and sink >= 0:
                os.dup2(sink, fd)
            elif stream is not None or not self.keep:
                self._open(truth, fd, stream)
        if sink >= 0:
            os.close(sink)

    def _open(self, truth: "Truth", fd: int, stream: "str | int | None") -> None:
        if isinstance(stream, int):
            truth.step("stdio", f"use fd {stream} as fd {fd}")
            os.dup2(stream, fd)
            return
        path = stream or os.devnull
        truth.step("stdio", f"open {path}")
        opened = _opened(path, writes=fd > 0)
        if opened == fd:
            os.set_inheritable(fd, True)
        else:
            os.dup2(opened, fd)
            os.close(opened)

    def _start_logger(self, truth: "Truth") -> None:
        """Start the logger as a process of its own, which reads from the pipe."""
        truth.step("logger", "start the logger")
        source = self.pipe[0]
        trouble, tell = os.pipe2(os.O_CLOEXEC)
        # It has no parent that would have to wait for it.
        between = os.fork()
        if not between:
            try:
                if not os.fork():
                    os.dup2(source, 0)
                    self._be_logger(tell)
            finally:
                os._exit(0)
        os.close(source)
        os.close(tell)
        os.waitpid(between, 0)
        with open(trouble, "rb", buffering=0) as said:
            if text := said.read():
                errno, hint, *lines = text.split(b"\0")
                end = Quit(111, *lines, hint=hint)
                end.error = OSError(int(errno), "")
                raise end

    def _be_logger(self, tell: int) -> None:
        """Become the logger, or TELL in that pipe why not."""
        fresh_signals()
        os.setpgid(0, 0)
        # It stays: whoever waits for the end of the caller's streams is not to wait for it.
        null = _opened(os.devnull, writes=True)
        for fd in 1, 2:
            os.dup2(null, fd)
        close_all_but({tell})
        try:
            become = pathexec.become(self.logger, os.environb.get(b"PATH"))
        except Quit as end:
            errno = end.error.errno if end.error else None
            os.write(tell, b"\0".join([b"%d" % (errno or 0), end.hint, *end.lines]))
            return
        os.close(tell)
        pathexec.run(*become)


def _resolved(stream: "Stream") -> "str | int | None":
    if stream is None or isinstance(stream, int):
        return stream
    if isinstance(stream, (str, bytes, os.PathLike)):
        return absolute(os.fsdecode(stream))
    try:
        return stream.fileno()
    except (AttributeError, OSError, ValueError):
        text = f"a stream is a path, an fd or an open file, and not {stream!r}"
        raise OptionError(text) from None


def _opened(path: str, *, writes: bool) -> int:
    """Open PATH; a file that is written to is made, and appended to."""
    name = os.fsencode(path)
    if not path.startswith(DEVICES):
        if writes:
            return shared_dir.open_file(name, WRITE, mode=MODE)
        return shared_dir.open_file(name, os.O_RDONLY)
    # What stands below /dev is root's.
    flags = os.O_NOCTTY | os.O_CLOEXEC
    return os.open(name, flags | (os.O_WRONLY | os.O_APPEND if writes else os.O_RDONLY))
