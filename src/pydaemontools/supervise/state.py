"""Where a service stands, and the words in which that changes: phases, events, actions.

An event is a letter that a person sent (the same that svc writes to a control fifo) or a word
for what happened to the process. What an event brings in a phase is in table.py.
"""

from .rules import FOREVER, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    # An action is a signal to send to the process, or one of the words below.
    Action = int | str

# Phases: no process and none to come; none yet but one is due; run is there; it has ended
# but not all that it started; finish is there; over for good.
PHASES = ("DOWN", "WAIT", "UP", "SWEEPING", "FINISHING", "LEFT")
DOWN, WAIT, UP, SWEEPING, FINISHING, LEFT = range(6)

START = "start"  # start run, and say whether it was BORN or UNBORN
SWEEP = "sweep"  # tell what run left behind to end, and say when it is SWEPT
CULL = "cull"  # kill what it left behind
FINISH = "finish"  # start finish, and say UNBORN where there is none, GONE when it ended
MARK, UNMARK = "mark", "unmark"  # make the file `down`; remove it
LEAVE = "leave"  # nothing more will happen here

# What happens to the process, beside the letters.
DUE = "due"  # a deadline may have passed
BORN = "born"  # with the Rules of this start
UNBORN = "unborn"
GONE = "gone"  # with the exit code, or minus the signal
SWEPT = "swept"
READY = "ready"
ALIVE = "alive"  # a sign of life, perhaps with its time
HUNG = "hung"  # with the reason
LAST = "last"  # no more after this one
FOUND = "found"  # one is there that a supervisor left, which was killed


class State:
    """Where a service stands.

    phase: one of the above; want: "u" up, "d" down, "o" once, as in a status file;
    leaving: whether to leave when it is next down; paused: whether it was stopped; term:
    whether TERM was sent; stopping: whether it is to end, and its time for that runs; ready:
    whether it is; failed: whether it was given up; why: the reason for that, or for ending
    it; rules: those of its last start; value: what came with the event; now: the time of
    the event, started: of the last start; due, kill_at, limit, watchdog_deadline: when
    the next start, KILL, the end of being made ready, swept or finished, and a sign of life
    are due; deaths: times of those that count; failures: short runs in a row. All times are
    seconds on one clock.
    """

    __slots__ = (
        "deaths",
        "due",
        "failed",
        "failures",
        "kill_at",
        "leaving",
        "limit",
        "now",
        "paused",
        "phase",
        "ready",
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
        self.ready = self.failed = False
        self.why = ""
        self.rules = Rules()
        self.value: object = None
        self.now = 0.0
        self.started = -FOREVER
        self.due = self.kill_at = self.limit = self.watchdog_deadline = FOREVER
        self.deaths: tuple[float, ...] = ()
        self.failures = 0

    def copy(self) -> "State":
        """A state that says the same."""
        other = State.__new__(State)
        for name in State.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    def deadline(self) -> float:
        """When DUE is the next thing to say."""
        return min(self.due, self.kill_at, self.limit, self.watchdog_deadline)
