"""What a service does next: a pure function of its state, an event and the time.

No I/O and no clock in here: an event is a letter that a person sent (the same that svc
writes to a control fifo) or a word for what happened to the process, and the answer is
the next state and what is to be done now. Every history is a list of events in a test.
"""

import _signal

from . import given_times
from .rules import FOREVER, TOO_OFTEN, Rules
from .state import DOWN, FINISHING, LEFT, SWEEPING, UP, WAIT, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # An action is a signal to send to the process, or one of the words below.
    Action = int | str
    Op = Callable[[State], list[Action]]
    Row = Mapping[int, tuple[Op, ...]]

START = "start"  # start run, and say whether it was BORN or UNBORN
SWEEP = "sweep"  # have what run left behind end, and say when it is SWEPT
CULL = "cull"  # kill of what it left behind that which has had its time
FINISH = "finish"  # start finish, and say UNBORN where there is none, GONE when it ended
END_FINISH = "end_finish"  # have finish end, with what it started
MARK, UNMARK = "mark", "unmark"  # make the file `down`; remove it
LEAVE = "leave"  # nothing more will happen here

# What happens to the process, beside the letters.
DUE = "due"  # a deadline may have passed
BORN = "born"  # with the Rules of this start
UNBORN = "unborn"
GONE = "gone"  # with the exit code, or minus the signal
SWEPT = "swept"
MORE = "more"  # of what was left behind, which has until then
READY = "ready"
ALIVE = "alive"  # a sign of life, perhaps with its time
HUNG = "hung"  # with the reason
LAST = "last"  # no more after this one
FOUND = "found"  # a supervisor that was killed left what is to end
ADOPTED = "adopted"  # it left what goes on: with the Rules, its start, if it is ready, if paused

RETRY = 1.0  # seconds until a fork that was refused is tried again
STRAY = 5.0  # seconds that what run left behind has to end, at the most; and again after KILL
SWEEPS = 3  # times that, and what is born meanwhile gets KILL with the others
PERMANENT = 125  # what finish says when there is no point in another start (s6)


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
    after = State.__new__(State)
    for name in State.__slots__:
        setattr(after, name, getattr(state, name))
    after.now, after.value = now, value
    actions: list[Action] = []
    for op in (table or TABLE).get(event, {}).get(state.phase, ()):
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


def _pause(state: State) -> "list[Action]":
    """Who is stopped can give no sign of life, and does not become ready."""
    state.paused = True
    state.watchdog_deadline = state.limit = FOREVER
    return [_signal.SIGSTOP]


def _continue(state: State) -> "list[Action]":
    if state.paused:
        state.paused = False
        state.resumed = state.now
        _patience(state)
    return [_signal.SIGCONT]


def _do(action: "Action") -> "Op":
    return lambda _state: [action]


def _term(state: State) -> "list[Action]":
    state.term = True
    return [_signal.SIGTERM]


def _stop(state: State) -> "list[Action]":
    """Have it end, also if it is stopped; KILL it when that takes too long."""
    state.term = state.stopping = True
    state.paused = False
    state.kill_at = min(state.kill_at, state.now + state.rules.kill_after)
    return [state.rules.down_signal, _signal.SIGCONT]


def _last(state: State) -> "list[Action]":
    state.leaving = True
    return []


# What happens to the process.


def _begin(state: State) -> "list[Action]":
    """Start now, or when the pace or the backoff allows it."""
    state.phase = WAIT
    backoff = state.rules.backoff
    # Any number will do that is not the same for all who began together.
    delay = backoff.delay(state.failures, state.now * 1000 % 1) if backoff else 0
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
    state.watchdog_deadline = state.rules.silent_until(state.now) if state.ready else FOREVER


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
        state.watchdog_deadline = state.rules.silent_until(when)
    return []


def _hung(state: State) -> "list[Action]":
    """It is there and does nothing: end it; what is wanted stays, so it is started again."""
    if state.stopping or state.paused:
        # It is ending already, and its time for that runs; or it cannot do anything.
        return []
    state.why = str(state.value)
    state.watchdog_deadline = state.limit = FOREVER
    return _stop(state)


def _overdue(state: State) -> "list[Action]":
    """A deadline of the running process."""
    if state.kill_at <= state.now:
        state.kill_at = FOREVER
        return [_signal.SIGKILL]
    if state.limit <= state.now:
        state.limit = FOREVER
        state.value = "not ready in time"
        return _hung(state)
    if state.watchdog_deadline <= state.now:
        state.watchdog_deadline = FOREVER
        state.value = "watchdog"
        return _hung(state)
    return []


def _gone(state: State) -> "list[Action]":
    """Run has ended: count it, and end what it left behind."""
    _count(state)
    state.paused = state.ready = state.term = state.stopping = False
    state.kill_at = state.limit = state.watchdog_deadline = FOREVER
    state.finished = False
    if not state.rules.sweep:
        return _swept(state)
    return _sweep(state, patience(state))


def _sweep(state: State, seconds: float) -> "list[Action]":
    """End what was left behind. It has SECONDS for that, and what is born meanwhile a while too."""
    state.phase = SWEEPING
    state.kill_at = state.now + seconds
    state.kill_by = max(state.kill_at, state.now + SWEEPS * patience(state))
    state.limit = FOREVER
    return [SWEEP]


def patience(state: State) -> float:
    """Seconds that what was left behind has to end."""
    return min(STRAY, state.rules.kill_after)


def _adopted(state: State) -> "list[Action]":
    """It runs already; its times begin anew."""
    assert isinstance(state.value, tuple)  # noqa: S101 - for the type checker
    state.value, started, ready, paused = state.value
    _born(state)
    state.started, state.ready = started, ready or not state.rules.waits_ready
    _patience(state)
    return _pause(state)[:0] if paused else []


