"""What a service is told to do, in order; and scripts in place of signals, as in runit.

A script control/LETTER is run before the signal is sent; if it exits 0, the signal is not.
It may take its time: what comes in meanwhile waits, and everything else goes on.
"""

from _signal import SIGCONT

from .launcher import Launcher
from .state import UP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class CommandQueue:
    """The letters for the service whose scripts LAUNCHER starts."""

    def __init__(self, launcher: Launcher) -> None:
        self.launcher = launcher
        self.service = launcher.service
        self._letters = b""
        self._busy = False  # a script runs
        self._run = (0, 0.0)  # pid and start of the service when the script was started

    def add(self, letters: bytes) -> None:
        """Obey LETTERS, now or when the script that runs has ended."""
        files = self.launcher.files
        self._letters += letters
        while self._letters and not self._busy:
            letter, self._letters = self._letters[:1], self._letters[1:]
            # A logger ends at the end of its input.
            leaves = files.sub and letter == b"x"
            if letter in files.dialect.letters and not leaves:
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

    def _did(self, letter: str, done: bool) -> None:  # noqa: FBT001 - how a script ended
        if self._same() and (not done or letter in "pc"):
            self.service.feed(letter, mute=done)

    def _same(self) -> bool:
        """Whether the run for which the script was started is still there."""
        return self.service.state.phase == UP and self._run == self._now()

    def _now(self) -> tuple[int, float]:
        return self.service.pid, self.service.state.started

    def _after(self, letter: str) -> None:
        if letter in "dDx":
            self._script(letter.lower(), lambda _done: None)

    def _script(self, letter: str, callback: "Callable[[bool], None]") -> bool:
        """Run control/LETTER if there is one and the service is up; return whether it runs.

        CALLBACK is called with whether it exited 0.
        """
        if self.service.state.phase != UP or not self.launcher.control_script(letter):
            return False

        def ended(status: int) -> None:
            self._busy = False
            callback(not status)
            self.add(b"")

        self._run = self._now()
        self._busy = bool(self.launcher.helper(b"./control/" + letter.encode(), ended))
        return self._busy
