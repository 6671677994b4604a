"""The loggers of services that have no log/: many in one process, where that can be.

What the file `logger` says is looked at with each start of a logger. If it is pymultilog or
pysissylog, and waits for nobody, it has a place in the logger process of its account; else it is
a child, as with pysupervise.

Which processes have loggers stands in .pysvscan/loggers. Whoever comes after a pysvscan that was
killed takes the pipes out of them, ends them, and starts its own: an end by KILL loses nothing.
"""

import posix
from _signal import SIGKILL
from select import POLLIN, poll

from ..base import cli, kept_pipe, shared_dir
from ..base.errors import error_str
from ..base.pidfd import open_pidfd, send_signal
from ..base.proc import start_time
from ..base.process import environ
from ..chain import pathexec as chain
from ..jobs.known_process import KnownProcess
from ..jobs.loop import Loop
from ..supervise.logger_file import LOGGER, LoggerService, file_pipe
from ..supervise.run_record import here
from ..supervise.state import UP
from .logger_process import WHO, LoggerProcess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..chain.account import Account
    from ..supervise.directory_service import DirectoryService
    from ..supervise.rules import Rules
    from .logger_process import Spare

LIST = b"loggers"
MOST = 1 << 16  # bytes of that file
DYING = 10.0  # seconds that a process has to end after KILL
OURS = b"pymultilog", b"pysissylog"


class HostedLogger(LoggerService):
    """The logger of SERVICE, in a process of LOGGERS where that can be, or a child."""

    __slots__ = ("_loggers", "_number", "_process", "home")

    def __init__(self, service: "DirectoryService", loggers: "Loggers") -> None:
        super().__init__(service, loggers.default)
        self.home = service.loop.home
        self._loggers = loggers
        self._process: LoggerProcess | None = None  # that has it
        self._number = 0  # what it is called there

    def begin(self) -> None:
        """Start it; what a supervisor left reads the pipe, and may go on if it is its own."""
        left = self.left_by_predecessor()
        try:
            hosted = left and self._loggers.place_for(self.words())
        except cli.Quit:
            # It is said by the start.
            hosted = None
        if not hosted:
            super().begin()
            return
        try:
            process = KnownProcess(self.loop, left, start_time(left), lambda _: self.feed("u"))
            process.kill(SIGKILL)
        except OSError:
            self.feed("u")

    def start_program(self, rules: "Rules") -> int:
        """Have a place for it, or start it; return its pid, if it has one."""
        found = self._loggers.place_for(self.argv)
        if not found:
            self._process = None
            return super().start_program(rules)
        self._process, words = found
        self._number = self._process.add(self, words, self.fd_map[0])
        return 0

    def place(self) -> int:
        """The process that has it; 0 if none has."""
        return self._process.pid if self._process and self.state.phase == UP else self.pid

    def kill(self, signum: int) -> None:
        """Send it SIGNUM, or what that means for one that is no process."""
        if not self._process:
            super().kill(signum)
        elif signum == SIGKILL:
            self._process.kill()
        else:
            self._process.end(self._number)


