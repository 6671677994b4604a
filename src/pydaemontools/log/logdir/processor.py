"""A command that a finished log file goes through, beside the log and never in its way.

daemontools 0.76, multilog: /bin/sh -c COMMAND in the log directory, with `previous` as stdin,
`processed` as stdout, `state` as 4 and `newstate` as 5. If it exits 0 what it wrote takes the
place of what it read; else it is run again. There it holds up the log; here it does not.
"""

import posix
import time
from _signal import SIG_DFL, SIGPIPE, SIGXFSZ, signal

from ...base import cli
from ...base.process import environ
from .folder import Folder

PAUSE = 5.0  # seconds until one that failed is run again
# What a file is called when it has been processed, and the fd that it has meanwhile.
READ = (0, b"previous"), (4, b"state")
WRITTEN = (1, b"processed"), (5, b"newstate")


class ProcessorFailed(Exception):
    """A processor has ended, and not well: how, and where."""


class Processor:
    """The COMMAND, run by WHO; what it makes of a file is called @TAI64N.CODE."""

    def __init__(self, who: bytes, command: bytes, code: bytes = b"s") -> None:
        self.who = who
        self.command = command
        self.code = code
        self._pid = 0
        self._status: int | None = None
        self._retry_at = 0.0

    def run(self, folder: Folder) -> bool:
        """Return whether `previous` in FOLDER has been processed: start that, or see how it goes.

        Raises OSError, and ProcessorFailed if the command did not do it; then call again later.
        """
        if not self._pid and self._status is None:
            if time.monotonic() < self._retry_at:
                return False
            self._start(folder)
        self.reap(posix.WNOHANG)
        if self._status is None:
            return False
        if self._status:
            how = b"failed" if posix.WIFEXITED(self._status) else b"crashed"
            self._status = None
            self._retry_at = time.monotonic() + PAUSE
            raise ProcessorFailed(b"processor " + how + b" in " + folder.path)
        _keep(folder)
        self._status = None
        return True

    def end(self, folder: Folder) -> None:
        """Have `previous` in FOLDER processed, and wait for that.

        A command that failed is run once more, and at once: we go soon.
        """
        if not self._pid and self._status is None:
            self._start(folder)
        self.reap()

    def forget(self) -> bool:
        """Let go of what the command does, as files are gone; return whether it has ended."""
        self.reap(posix.WNOHANG)
        if not self._pid:
            self._status = None
            self._retry_at = 0.0
        return not self._pid

    def reap(self, how: int = 0) -> None:
        """Wait until the command has ended, if it runs; see only whether it has if HOW says so."""
        if self._pid:
            pid, status = posix.waitpid(self._pid, how)
            if pid:
                self._pid, self._status = 0, status

    def _start(self, folder: Folder) -> None:
        folder.doing = b"fork for processor in " + folder.path
        pid = posix.fork()
        if not pid:
            self._be(folder)
        self._pid = pid

    def _be(self, folder: Folder) -> None:
        """Be the child."""
        what = b"switch to " + folder.path
        cli.may_wait()
        try:
            folder.enter()
            for fd, name in READ + WRITTEN:
                reads = (fd, name) in READ
                what = (b"read " if reads else b"write to ") + folder.path + b"/" + name
                file = folder.open(name, posix.O_RDONLY) if reads else folder.create(name)
                posix.set_blocking(file, True)
                posix.dup2(file, fd)
                posix.set_inheritable(fd, True)
            for signum in SIGPIPE, SIGXFSZ:
                signal(signum, SIG_DFL)
            what = b"run /bin/sh"
            posix.execve(b"/bin/sh", [b"sh", b"-c", self.command], environ)
        except OSError as error:
            cli.fatal(b"unable to " + what, error).say(self.who)
        finally:
            posix._exit(111)  # noqa: SLF001 - a child never returns


def _keep(folder: Folder) -> None:
    """Have what the command wrote on disk, and its mode say so."""
    for name in b"processed", b"newstate":
        folder.doing = b"write " + folder.path + b"/" + name + b" to disk"
        fd = folder.open(name, posix.O_WRONLY)
        try:
            posix.fsync(fd)
            if name == b"processed":
                posix.fchmod(fd, 0o744)
        finally:
            posix.close(fd)
