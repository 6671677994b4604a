"""What a service is told to do, in order; and scripts in place of signals, as in runit.

A script control/LETTER is run before the signal is sent; if it exits 0, the signal is not.
It may take its time: what comes in meanwhile waits, and everything else goes on. But `k` and
`x` wait for no script.
"""

from _signal import SIGCONT

from .helper import Helper
from .launcher import Launcher
from .state import UP
from .table import STRAY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ALL = bytes(range(256))
MOST = 4096  # letters that wait for a script; of more than that the last ones count
STOPS = "dDx"  # letters for which there are two scripts: control/t, and one of their own


class CommandQueue:
    """The letters for the service whose scripts LAUNCHER starts."""

    __slots__ = (
        "_full",
        "_letters",
        "_run",
        "_script",
        "_script_letter",
        "_told",
        "_unknown",
        "launcher",
        "obeyed",
        "service",
    )

    def __init__(self, launcher: Launcher) -> None:
        self.launcher = launcher
        self.service = launcher.service
        self._letters = b""
        self._full = False  # whether it was said that some were dropped
        self._told = 0
        self.obeyed = 0  # letters, when none was left the last time
        # What says nothing here goes as it comes.
        self._unknown = _others(launcher.files.dialect.letters, logger=bool(launcher.files.sub))
        self._script: Helper | None = None  # the one that runs
        self._script_letter = ""  # which control/LETTER it is
        self._run = (0, 0.0)  # pid and start of the service when the script was started

    @property
    def _busy(self) -> bool:
        return bool(self._script and self._script.pid)

    def add(self, letters: bytes) -> None:
        """Obey LETTERS, now or when the script that runs has ended."""
        self._told += len(letters)
        letters = letters.translate(None, self._unknown)
        if self._busy and self.launcher.native:
            letters = self._pass_script(letters)
        if len(self._letters) + len(letters) > MOST and not self._full:
            self._full = True
            name = self.service.name
            self.service.warn(b"%s: more than %d letters wait; the last ones count" % (name, MOST))
        self._letters = (self._letters + letters)[-MOST:]
        while self._letters and not self._busy:
            letter = chr(self._letters[0])
            self._letters = self._letters[1:]
            self._obey(letter)
        self._full = self._full and self._busy
        if not self._letters and not self._busy:
            self.obeyed = self._told
            self.service.loop.at_turn_end(self.service.settle)

    def close(self) -> None:
        """Forget what waits: the service has left. A script that runs has the time of a stray."""
        self._letters = b""
        if self._script and self.launcher.native:
            self._script.end_within(STRAY)

    def _pass_script(self, letters: bytes) -> bytes:
        """Have the script end that runs, if `k` or `x` is among LETTERS; return those behind it.

        What waited before it has only its say in what is wanted.
        """
        at = max(letters.rfind(b"k"), letters.rfind(b"x"))
        if at < 0 or not self._script:
            return letters
        self._script.end()
        passed = self._letters + letters[:at]
        self._letters = b""
        for letter in passed.decode():
            self.service.feed(letter, mute=True)
        letter, ended = chr(letters[at]), self._script_letter
        if ended == letter or (letter in STOPS and ended in "t" + STOPS.lower()):
            # What hung once is not asked again.
            self.service.feed(letter)
        else:
            self._obey(letter)
        return letters[at + 1 :]

    def _obey(self, letter: str) -> None:
        def ended(done: bool) -> None:  # noqa: FBT001 - how a script ended
            self._ended(letter, done=done)

        if letter in STOPS and self._run_script("t", ended):
            # It is wanted down from now on, whatever the script does.
            self.service.feed(letter, mute=True)
        elif letter in "uodxUODQ" or not self._run_script(letter, lambda d: self._did(letter, d)):
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
        if letter in STOPS:
            self._run_script(letter.lower(), lambda _done: None)

    def _run_script(self, letter: str, callback: "Callable[[bool], None]") -> bool:
        """Run control/LETTER if there is one and the service is up; return whether it runs.

        CALLBACK is called with whether it exited 0 in time.
        """
        state = self.service.state
        if state.phase != UP or not self.launcher.control_script(letter):
            return False
        limit = state.rules.control_limit
        file = b"control/" + letter.encode()

        def ended(status: int | None) -> None:
            if status is None:
                took = b" took longer than %g seconds, and is ended" % limit
                self.service.warn(self.launcher.files.shown + file.removeprefix(b"./") + took)
            callback(status == 0)
            self.add(b"")

        self._run, self._script_letter = self._now(), letter
        self._script = Helper(self.launcher, file, limit, ended)
        return self._busy


def _others(letters: bytes, *, logger: bool) -> bytes:
    """All bytes but LETTERS; a LOGGER, which ends at the end of its input, knows no `x`."""
    known = letters.replace(b"x", b"") if logger else letters
    if known not in _unknown:
        _unknown[known] = ALL.translate(None, known)
    return _unknown[known]


_unknown: dict[bytes, bytes] = {}  # the same for all services
