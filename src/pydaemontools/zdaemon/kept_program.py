"""The program of a runner, as its manager keeps it."""

import posix
from time import monotonic, time

from ..base.process import fsencode
from ..jobs.loop import Loop
from ..supervise.dialect import DIALECTS
from ..supervise.rules import FOREVER, Rules
from ..supervise.state import UP, WAIT, State
from ..supervise.successor import Successor
from .governor import rules_for
from .program_launcher import ProgramLauncher, find
from .waiting import Waiting, end_words, tail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..jobs.tree import Reaper
    from .event_log import EventLog
    from .runner import Runner
    from .transcript import Transcript

DIALECT = DIALECTS[b"pysupervise"]
MANY = 20  # lines that are remembered of what it printed


class KeptProgram(Successor):
    """The program of RUNNER, whose service directory is PLACE; LOG hears what happens to it.

    `adopted` is the pid of one that a manager which was killed left, 0 if none was; `transcript`
    keeps what it prints, if that is to be kept. Raises Quit.
    """

    launcher = ProgramLauncher
    _launcher: ProgramLauncher

    def __init__(
        self, loop: Loop, reaper: "Reaper", runner: "Runner", place: bytes, log: "EventLog"
    ) -> None:
        self.runner = runner
        self.events = log
        self.transcript: Transcript | None = None
        self.adopted = 0
        self.began = 0.0  # when the last run did, by the wall's clock
        self.since = 0.0  # when the last run was begun, on the loop's clock
        self.quiet = False  # whether what it prints goes nowhere
        self.start_failed = False  # whether it is down because a start failed
        self._lines: list[bytes] = []
        self._seen = 0  # bytes that the transcript held before
        super().__init__(loop, reaper, DIALECT, place, b"", place)
        self.who = b"pyzdaemon"
        launcher = self._launcher
        launcher.argv = [fsencode(word) for word in runner.program]
        launcher.events = log
        launcher.test = [fsencode(word) for word in runner.start_test_program]
        file = find(launcher.argv[0]) or launcher.argv[0]
        # The program may run elsewhere than we are now.
        launcher.file = file if file[:1] == b"/" else posix.getcwdb() + b"/" + file
        self.watchers += (self._note,)
        self.waiting = Waiting(self)

    @property
    def file(self) -> bytes:
        """The file of the program."""
        return self._launcher.file

    def rules(self) -> Rules:
        """What the runner asks for."""
        return rules_for(self.runner)

    def begin(self) -> None:
        """Go on with what was left, or start it."""
        self.state.want = "u"
        super().begin()
        if self.followed:
            self.adopted = self.pid
            self.since = self.state.started
            self.began = time() - (monotonic() - self.since)

    def spawn(self, rules: Rules) -> int:
        """Start it; from now on it counts how long it lives. Return its pid. Raises OSError."""
        self.since = monotonic()
        return super().spawn(rules)

    def started(self, rules: Rules) -> None:
        """It has been started."""
        self.began = time()
        self.events.info(f"spawned process pid={self.pid}")
        super().started(rules)

    def end(self, status: int | None) -> None:
        """It has ended with STATUS."""
        self.events.debug(f"controlled process {self.pid} exited")
        super().end(status)

    # What a person wants.

    @property
    def runs(self) -> bool:
        """Whether there is a process of it."""
        return self.state.phase == UP

    def up(self) -> bool:
        """Have it up; whether it was not."""
        runs = self.runs
        self.feed("u")
        return not runs

    def down(self) -> bool:
        """Have it down; whether it was up."""
        runs = self.runs
        self.feed("d")
        return runs

    def restart(self) -> bool:
        """End it and start it again, or start it; whether it was up."""
        runs = self.runs
        self.feed("u")
        if runs:
            self.feed("r")
        return runs

    def signal(self, signum: int) -> None:
        """Send it SIGNUM. Raises OSError."""
        if self.followed:
            self.followed.kill(signum)
        else:
            # Nobody else reaps: the pid is this process.
            posix.kill(self.pid, signum)

    def give_up(self) -> None:
        """A start failed that somebody waits for: nothing of it is left."""
        self.start_failed = True
        self.feed("d")

    # What it prints.

    def _prepare(self, rules: Rules) -> None:
        if not self.quiet:
            # Its output is the terminal's, or whatever this process was given.
            self._watched = True
        super()._prepare(rules)
        self._lines.clear()
        if self.quiet:
            for fd in (1, 2):
                self.tap(fd)
                self.taps[fd].on_line = self._keep_line
                self.taps[fd].cut()
        elif self.transcript:
            self._seen = self.transcript.size()

    def _keep_line(self, line: bytes) -> None:
        self._lines.append(line)
        del self._lines[:-MANY]

    def last_lines(self) -> list[bytes]:
        """The last lines that it printed, as far as they are known."""
        if self.transcript and self.transcript.file:
            return tail(self.transcript.file, self._seen) + self.transcript.rest()
        return self._lines + [tap.part for tap in self.taps.values() if tap.part]

    def unwritten(self) -> int:
        """How many bytes of what it printed are still to be written."""
        return self.transcript.unread() if self.transcript else 0

    # What is seen of it.

    def _note(self, before: State, after: State) -> None:
        """Have the event log say how a run ended, and what comes now."""
        if before.phase != UP or after.phase == UP:
            return
        code, words = end_words(self.wait_status)
        if after.failures and not self.waiting.failing(before, after.now):
            self._govern(after)
        done = code in after.rules.done_codes and not before.stopping
        exits = "; exiting now" if done else ""
        self.events.info(f"pid {self.session}: {words}{exits}")

    def _govern(self, state: State) -> None:
        backoff = state.rules.backoff
        if backoff and 0 < backoff.most <= state.failures:
            self.events.critical("restarting too frequently; quit")
        elif not state.failed and backoff:
            seconds = backoff.delay(state.failures, 0)
            self.events.info(f"sleep {seconds} to avoid rapid restarts")

    def status(self) -> str:
        """How it is, as zdaemon's status has it."""
        state, runs = self.state, self.state.phase == UP
        due = state.due if state.phase == WAIT else state.kill_at if runs else FOREVER
        backoff = state.failures
        if state.rules.backoff and self.runner.forever:
            backoff = min(backoff, self.runner.backoff_limit)
        pairs = {
            "status": "running" if runs else "stopped",
            "now": repr(time()),
            "should_be_up": str(int(state.want != "d")),
            "delay": repr(time() + due - monotonic() if due < FOREVER else 0),
            "backoff": str(backoff),
            "lasttime": repr(self.began or 0),
            "application": str(self.pid if runs else 0),
            "testing": str(int(runs and not state.ready)),
            "manager": str(posix.getpid()),
            "backofflimit": str(self.runner.backoff_limit),
            "filename": repr(self.file.decode("utf-8", "surrogateescape")),
            "args": repr(list(self.runner.program)),
        }
        if self.runner.name:
            pairs["runner"] = self.runner.name
        return "".join(f"{key}={value}\n" for key, value in pairs.items())
