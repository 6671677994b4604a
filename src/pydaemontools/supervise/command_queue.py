"""What a service is told, in order; and scripts that take the place of signals, as in runit.

A script control/LETTER is run before the signal is sent; if it exits 0, the signal is not.
It may take its time: what comes in meanwhile waits, and everything else goes on.
"""

from _signal import SIGCONT

from .state import UP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .directory_service import DirectoryService


class CommandQueue:
    """The letters for SERVICE."""

    def __init__(self, service: "DirectoryService") -> None:
        self.service = service
        # runit has no scripts for a logger, and daemontools none at all.
        self._scripted = service.dialect.full and not service.sub
        self._queue = b""
        self._busy = False  # a script runs
        self._for = 0  # the pid for which it does

    def begin(self) -> bool:
        """Whether there is a script to be run before each start."""
        return self._scripted and self.service.files.runs(b"control/u")

    def take(self, letters: bytes) -> None:
        """Obey LETTERS, now or when the script that runs has ended."""
        self._queue += letters
        while self._queue and not self._busy:
            letter, self._queue = self._queue[:1], self._queue[1:]
            # A logger ends at the end of its input.
            leaves = self.service.sub and letter == b"x"
            if letter in self.service.dialect.letters and not leaves:
                self._obey(letter.decode())

    def _obey(self, letter: str) -> None:
        if letter in "dDx" and self._script("t", lambda done: self._ended(letter, done=done)):
            # It is wanted down from now on, whatever the script does.
            self.service.feed(letter, mute=True)
        elif letter in "uodxUODQ" or not self._script(letter, lambda done: self._did(letter, done)):
            self.service.feed(letter)
            self._after(letter)

    def _ended(self, letter: str, *, done: bool) -> None:
        if self._same():
            if not done:
                self.service.kill(self.service.state.rules.down_signal)
            self.service.kill(SIGCONT)
        self._after(letter)

    def _did(self, letter: str, done: bool) -> None:  # noqa: FBT001 - what a script said
        if self._same() and (not done or letter in "pc"):
            self.service.feed(letter, mute=done)

    def _same(self) -> bool:
        """Whether the run for which the script was started is still there."""
        return self.service.state.phase == UP and self.service.pid == self._for

    def _after(self, letter: str) -> None:
        if letter in "dDx":
            self._script(letter.lower(), lambda _done: None)

    def _script(self, letter: str, then: "Callable[[bool], None]") -> bool:
        """Run control/LETTER if there is one and the service is up; whether it runs."""
        file = b"./control/" + letter.encode()
        up = self.service.state.phase == UP
        if not (up and self._scripted and self.service.files.runs(file[2:])):
            return False

        def ended(status: int) -> None:
            self._busy = False
            then(not status)
            self.take(b"")

        self._for = self.service.pid
        self._busy = bool(self.service.helper(file, ended))
        return self._busy