class Loggers:
    """Gives a logger to each service that asks for one, or that has none where there is a DEFAULT.

    A SPARE process has the first of them that are of our account. What outlives us is written down
    in NAME, a directory in the current one, which is that of the services.
    """

    def __init__(
        self, loop: Loop, name: bytes, default: bytes = b"", spare: "Spare | None" = None
    ) -> None:
        self.default = default
        self._name = name
        self._loop = loop
        self._processes: dict[tuple[int, int], LoggerProcess] = {}
        self._place = shared_dir.open_directory(b".")
        self._kept: dict[int, int] = {}  # pipes of those before us, by their inodes
        try:
            shared_dir.make_directory(name)
        except OSError:
            # It is there; or what is to be written there says why not.
            pass
        self._take_over()
        if spare:
            self._process(None).take(spare)

    def __call__(
        self, service: "DirectoryService"
    ) -> "tuple[LoggerService, tuple[int, int]] | None":
        """The logger of SERVICE, in whose directory we are, and the pipe to it."""
        if not (self.default or posix.access(LOGGER, posix.F_OK)):
            return None
        return HostedLogger(service, self), file_pipe(service, self._kept)

    def place_for(self, words: list[bytes]) -> tuple[LoggerProcess, list[bytes]] | None:
        """The process for the logger WORDS, and its words there; None if it is to be a child.

        Raises Quit where they are wrong.
        """
        account: Account | None = None
        if _tool(words[0]) == b"pysetuidgid" and len(words) > 2 and words[1][:1] != b"-":
            from ..chain.account import find

            account, words = find(b"pysetuidgid", words[1]), words[2:]
        name = _tool(words[0])
        if name not in OURS:
            return None
        from ..log.hostable import is_hostable

        words = [name, *words[1:]]
        try:
            if not is_hostable(words):
                return None
        except cli.Asked as asked:
            raise cli.fatal(name + b" logs nothing when it is asked for " + asked.what) from None
        return self._process(account), words

    def _process(self, account: "Account | None") -> LoggerProcess:
        ours = posix.geteuid(), posix.getegid()
        key = (account.uid, account.gid) if account else ours
        if account and key == ours and posix.getgroups() in ([], [key[1]]):
            account = None
        elif account:
            key = account.uid, -1 - account.gid
            if ours[0]:
                hint = b"only root may change its account"
                raise cli.fatal(b"unable to setgid: access denied", hint=hint)
        if key not in self._processes:
            self._processes[key] = LoggerProcess(self._loop, account, self._write_down)
        return self._processes[key]

    @property
    def living(self) -> bool:
        """Whether one of the processes is still there."""
        return any(process.pid for process in self._processes.values())

    def end(self) -> None:
        """No more loggers: the processes end when theirs have."""
        for process in self._processes.values():
            process.close()

    # What outlives this process.

    def _write_down(self) -> None:
        """Have the file say which processes have loggers."""
        known = [(one.pid, one.start, here()) for one in self._processes.values() if one.pid]
        text = b"".join(b"%d %d %b\n" % one for one in known)
        try:
            directory = shared_dir.open_directory(self._name, self._place)
            try:
                fd = shared_dir.replace(LIST, text, directory, mode=0o600)
            finally:
                posix.close(directory)
            posix.close(fd)
        except OSError as error:
            what = b"unable to write " + self._name + b"/" + LIST + b": " + error_str(error)
            cli.say(WHO + b": warning: " + what)

    def _take_over(self) -> None:
        """Take the pipes out of the processes that are left, and end them."""
        pidfds = []
        for pid, start in self._left():
            try:
                pidfd = open_pidfd(pid, start)
            except ProcessLookupError:
                continue
            self._keep(pid)
            try:
                send_signal(pidfd, pid, start, SIGKILL)
            except OSError:
                continue
            pidfds.append(pidfd)
        for pidfd in filter(lambda fd: fd >= 0, pidfds):
            # As long as it lives it reads.
            waiter = poll()
            waiter.register(pidfd, POLLIN)
            waiter.poll(DYING * 1000)
            posix.close(pidfd)

    def _left(self) -> list[tuple[int, int]]:
        """Which processes a pysvscan left that was killed: their pids and starts."""
        try:
            directory = shared_dir.open_directory(self._name, self._place)
        except OSError:
            return []
        try:
            # Only we may say whom to end.
            found = posix.fstat(directory)
            file = posix.stat(LIST, dir_fd=directory, follow_symlinks=False)
            if any(one.st_uid != posix.geteuid() or one.st_mode & 0o022 for one in (found, file)):
                return []
            lines = shared_dir.read_file(LIST, MOST, directory).split(b"\n")
            known = [line.split(b" ", 2) for line in lines[:-1]]
            # In another boot the same numbers are somebody else's.
            return [(int(pid), int(start)) for pid, start, place in known if place == here()]
        except (OSError, ValueError):
            return []
        finally:
            posix.close(directory)

    def _keep(self, pid: int) -> None:
        """Have the pipes of the process PID open here."""
        place = f"/proc/{pid}/fd/"
        try:
            files = posix.listdir(place)
        except OSError:
            return
        for file in files:
            name = kept_pipe.link(place + file)
            inode = name[6:-1]
            if name[:6] == "pipe:[" and int(inode) not in self._kept:
                try:
                    fd = kept_pipe.reopen(place + file, kept_pipe.BOTH)
                except OSError:
                    continue
                if fd is not None and kept_pipe.inode(fd) == int(inode):
                    self._kept[int(inode)] = fd
                elif fd is not None:
                    # Another file has that number by now.
                    posix.close(fd)

    def settle(self) -> None:
        """Each service that there is has begun: let go of what none of them asked for."""
        kept, self._kept = self._kept, {}
        for fd in kept.values():
            posix.close(fd)
        for process in self._processes.values():
            if not process.used:
                process.close()


def _tool(word: bytes) -> bytes:
    """Which tool of this installation WORD is, if it is one."""
    for file in chain.search(word, environ.get(b"PATH")):
        if posix.access(file, posix.X_OK):
            ours = chain.recognise(file)
            return ours[0] if ours and not environ.get(b"PYDAEMONTOOLS_NOFUSE") else b""
    return b""