def _found(state: State) -> "list[Action]":
    """End it before another is started: it has the time of a service for that."""
    state.finished = False
    return _sweep(state, state.rules.kill_after)


def _more(state: State) -> "list[Action]":
    """One more was told to end, and has its time for that, but none after the last."""
    if state.now < state.kill_by and isinstance(state.value, float):
        state.kill_at = min(state.kill_at, state.kill_by, state.value)
        state.limit = FOREVER
    return []


def _cull(state: State) -> "list[Action]":
    state.kill_at = FOREVER
    state.limit = min(state.limit, state.now + STRAY)
    return [CULL]


def _kill_all(state: State) -> "list[Action]":
    state.kill_by = state.now
    return _cull(state)


def _stray(state: State) -> "list[Action]":
    """A deadline of what run left behind. What KILL does not end is the kernel's."""
    if state.limit <= state.now:
        return _swept(state)
    return _cull(state) if state.kill_at <= state.now else []


def _swept(state: State) -> "list[Action]":
    """Nothing is left of run: run finish, if there may be one, and was none."""
    state.kill_at = FOREVER
    if not state.rules.finish or state.finished:
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
    lasted = state.ready and state.now - state.started >= rules.reset
    state.failures = 0 if lasted else state.failures + 1
    many, within = rules.max_deaths
    state.deaths = rules.recent((*state.deaths, state.now))
    if state.value in rules.done_codes:
        _give_up(state, f"exit code {state.value} says that it is done")
    elif 0 < many <= len(state.deaths):
        times = "once" if many == 1 else f"{many} times"
        _give_up(state, f"died {times} within {within:g} seconds")
    elif rules.backoff and 0 < rules.backoff.most <= state.failures:
        _give_up(state, TOO_OFTEN)


def _give_up(state: State, why: str) -> None:
    state.want = "d"
    state.failed = True
    state.why = why


def _finished(state: State) -> "list[Action]":
    """Finish has ended, and what it left has to end too."""
    if state.value == PERMANENT:
        _give_up(state, f"finish exited with code {PERMANENT}")
    state.finished = True
    return _sweep(state, patience(state)) if state.rules.sweep else _next(state)


def _too_long(state: State) -> "list[Action]":
    if state.limit > state.now:
        return []
    state.limit = FOREVER
    return [END_FINISH]


def _hurry(state: State) -> "list[Action]":
    """Whoever says that we are to leave does not wait for a finish that hangs."""
    if state.rules.finish_limit < FOREVER:
        state.limit = min(state.limit, state.now + STRAY)
    return []


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


def _everywhere(op: "Op", row: "Row") -> "Row":
    """The row that does OP in each phase but the last, and after it what ROW has there."""
    return {phase: (op, *row.get(phase, ())) for phase in (DOWN, WAIT, UP, SWEEPING, FINISHING)}


_TO_UP = _everywhere(_want("u"), {DOWN: (_begin,), WAIT: (_begin,)})
_TO_DOWN = _everywhere(_want("d"), {WAIT: (_rest,), UP: (_stop,)})
_AT_MOST_ONCE = _everywhere(_want("o"), {WAIT: (_rest,)})
_LEAVING: "Row" = {DOWN: (_leave,), WAIT: (_leave,), UP: (_last,), SWEEPING: (_last,)}
_LEAVING = {**_LEAVING, FINISHING: (_last, _hurry)}
NAMES = ["HUP", "ALRM", "ABRT", "INT", "QUIT", "USR1", "USR2", "WINCH", "WINCH"]
SIGNALS = {one: getattr(_signal, f"SIG{name}") for one, name in zip("habiq12wy", NAMES)}  # noqa: B905
# For each event what is done in each phase, in order. Where a phase is left out, nothing is.
TABLE: "dict[str, Row]" = {
    "u": _TO_UP,
    "d": _TO_DOWN,
    "o": _everywhere(_want("o"), {DOWN: (_begin,), WAIT: (_begin,)}),
    "O": _AT_MOST_ONCE,
    "U": _everywhere(_do(UNMARK), _TO_UP),
    "D": _everywhere(_do(MARK), _TO_DOWN),
    "Q": _everywhere(_do(MARK), _AT_MOST_ONCE),
    "x": _LEAVING | {UP: (_last, _stop)},
    "p": {UP: (_pause,)},
    "c": {UP: (_continue,)},
    "t": {UP: (_term,)},
    "r": {UP: (_stop,)},
    "k": {UP: (_do(_signal.SIGKILL),), SWEEPING: (_kill_all,), FINISHING: (_do(_signal.SIGKILL),)},
    **{letter: {UP: (_do(signum),)} for letter, signum in SIGNALS.items()},
    DUE: {WAIT: (_start,), UP: (_overdue,), SWEEPING: (_stray,), FINISHING: (_too_long,)},
    BORN: {WAIT: (_born,)},
    UNBORN: {WAIT: (_unborn,), FINISHING: (_next,)},
    GONE: {UP: (_gone,), FINISHING: (_finished,)},
    SWEPT: {SWEEPING: (_swept,)},
    MORE: {SWEEPING: (_more,)},
    READY: {UP: (_ready,)},
    ALIVE: {UP: (_alive,)},
    HUNG: {UP: (_hung,)},
    **given_times.ROWS,
    LAST: _LEAVING,
    FOUND: {DOWN: (_found,)},
    ADOPTED: {DOWN: (_adopted,)},
}
# daemontools' x waits for the service to go down by itself.
PATIENT: "dict[str, Row]" = TABLE | {"x": _LEAVING}
