"""What an old file of svlogd's goes through: sh -c COMMAND in the directory (runit 2.1.2).

@TAI64N.u is its stdin, @TAI64N.t its stdout, `state` is 4 and `newstate` 5. If it exits 0 the .t
becomes .s, and the .u is removed; else it is run again.
"""

import posix
import time
from _signal import SIG_DFL, SIGPIPE, SIGXFSZ, signal

from ...base import cli
from ...base.process import environ
from .processor import Processor
from .svlogd_folder import SvlogdFolder

PAUSE = 3.0  # seconds until one that failed twice is run again


class SvlogdProcessor(Processor):
    """The COMMAND that old files in FOLDER go through, one at a time."""

    def __init__(self, command: bytes, folder: SvlogdFolder) -> None:
        super().__init__(b"svlogd", command)
        self._svlogd = folder
        self._failed = 0
        self.name = b""  # of the file that is being processed, or is done and not yet replaced

    def start(self, name: bytes) -> None:
        """Begin with the file NAME."""
        self.name = name
        self._failed = 0
        self._fork()

    def _fork(self) -> None:
        self._svlogd.doing = b"fork for processor"
        pid = posix.fork()
        if not pid:
            self._be_command()
        self._pid = pid

    def wait(self) -> None:
        """Have the file processed, however often that takes."""
        while self.name and not self.done():
            if not self._pid:
                time.sleep(max(0.0, self._retry_at - time.monotonic()))
            self.reap()

    def done(self) -> bool:
        """Return whether no file is being processed: see how it goes, and go on with it."""
        if not self.name:
            return True
        if not self._pid and self._status is None:
            if time.monotonic() >= self._retry_at:
                self._fork()
            return False
        self.reap(posix.WNOHANG)
        if self._status is None:
            return False
        if self._status:
            self._again()
            return False
        self._replace()
        return True

    def _again(self) -> None:
        """Begin again: at once the first time, and after a while from then on."""
        folder = self._svlogd
        folder.say(b"warning", b"processor failed, restart: " + folder.path)
        folder.doing = b"unlink processor leftover"
        try:
            posix.unlink(self.made(b"t"), dir_fd=folder.fd)
        except FileNotFoundError:
            pass
        self._status = None
        if not folder.find(self.name):
            # Somebody has removed it, and nothing is left to be done.
            self.name = b""
            return
        self._failed += 1
        self._retry_at = time.monotonic() + PAUSE if self._failed > 1 else 0.0
        if self._failed == 1:
            self._fork()

    def made(self, letter: bytes) -> bytes:
        """Return the name of the file with another LETTER."""
        return self.name[:26] + letter

    def _replace(self) -> None:
        """Have what the command made in the place of what it read. May be begun again."""
        folder, made = self._svlogd, self.made(b"t")
        if folder.find(made):
            folder.doing = b"set mode of processed"
            fd = folder.open(made, posix.O_WRONLY)
            try:
                posix.fsync(fd)
                posix.fchmod(fd, 0o744)
            finally:
                posix.close(fd)
            folder.move(made, self.made(b"s"), b"processed")
        try:
            posix.unlink(self.name, dir_fd=folder.fd)
        except FileNotFoundError:
            folder.say(b"warning", b"unable to unlink: " + folder.path + b"/" + self.name)
        try:
            folder.move(b"newstate", b"state", b"state")
        except FileNotFoundError:
            # That was done before something else went wrong.
            pass
        folder.say(b"info", b"processed: " + folder.path + b"/" + self.made(b"s"))
        self._status, self.name = None, b""

    def _be_command(self) -> None:
        """Be the child."""
        folder = self._svlogd
        folder.say(b"info", b"processing: " + folder.path + b"/" + self.name)
        what = b"change directory, want processor"
        try:
            folder.enter()
            what = b"open input for processor"
            self._become(0, folder.open(self.name, posix.O_RDONLY))
            what = b"open output for processor"
            self._become(1, folder.create(self.made(b"t")))
            what = b"open state for processor"
            flags = posix.O_RDONLY | posix.O_CREAT
            self._become(4, folder.open(b"state", flags, 0o644))
            what = b"open newstate for processor"
            self._become(5, folder.create(b"newstate"))
            for signum in SIGPIPE, SIGXFSZ:
                signal(signum, SIG_DFL)
            what = b"run processor"
            posix.execve(b"/bin/sh", [b"sh", b"-c", self.command], environ)
        except OSError as error:
            cli.say(b"svlogd: fatal: " + folder.told(what, error))
        finally:
            posix._exit(111)  # noqa: SLF001 - a child never returns

    def _become(self, fd: int, file: int) -> None:
        posix.set_blocking(file, True)
        posix.dup2(file, fd)
        posix.set_inheritable(fd, True)
