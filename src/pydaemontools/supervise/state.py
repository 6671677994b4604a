"""What a service does next: a pure function of its state, an event and the time.

No I/O and no clock in here: an event is a letter that a person sent (the same that svc
writes to a control fifo) or a word for what happened to the process, and the answer is
the next state and what is to be done now. Every history is a list of events in a test.
"""

from _signal import (
    SIGALRM,
    SIGCONT,
    SIGHUP,
    SIGINT,
    SIGKILL,
    SIGQUIT,
    SIGSTOP,
    SIGTERM,
    SIGUSR1,
    SIGUSR2,
    SIGWINCH,
)

from .rules import FOREVER, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # An action is a signal to send, or one of START, FINISH and LEAVE.
    Action = int | str
    Op = Callable[["State"], "list[Action]"]
    Row = tuple[tuple["Op", ...], ...]

# Phases: no process and none to come; none yet but one is due; run is there; finish is
# there; over for good.
DOWN, WAIT, UP, FINISHING, LEFT = range(5)

START = "start"  # start run, and say whether it was BORN or UNBORN
FINISH = "finish"  # start finish, and say so likewise
SWEEP = "sweep"  # end what run left behind
LEAVE = "leave"  # nothing more will happen here

# What happens to the process, beside the letters.
DUE = "due"  # a deadline may have passed
BORN = "born"  # with the Rules of this start
UNBORN = "unborn"
GONE = "gone"  # with the exit code, or minus the signal
READY = "ready"
ALIVE = "alive"  # a sign of life, for the watchdog
HUNG = "hung"  # with the reason

RETRY = 1.0  # seconds until a fork that was refused is tried again
PERMANENT = 125  # what finish says when there is no point in another start (s6)


class State:
    """Where a service stands.

    phase: one of the above; want: "u" up, "d" down, "o" once, as in a status file;
    leaving: whether to leave when it is next down; paused: whether it was stopped; term:
    whether TERM was sent; stopping: whether all of it is to end; ready: whether it is; why: the reason when the supervisor
    ended it or gave it up; now: the time of the last event, changed: of the last change of
    the process, started: of the last start; due, kill_at, limit, dog: deadlines for the
    next start, for KILL, for being ready or finished, for a sign of life; deaths: times of
    those that count; failures: short runs in a row. All times are seconds on one clock.
    """

    __slots__ = (
        "changed",
        "deaths",
        "dog",
        "due",
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
        "why",
    )

    def __init__(self, want: str = "u") -> None:
        self.phase = DOWN
        self.want = want
        self.leaving = False
        self.paused = False
        self.term = self.stopping = False
        self.ready = False
        self.why = ""
        self.rules = Rules()
        self.now = 0.0
        self.changed = 0.0
        self.started = -FOREVER
        self.due = self.kill_at = self.limit = self.dog = FOREVER
        self.deaths: tuple[float, ...] = ()
        self.failures = 0
        self.value: object = None

    def copy(self) -> "State":
        """A state that says the same."""
        other = State.__new__(State)
        for name in State.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    def deadline(self) -> float:
        """When DUE is the next thing to say."""
        return min(self.due, self.kill_at, self.limit, self.dog)


def step(
    state: State,
    event: str,
    now: float,
    value: object = None,
    table: "dict[str, Row] | None" = None,
) -> "tuple[State, list[Action]]":
    """The state after EVENT at the time NOW, and the actions to take, in order.

    An event that means nothing in a phase changes nothing; an unknown letter is no event.
    After LEAVE nothing means anything.
    """
    after = state.copy()
    after.now, after.value = now, value
    actions: list[Action] = []
    for op in (table or TABLE).get(event, NOTHING)[state.phase]:
        actions += op(after)
    return after, actions


# What a person wants.


def _want(letter: str) -> "Op":
    def op(state: State) -> "list[Action]":
        state.want = letter
        if letter != "d":
            state.why = ""
            state.deaths = ()
        return []

    return op


def _signal(signum: int) -> "Op":
    def op(state: State) -> "list[Action]":
        if signum in (SIGSTOP, SIGCONT):
            state.paused = signum == SIGSTOP
        return [signum]

    return op


def _term(state: State) -> "list[Action]":
    state.term = True
    return [SIGTERM]


def _stop(state: State) -> "list[Action]":
    """Tell it to end, and see that a stopped one hears it; KILL when it takes too long."""
    state.term = state.stopping = True
    state.paused = False
    state.kill_at = min(state.kill_at, state.now + state.rules.kill_after)
    return [state.rules.down_signal, SIGCONT]


def _last(state: State) -> "list[Action]":
    state.leaving = True
    return []


# What happens to the process.


def _begin(state: State) -> "list[Action]":
    """Start now, or when the pace or the backoff allows it."""
    state.phase = WAIT
    delay = 0.0
    if state.rules.backoff:
        luck = state.now * 1000 % 1
        delay = state.rules.backoff.delay(state.failures, luck)
    state.due = max(state.now + delay, state.started + state.rules.pace)
    return _start(state)


def _start(state: State) -> "list[Action]":
    return [START] if state.due <= state.now else []


