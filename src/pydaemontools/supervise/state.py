"""What a service does next: a pure function of its state, an event and the time.

No I/O and no clock in here: an event is a letter that a person sent (the same that svc
writes to a control fifo) or a word for what happened to the process, and the answer is
the next state and what is to be done now. Every history is a list of events in a test.
"""

from _signal import (
    SIGABRT,
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

    # An action is a signal to send to the process, or one of the words below.
    Action = int | str
    Op = Callable[["State"], "list[Action]"]
    Row = tuple[tuple["Op", ...], ...]

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

RETRY = 1.0  # seconds until a fork that was refused is tried again
STRAY = 5.0  # seconds that what run left behind has to end, at the most; and again after KILL
PERMANENT = 125  # what finish says when there is no point in another start (s6)


class State:
    """Where a service stands.

    phase: one of the above; want: "u" up, "d" down, "o" once, as in a status file;
    leaving: whether to leave when it is next down; paused: whether it was stopped; term:
    whether TERM was sent; stopping: whether it is to end, and its time for that runs; ready:
    whether it is; failed: whether it was given up; why: the reason for that, or for ending
    it; rules: those of its last start; value: what came with the event; now: the time of
    the event, started: of the last start; due, kill_at, limit, dog: the deadlines for the
    next start, for KILL, for being ready, swept or finished, for a sign of life; deaths:
    times of those that count; failures: short runs in a row. All times are seconds on one
    clock.
    """

    __slots__ = (
        "deaths",
        "dog",
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
        self.due = self.kill_at = self.limit = self.dog = FOREVER
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
        state.failed = False
        if not state.stopping:
            state.why = ""
        if letter != "d":
            # Another chance, however often it died before.
            state.deaths = ()
            state.failures = 0
        return []

    return op


def _signal(signum: int) -> "Op":
    return lambda _state: [signum]


def _pause(state: State) -> "list[Action]":
    """Who is stopped can give no sign of life, and does not become ready."""
    state.paused = True
    state.dog = state.limit = FOREVER
    return [SIGSTOP]


def _continue(state: State) -> "list[Action]":
    if state.paused:
        state.paused = False
        _patience(state)
    return [SIGCONT]


def _do(action: str) -> "Op":
    return lambda _state: [action]


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
    backoff = state.rules.backoff
    # Any number will do that is not the same for all who began together.
    delay = backoff.delay(state.failures, state.now * 1000 % 1) if backoff else 0.0
    state.due = max(state.now + delay, state.started + state.rules.pace)
    return _start(state)


def _start(state: State) -> "list[Action]":
    return [START] if state.due <= state.now else []


def _born(state: State) -> "list[Action]":
    assert isinstance(state.value, Rules)  # noqa: S101 - for the type checker
    state.rules = state.value
    state.phase = UP
    state.started = state.now
    state.due = FOREVER
    state.paused = state.term = state.stopping = False
    state.why = ""
    state.ready = not state.rules.waits_ready
    _patience(state)
    return []


def _patience(state: State) -> None:
    """From now on it has so long to be ready; then, until it shows that it is alive."""
    if state.stopping:
        return
    state.limit = FOREVER if state.ready else state.now + state.rules.ready_limit
    state.dog = state.now + state.rules.silence if state.ready else FOREVER


def _unborn(state: State) -> "list[Action]":
    state.due = state.now + RETRY
    return []


def _ready(state: State) -> "list[Action]":
    state.ready = True
    state.limit = FOREVER
    return _alive(state)


def _alive(state: State) -> "list[Action]":
    """A sign of life, now or at the time that it is given."""
    if state.ready and not state.stopping and not state.paused:
        when = state.value if isinstance(state.value, float) else state.now
        state.dog = when + state.rules.silence
    return []


def _hung(state: State) -> "list[Action]":
    """It is there and does nothing: end it; what is wanted stays, so it is started again."""
    if state.stopping or state.paused:
        # It is ending already, and its time for that runs; or it cannot do anything.
        return []
    state.why = str(state.value)
    state.dog = state.limit = FOREVER
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
        state.dog = FOREVER
        state.value = "watchdog"
        return _hung(state)
    return []


def _gone(state: State) -> "list[Action]":
    """Run has ended: count it, and end what it left behind."""
    _count(state)
    state.paused = state.ready = state.term = state.stopping = False
    state.kill_at = state.limit = state.dog = FOREVER
    if not state.rules.sweep:
        return _swept(state)
    state.phase = SWEEPING
    state.kill_at = state.now + min(STRAY, state.rules.kill_after)
    return [SWEEP]


def _found(state: State) -> "list[Action]":
    """End it before another is started: it has the time of a service for that."""
    state.phase = SWEEPING
    state.kill_at = state.now + state.rules.kill_after
    return [SWEEP]


def _cull(state: State) -> "list[Action]":
    state.kill_at = FOREVER
    state.limit = min(state.limit, state.now + STRAY)
    return [CULL]


def _stray(state: State) -> "list[Action]":
    """A deadline of what run left behind. What KILL does not end is the kernel's."""
    if state.limit <= state.now:
        return _swept(state)
    return _cull(state) if state.kill_at <= state.now else []


def _swept(state: State) -> "list[Action]":
    """Nothing is left of run: run finish, if there may be one."""
    state.kill_at = FOREVER
    if not state.rules.finish:
        return _next(state)
    state.phase = FINISHING
    state.limit = state.now + state.rules.finish_limit
    return [FINISH]


def _count(state: State) -> None:
    """See whether there is a point in another start, and how long to wait for it."""
    if state.term and not state.why:
        # Somebody told it to end: that is no failure.
        state.failures = 0
        return
    rules = state.rules
    reset = rules.backoff.reset if rules.backoff else 0.0
    state.failures = 0 if state.now - state.started >= reset else state.failures + 1
    many, within = rules.max_deaths
    if many:
        recent = [t for t in (*state.deaths, state.now) if t > state.now - within]
        state.deaths = tuple(recent[-many:])
    if state.value in rules.done_codes:
        _give_up(state, f"exit code {state.value} says that it is done")
    elif 0 < many <= len(state.deaths):
        times = "once" if many == 1 else f"{many} times"
        _give_up(state, f"died {times} within {within:g} seconds")


def _give_up(state: State, why: str) -> None:
    state.want = "d"
    state.failed = True
    state.why = why


def _finished(state: State) -> "list[Action]":
    """Finish has ended."""
    if state.value == PERMANENT:
        _give_up(state, f"finish exited with code {PERMANENT}")
    return _next(state)


def _too_long(state: State) -> "list[Action]":
    if state.limit > state.now:
        return []
    state.limit = FOREVER
    return [SIGKILL]


def _next(state: State) -> "list[Action]":
    """What comes after an end."""
    state.limit = FOREVER
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
    return (), (), ops, (), (), ()


NOTHING = _only_up()
_U, _D, _O, _X = (_want("u"),), (_want("d"),), (_want("o"),), (_last,)
_KEEP_DOWN, _KEEP_UP = _do(MARK), _do(UNMARK)
_DOWN = (_D, (*_D, _rest), (*_D, _stop), _D, _D, ())
_UP = ((*_U, _begin), (*_U, _begin), _U, _U, _U, ())
_AT_MOST = (_O, (*_O, _rest), _O, _O, _O, ())
TABLE: "dict[str, Row]" = {
    # event   DOWN            WAIT         UP               SWEEPING            FINISHING
    "u": _UP,
    "d": _DOWN,
    "o": ((*_O, _begin), (*_O, _begin), _O, _O, _O, ()),
    "O": _AT_MOST,
    "U": (*((_KEEP_UP, *ops) for ops in _UP[:-1]), ()),
    "D": (*((_KEEP_DOWN, *ops) for ops in _DOWN[:-1]), ()),
    "Q": (*((_KEEP_DOWN, *ops) for ops in _AT_MOST[:-1]), ()),
    "x": ((_leave,), (_leave,), (*_X, _stop), _X, _X, ()),
    "p": _only_up(_pause),
    "c": _only_up(_continue),
    "h": _only_up(_signal(SIGHUP)),
    "a": _only_up(_signal(SIGALRM)),
    "b": _only_up(_signal(SIGABRT)),
    "i": _only_up(_signal(SIGINT)),
    "t": _only_up(_term),
    "r": _only_up(_stop),
    "k": ((), (), (_signal(SIGKILL),), (_cull,), (_signal(SIGKILL),), ()),
    "q": _only_up(_signal(SIGQUIT)),
    "1": _only_up(_signal(SIGUSR1)),
    "2": _only_up(_signal(SIGUSR2)),
    "w": _only_up(_signal(SIGWINCH)),
    "y": _only_up(_signal(SIGWINCH)),
    DUE: ((), (_start,), (_overdue,), (_stray,), (_too_long,), ()),
    BORN: ((), (_born,), (), (), (), ()),
    UNBORN: ((), (_unborn,), (), (), (_next,), ()),
    GONE: ((), (), (_gone,), (), (_finished,), ()),
    SWEPT: ((), (), (), (_swept,), (), ()),
    READY: _only_up(_ready),
    ALIVE: _only_up(_alive),
    HUNG: _only_up(_hung),
    LAST: ((_leave,), (_leave,), _X, _X, _X, ()),
    FOUND: ((_found,), (), (), (), (), ()),
}
# daemontools' x waits for the service to go down by itself.
PATIENT = TABLE | {"x": TABLE[LAST]}
