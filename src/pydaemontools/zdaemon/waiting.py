"""Who waits for a program to be started, or to be stopped, is told when that is known.

Nobody has to ask again: it is known when the program has lived for start-delay, or has passed its
start test; when it died before that; when nothing of it runs.
"""

import posix
from time import monotonic

from ..base.printable import plain
from ..supervise.rules import TOO_OFTEN
from ..supervise.state import DOWN, LEFT, UP, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from ..jobs.loop import Loop
    from .runner import Runner

    Tell = Callable[[str], None]

    class Program(Protocol):
        """What a program is to those who wait for it."""

        loop: Loop
        runner: Runner
        state: State
        pid: int
        starts: int
        since: float
        adopted: int
        wait_status: int | None
        watchers: tuple[Callable[[State, State], None], ...]

        def give_up(self) -> None:
            """Have nothing of it left."""

        def unwritten(self) -> int:
            """How many bytes of what it printed are still to be written."""

        def last_lines(self) -> list[bytes]:
            """The last lines that it printed."""


LOOK = 0.01  # seconds until we look again whether the last lines have been written
DRAIN = 0.2  # seconds that they have for it
MANY = 20  # lines that are told
UNKNOWN = -1  # the code of one that has none


class Waiting:
    """Those that wait for PROGRAM."""

    def __init__(self, program: "Program") -> None:
        self._program = program
        self._started: list[Tell] = []
        self._stopped: list[Tell] = []
        self._why = ""  # why a start failed, while its last lines are waited for
        self._until = 0.0
        self.on_told: Callable[[], None] = lambda: None  # called when nobody is left to be told
        program.watchers += (self._changed,)

    @property
    def busy(self) -> bool:
        """Whether somebody has still to be told of a start that failed."""
        return bool(self._why)

    def for_start(self, tell: "Tell") -> None:
        """Call TELL when it is known whether the program is started."""
        self._started.append(tell)
        self._program.loop.at_turn_end(self._look)

    def for_stop(self, tell: "Tell") -> None:
        """Call TELL when nothing of it runs."""
        self._stopped.append(tell)
        self._program.loop.at_turn_end(self._look)

    def forget(self, tell: "Tell") -> None:
        """TELL is not to be called any more."""
        for waiting in (self._started, self._stopped):
            if tell in waiting:
                waiting.remove(tell)

    def failing(self, before: State, now: float) -> bool:
        """Whether the run that has ended, BEFORE that so, is a start that failed."""
        if not self._started or before.stopping:
            return False
        if before.rules.waits_ready:
            return not before.ready
        return now < self._program.since + self._program.runner.start_delay

    def _changed(self, before: State, after: State) -> None:
        program = self._program
        if before.phase == UP != after.phase and self.failing(before, after.now):
            self._why = end_words(program.wait_status)[1]
            self._until = after.now + DRAIN
            if not program.runner.forever:
                program.give_up()
        program.loop.at_turn_end(self._look)

    def _look(self) -> None:
        """Tell what is known by now."""
        program, state = self._program, self._program.state
        if self._why:
            if program.unwritten() and monotonic() < self._until:
                program.loop.at(monotonic() + LOOK, self._look)
                return
            self._fail(self._why, program.last_lines())
            self._why = ""
            program.loop.at_turn_end(self.on_told)
        if state.phase in (DOWN, LEFT):
            self._fail(self._reason(), program.last_lines())
            self._say(self._stopped, "stopped\n")
        elif state.phase == UP and state.ready and not state.stopping and self._started:
            tested = state.rules.waits_ready
            due = program.since + (0 if tested else program.runner.start_delay)
            if due <= monotonic():
                word = "running" if program.adopted == program.pid else "started"
                self._say(self._started, f"{word}\npid={program.pid}\n")
            else:
                program.loop.at(due, self._look)

    def _reason(self) -> str:
        """Why it does not run, and will not."""
        program = self._program
        if program.state.why == TOO_OFTEN:
            return TOO_OFTEN
        return end_words(program.wait_status)[1] if program.starts else "it was stopped"

    def _fail(self, reason: str, lines: list[bytes]) -> None:
        if self._started:
            shown = [plain(line).decode("utf-8", "replace") for line in lines[-MANY:]]
            said = [f"reason={reason}", *(f"line={line}" for line in shown)]
            self._say(self._started, "failed\n" + "".join(line + "\n" for line in said))

    def _say(self, waiting: "list[Tell]", text: str) -> None:
        told = waiting[:]
        waiting.clear()
        for tell in told:
            tell(text)


def tail(path: bytes, begin: int) -> list[bytes]:
    """The last lines of the file PATH, from BEGIN on; none if they cannot be had."""
    from ..base.shared_dir import open_file

    try:
        fd = open_file(path, posix.O_RDONLY)
    except OSError:
        return []
    try:
        size = posix.fstat(fd).st_size
        begin = max(begin if begin <= size else 0, size - 8192)
        return posix.pread(fd, 8192, begin).splitlines()[-MANY:]
    finally:
        posix.close(fd)


def end_words(status: int | None) -> tuple[int, str]:
    """The exit code that a wait STATUS holds, or UNKNOWN, and words for it; None is not known."""
    if status is None:
        return UNKNOWN, "ended in a way that nobody saw"
    if posix.WIFEXITED(status):
        code = posix.WEXITSTATUS(status)
        return code, f"exit status {code}"
    if not posix.WIFSIGNALED(status):
        return UNKNOWN, f"unknown termination cause 0x{status:04x}"
    from ..base.errors import signal_name

    core = " (core dumped)" if status & 0x80 else ""
    return UNKNOWN, "terminated by " + signal_name(posix.WTERMSIG(status)).decode() + core