def _born(state: State) -> "list[Action]":
    assert isinstance(state.value, Rules)  # noqa: S101 - for the type checker
    state.rules = state.value
    state.phase = UP
    state.started = state.changed = state.now
    state.due = FOREVER
    state.paused = state.term = state.stopping = False
    state.ready = not state.rules.waits_ready
    state.limit = FOREVER if state.ready else state.now + state.rules.ready_limit
    state.dog = state.now + state.rules.watchdog
    return []


def _unborn(state: State) -> "list[Action]":
    state.due = state.now + RETRY
    return []


def _ready(state: State) -> "list[Action]":
    state.ready = True
    state.limit = FOREVER
    return []


def _alive(state: State) -> "list[Action]":
    state.dog = state.now + state.rules.watchdog
    return []


def _hung(state: State) -> "list[Action]":
    """It is there and does nothing: end it; what is wanted stays, so it is started again."""
    state.why = str(state.value)
    state.dog = FOREVER
    return _stop(state)


def _overdue(state: State) -> "list[Action]":
    """A deadline of the running process."""
    if state.kill_at <= state.now:
        state.kill_at = FOREVER
        return [SIGKILL]
    if state.limit <= state.now:
        state.limit = FOREVER
        state.value = "not ready in time"
        return _hung(state)
    if state.dog <= state.now:
        state.value = "watchdog"
        return _hung(state)
    return []


def _gone(state: State) -> "list[Action]":
    """run has ended: count it, and run finish if there is one."""
    _count(state)
    swept: list[Action] = [SWEEP] if state.stopping else []
    state.paused = state.ready = False
    state.changed = state.now
    state.kill_at = state.limit = state.dog = FOREVER
    if state.rules.finish:
        state.phase = FINISHING
        state.limit = state.now + state.rules.finish_limit
        return [*swept, FINISH]
    return [*swept, *_next(state)]


def _count(state: State) -> None:
    rules = state.rules
    reset = rules.backoff.reset if rules.backoff else 0.0
    state.failures = 0 if state.now - state.started >= reset else state.failures + 1
    many, within = rules.max_deaths
    state.deaths = tuple(t for t in (*state.deaths, state.now) if t > state.now - within)[-many:]
    if state.value in rules.done_codes:
        state.want = "d"
        state.why = f"exit code {state.value} says that it is done"
    elif 0 < many <= len(state.deaths):
        state.want = "d"
        state.why = f"died {many} times within {within:g} seconds"


def _finished(state: State) -> "list[Action]":
    """finish has ended."""
    state.changed = state.now
    state.limit = FOREVER
    if state.value == PERMANENT:
        state.want = "d"
        state.why = f"finish exited with code {PERMANENT}"
    return _next(state)


def _unfinished(state: State) -> "list[Action]":
    """There could be no process for finish: go on without."""
    return _next(state)


def _too_long(state: State) -> "list[Action]":
    if state.limit > state.now:
        return []
    state.limit = FOREVER
    return [SIGKILL]


def _next(state: State) -> "list[Action]":
    """What comes after an end."""
    state.term = False
    if state.leaving:
        return _leave(state)
    return _begin(state) if state.want == "u" else _rest(state)


def _rest(state: State) -> "list[Action]":
    state.phase = DOWN
    state.due = FOREVER
    return []


def _leave(state: State) -> "list[Action]":
    _rest(state)
    state.phase = LEFT
    return [LEAVE]


def _only_up(*ops: "Op") -> "Row":
    return (), (), ops, (), ()


NOTHING: "Row" = ((), (), (), (), ())
_U, _D, _O = _want("u"), _want("d"), _want("o")
TABLE: "dict[str, Row]" = {
    # event  DOWN           WAIT         UP            FINISHING      LEFT
    "u": ((_U, _begin), (_U,), (_U,), (_U,), ()),
    "d": ((_D,), (_D, _rest), (_D, _stop), (_D,), ()),
    "o": ((_O, _begin), (_O,), (_O,), (_O,), ()),
    "x": ((_leave,), (_leave,), (_last, _stop), (_last,), ()),
    "p": _only_up(_signal(SIGSTOP)),
    "c": _only_up(_signal(SIGCONT)),
    "h": _only_up(_signal(SIGHUP)),
    "a": _only_up(_signal(SIGALRM)),
    "i": _only_up(_signal(SIGINT)),
    "t": _only_up(_term),
    "k": _only_up(_signal(SIGKILL)),
    "q": _only_up(_signal(SIGQUIT)),
    "1": _only_up(_signal(SIGUSR1)),
    "2": _only_up(_signal(SIGUSR2)),
    "w": _only_up(_signal(SIGWINCH)),
    "r": _only_up(_stop),
    DUE: ((), (_start,), (_overdue,), (_too_long,), ()),
    BORN: ((), (_born,), (), (), ()),
    UNBORN: ((), (_unborn,), (), (_unfinished,), ()),
    GONE: ((), (), (_gone,), (_finished,), ()),
    READY: _only_up(_ready),
    ALIVE: _only_up(_alive),
    HUNG: _only_up(_hung),
}
# daemontools' x waits for the service to go down by itself.
PATIENT = TABLE | {"x": ((_leave,), (_leave,), (_last,), (_last,), ())}
