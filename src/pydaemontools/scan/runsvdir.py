"""runsvdir of runit: a runsv for each directory, and what they say in its own title."""

import _signal as signal
import posix
from time import monotonic

from ..base import cli
from ..base.errors import error_str
from ..base.fds import inherited
from ..base.process import standard_fds, title
from ..base.title import show
from ..jobs.loop import END, LETTERS, Inbox, Loop
from . import keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .original_scanner import OriginalScanner

WHO = b"runsvdir"
LEAST = 7  # bytes of a log
STAYS = 5  # bytes of it that do
DOT = 900.0  # seconds from one dot in the log to the next
AGAIN = 1.0  # seconds until what has gone is started again
HEARD = signal.SIGTERM, signal.SIGHUP, signal.SIGALRM
GONE = 111  # the exit code after a HUP


def main(argv: list[bytes]) -> int:
    """Keep the services of a directory until a signal ends us. Raises Quit."""
    words = argv[1:]
    session = False
    if words and words[0][:2] in (b"-P", b"--"):
        session = words.pop(0)[:2] == b"-P"
    if not words:
        cli.say(b"usage: " + argv[0] + b" [-P] dir", b"")
        return 1
    try:
        posix.close(posix.open(b".", posix.O_RDONLY))
    except OSError as error:
        who = WHO + b" " + words[0] + b": fatal: unable to open current directory: "
        cli.say(who + error_str(error))
        return 100
    title(WHO)
    standard_fds()
    return Runsvdir(argv, words, session=session).run()


class Runsvdir:
    """The scanner of the directory WORDS[0], whose log is WORDS[1] if there is one."""

    def __init__(self, argv: list[bytes], words: list[bytes], *, session: bool) -> None:
        self._place = words[0]
        self._session = session
        self._keep = inherited()
        self._log: TitleLog | None = None
        self._told = -1
        self._over: int | None = None  # the exit code, when it is known
        self._loop = Loop(Inbox())
        self._loop.on_letter = self._hear
        for signum in LETTERS:
            # Only of these it knows anything.
            if signum not in HEARD and callable(signal.getsignal(signum)):
                signal.signal(signum, signal.SIG_DFL)
        if len(words) > 1:
            self._open_log(argv, len(argv) - len(words) + 1)

    def _open_log(self, argv: list[bytes], at: int) -> None:
        if len(argv[at]) < LEAST:
            self._warn(b"log must have at least seven characters.")
        else:
            try:
                self._log = TitleLog(argv, at)
            except OSError:
                self._warn(b"unable to create pipe for log.")
        if self._log:
            self._loop.watch(self._log.fd, self._log.read)
            self._dot()
        else:
            self._warn(b"log service disabled.")

    def _dot(self) -> None:
        """Show that we are there."""
        try:
            posix.write(2, b".")
        except BlockingIOError:
            # That is to be seen anyway.
            pass
        self._loop.at(monotonic() + DOT, self._dot)

    def run(self) -> int:
        """Keep the services; the exit code."""
        self._start()
        while self._over is None:
            self._loop.turn()
        return self._over

    def _start(self) -> None:
        what = self._place.rstrip(b"/") + b"/*"
        try:
            pid, self._told = keeper.start(b"runsv", what, self._scanner, self._keep)
        except OSError as error:
            self._warn(cli.fatal(b"unable to fork", error).lines[0][7:])
            self._loop.at(monotonic() + AGAIN, self._start)
        else:
            self._loop.child(pid, self._ended)

    def _ended(self, _status: int) -> None:
        posix.close(self._told)
        self._told = -1
        self._loop.at(monotonic() + AGAIN, self._start)

    def _hear(self, letter: str) -> None:
        if letter == END:
            self._over = 0
            return
        try:
            if self._told >= 0:
                posix.write(self._told, keeper.HANG_UP if letter == "h" else keeper.LOOK)
        except BrokenPipeError:
            # It has just ended, and so have its services.
            pass
        if letter == "h":
            self._over = GONE

    def _scanner(self, loop: Loop, files: int) -> "OriginalScanner":
        from .runsvdir_scanner import RunsvdirScanner

        return RunsvdirScanner(loop, self._place, files, session=self._session)

    def _warn(self, text: bytes) -> None:
        cli.say(WHO + b" " + self._place + b": warning: " + text)


class TitleLog:
    """What comes to stderr, shown in the word AT of ARGV where ps shows that: the last of it.

    Raises OSError.
    """

    def __init__(self, argv: list[bytes], at: int) -> None:
        self.fd, sink = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)
        posix.dup2(sink, 2)
        posix.close(sink)
        self._before = b" ".join([*argv[:at], argv[at][:STAYS]])
        self._shown = argv[at][STAYS:]
        self._after = b"".join(b" " + word for word in argv[at + 1 :])

    def read(self) -> None:
        """Shift in what has come."""
        try:
            new = posix.read(self.fd, 65536).replace(b"\0", b"")
        except BlockingIOError:
            return
        self._shown = (self._shown + new)[-len(self._shown) :]
        show(WHO, self._before + self._shown + self._after)
