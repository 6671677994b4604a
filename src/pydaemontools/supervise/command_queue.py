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


MOST = 4096  # letters that wait for a script; of more than that the last ones count


class CommandQueue:
    """The letters for the service whose scripts LAUNCHER starts."""

    def __init__(self, launcher: Launcher) -> None:
        self.launcher = launcher
        self.service = launcher.service
        self._letters = bytearray()
        self._full = False  # whether it was said that some were dropped
        # What says nothing here goes as it comes. A logger ends at the end of its input.
        known = launcher.files.dialect.letters.replace(b"x" if launcher.files.sub else b"", b"")
        self._unknown = bytes(range(256)).translate(None, known)
        self._busy = False  # a script runs
        self._run = (0, 0.0)  # pid and start of the service when the script was started

    def add(self, letters: bytes) -> None:
        """Obey LETTERS, now or when the script that runs has ended."""
        letters = letters.translate(None, self._unknown)
        if len(self._letters) + len(letters) > MOST and not self._full:
            self._full = True
            name = self.service.name
            self.service.warn(b"%s: more than %d letters wait; the last ones count" % (name, MOST))
        self._letters += letters
        del self._letters[:-MOST]
        while self._letters and not self._busy:
            letter = chr(self._letters[0])
            # That takes no longer the more there are.
            del self._letters[:1]
            self._obey(letter)
        self._full = self._full and self._busy

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
