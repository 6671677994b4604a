"""What keeps the output of a program: a process that writes it where the runner says.

A file; a log directory, as pymultilog writes one; or a place of pysissylog's. The pipe to it is
held by the manager, so that either may be killed and nothing is lost.
"""

import posix
from _signal import SIG_BLOCK, SIG_UNBLOCK, SIGALRM, pthread_sigmask

from ..base.child import fork
from ..base.nowait import PIPE_BUF
from ..base.process import fsencode
from ..base.tee import Glimpse
from ..jobs.loop import Loop
from ..supervise.dialect import DIALECTS
from ..supervise.launcher import Launcher
from ..supervise.rules import Rules
from ..supervise.successor import Successor
from ..supervise.tap import unread
from .transcript_path import is_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..jobs.tree import Reaper
    from .event_log import EventLog
    from .runner import Runner

WHO = b"pyzdaemon"
PATIENCE = 10.0  # seconds that it has to end


class TranscriptLauncher(Launcher):
    """Starts what writes to PATH files of SIZE bytes, so many of which it is to KEEP.

    PLACE is where it notes what it is about to write.
    """

    path: bytes
    place: bytes
    size: int
    keep: int

    def run(self, rules: Rules, fd_map: dict[int, int]) -> int:  # noqa: ARG002 - there are none
        """Start it; return its pid. Raises OSError."""
        one = self.service
        # It may be asked to reopen its file before it can hear that.
        pthread_sigmask(SIG_BLOCK, [SIGALRM])
        try:
            return fork(one.who, one.name, self._keep, fd_map, one.keep)
        finally:
            pthread_sigmask(SIG_UNBLOCK, [SIGALRM])

    def control_script(self, letter: str) -> bool:  # noqa: ARG002
        """There are no scripts."""
        return False

    def _keep(self) -> int:
        """Be it."""
        if not is_file(self.path.decode("latin-1")):
            return _be(b"pysissylog", b"--to", self.path, WHO)
        if self.path[-1:] == b"/":
            # pymultilog counts the file that is written, too.
            size = [b"s%d" % self.size] if self.size else []
            return _be(
                b"pymultilog", *size, b"n%d" % max(2, self.keep + 1), self.path.rstrip(b"/") or b"/"
            )
        from .transcript_file import append

        return append(self.path, self.size, self.keep, self.place)


class Transcript(Successor):
    """Keeps what the program of RUNNER prints, in PATH; LOG hears what goes wrong with that.

    Its service directory is PLACE/log. Raises Quit.
    """

    launcher = TranscriptLauncher
    _launcher: TranscriptLauncher

    def __init__(  # noqa: PLR0917 - as Service has them
        self,
        loop: Loop,
        reaper: "Reaper",
        runner: "Runner",
        path: str,
        place: bytes,
        log: "EventLog",
    ) -> None:
        self._event_log = log
        super().__init__(loop, reaper, DIALECTS[b"pysupervise"], place, b"log/", place)
        self.who = WHO
        launcher = self._launcher
        launcher.path, launcher.size = fsencode(path), runner.transcript_size
        launcher.keep, launcher.place = runner.transcript_keep, place + b"/log"
        self.path = launcher.path

    @property
    def file(self) -> bytes:
        """The file that is written; nothing if it is elsewhere."""
        if not is_file(self.path.decode("latin-1")):
            return b""
        return self.path + b"current" if self.path[-1:] == b"/" else self.path

    def rules(self) -> Rules:
        """It is started again whenever it ends."""
        rules = Rules()
        rules.kill_after = PATIENCE
        return rules

    def begin(self) -> None:
        """Start it, or go on with the one that is there."""
        self.state.want = "u"
        super().begin()
        self._listen_to()

    def _prepare(self, rules: Rules) -> None:
        self._watched = False
        super()._prepare(rules)
        self._listen_to()

    def _listen_to(self) -> None:
        for tap in self.taps.values():
            tap.on_line = self._say

    def _say(self, line: bytes) -> None:
        self._event_log.warning(line.decode("utf-8", "replace"))

    def reopen(self) -> None:
        """Have it open its file anew."""
        self.kill(SIGALRM)

    def size(self) -> int:
        """How many bytes the file holds."""
        try:
            return posix.stat(self.file).st_size if self.file else 0
        except OSError:
            return 0

    def rest(self) -> list[bytes]:
        """What is still to be written: a line without an end is waited for."""
        try:
            glimpse = Glimpse()
        except OSError:
            # This system has no way to look.
            return []
        try:
            return glimpse.see(self.fd_map[0], PIPE_BUF).splitlines()
        except OSError:
            # There is nothing.
            return []
        finally:
            glimpse.close()

    def unread(self) -> int:
        """How many bytes are still to be written."""
        return unread(self.fd_map[0])


# In the child.


def _be(name: bytes, *words: bytes) -> int:
    """Be the tool NAME with WORDS."""
    from ..base.tools import load
    from ..chain import pathexec

    main = load(name.decode())
    pthread_sigmask(SIG_UNBLOCK, [SIGALRM])
    return pathexec.run(name, main, [name, *words])
