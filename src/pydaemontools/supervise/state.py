"""Where a service stands: all that is remembered of it, and nothing else."""

from .rules import FOREVER, PROGRAM

BEFORE = -FOREVER  # when nothing had been yet

# Phases: no process and none to come; none yet but one is due; run is there; it has ended
# but not all that it started; finish is there; over for good.
PHASES = ("DOWN", "WAIT", "UP", "SWEEPING", "FINISHING", "LEFT")
DOWN, WAIT, UP, SWEEPING, FINISHING, LEFT = range(6)


class State:
    """Where a service stands.

    phase: one of the above; want: "u" up, "d" down, "o" once, as in a status file;
    leaving: whether to leave when it is next down; paused: whether it was stopped; term:
    whether TERM was sent; stopping: whether it is to end, and its time for that runs; ready:
    whether it is; failed: whether it was given up; why: the reason for that, or for ending
    it; rules: those of its last start; value: what came with the event; now: the time of
    the event, started: of the last start, resumed: of the end of
    its last pause; due, kill_at, limit, watchdog_deadline: when
    the next start, KILL, the end of being made ready, swept or finished, and a sign of life
    are due; kill_by: when all that is swept gets KILL; finished: whether finish has been run
    since the last end; deaths: times of those that count; failures: runs in a row that were
    short, or never ready. All times are seconds on one clock.
    """

    __slots__ = (
        "deaths",
        "due",
        "failed",
        "failures",
        "finished",
        "kill_at",
        "kill_by",
        "leaving",
        "limit",
        "now",
        "paused",
        "phase",
        "ready",
        "resumed",
        "rules",
        "started",
        "stopping",
        "term",
        "value",
        "want",
        "watchdog_deadline",
        "why",
    )

    def __init__(self, want: str = "u") -> None:
        self.phase = DOWN
        self.want = want
        self.leaving = self.paused = self.term = self.stopping = False
        self.ready = self.failed = self.finished = False
        self.why = ""
        self.rules = PROGRAM
        self.value: object = None
        self.now = 0.0
        self.started = self.resumed = BEFORE
        self.due = self.kill_at = self.kill_by = self.limit = self.watchdog_deadline = FOREVER
        self.deaths: tuple[float, ...] = ()
        self.failures = 0

    def deadline(self) -> float:
        """When DUE is the next thing to say."""
        return min(self.due, self.kill_at, self.limit, self.watchdog_deadline)
