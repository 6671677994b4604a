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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # An action is a signal to send, or one of START and LEAVE.
    Action = int | str
    Op = Callable[["State"], "list[Action]"]

# Phases: no process and none to come, none yet but one is due, one is there, over for good.
DOWN, WAIT, UP, LEFT = range(4)

START = "start"  # start the process, and say whether it was BORN or UNBORN
LEAVE = "leave"  # nothing more will happen here

# What happens to the process, beside the letters.
DUE = "due"
BORN = "born"
UNBORN = "unborn"
GONE = "gone"

PACE = 1.0  # seconds between two starts, at the least
RETRY = 1.0  # seconds until a fork that was refused is tried again


class State:
    """Where a service stands.

    phase: DOWN, WAIT, UP or LEFT; want: "u" up, "d" down, "o" once, as in a status file;
    leaving: whether to leave when it is next down; paused: whether it was stopped;
    now: the time of the last event; started, due: times (seconds) on the same clock.
    """

    __slots__ = ("due", "leaving", "now", "paused", "phase", "started", "want")

    def __init__(self, want: str = "u") -> None:
        self.phase = DOWN
        self.want = want
        self.leaving = False
        self.paused = False
        self.now = 0.0
        self.started = float("-inf")
        self.due = float("inf")

    def copy(self) -> "State":
        """A state that says the same."""
        other = State()
        for name in State.__slots__:
            setattr(other, name, getattr(self, name))
        return other


def step(state: State, event: str, now: float) -> "tuple[State, list[Action]]":
    """The state after EVENT at the time NOW, and the actions to take, in order.

    An event that means nothing in a phase changes nothing; an unknown letter is no event.
    After LEAVE nothing means anything.
    """
    after = state.copy()
    after.now = now
    actions: list[Action] = []
    for op in () if state.phase == LEFT else TABLE.get(event, NOTHING)[state.phase]:
        actions += op(after)
    return after, actions


def _want(letter: str) -> "Op":
    def op(state: State) -> "list[Action]":
        state.want = letter
        return []

    return op


def _signal(signum: int) -> "Op":
    def op(state: State) -> "list[Action]":
        if signum in (SIGSTOP, SIGCONT):
            state.paused = signum == SIGSTOP
        return [signum]

    return op


def _begin(state: State) -> "list[Action]":
    """Start now, or when a second has passed since the last start."""
    state.phase = WAIT
    state.due = max(state.now, state.started + PACE)
    return [START] if state.due <= state.now else []


def _start(state: State) -> "list[Action]":
    return [START] if state.due <= state.now else []


def _born(state: State) -> "list[Action]":
    state.phase = UP
    state.started = state.now
    state.due = float("inf")
    state.paused = False
    return []


def _unborn(state: State) -> "list[Action]":
    state.due = state.now + RETRY
    return []


def _rest(state: State) -> "list[Action]":
    state.phase = DOWN
    state.due = float("inf")
    return []


def _last(state: State) -> "list[Action]":
    state.leaving = True
    return []


def _leave(state: State) -> "list[Action]":
    _rest(state)
    state.phase = LEFT
    return [LEAVE]


def _gone(state: State) -> "list[Action]":
    state.paused = False
    if state.leaving:
        return _leave(state)
    return _begin(state) if state.want == "u" else _rest(state)


def _only_up(signum: int) -> "tuple[tuple[Op, ...], ...]":
    return (), (), (_signal(signum),)


NOTHING: "tuple[tuple[Op, ...], ...]" = ((), (), ())
TABLE: "dict[str, tuple[tuple[Op, ...], ...]]" = {
    # event   DOWN                   WAIT                  UP
    "u": ((_want("u"), _begin), (_want("u"),), (_want("u"),)),
    "d": (
        (_want("d"),),
        (_want("d"), _rest),
        (_want("d"), _signal(SIGTERM), _signal(SIGCONT)),
    ),
    "o": ((_want("o"), _begin), (_want("o"),), (_want("o"),)),
    "x": ((_leave,), (_leave,), (_last,)),
    "p": _only_up(SIGSTOP),
    "c": _only_up(SIGCONT),
    "h": _only_up(SIGHUP),
    "a": _only_up(SIGALRM),
    "i": _only_up(SIGINT),
    "t": _only_up(SIGTERM),
    "k": _only_up(SIGKILL),
    "q": _only_up(SIGQUIT),
    "1": _only_up(SIGUSR1),
    "2": _only_up(SIGUSR2),
    "w": _only_up(SIGWINCH),
    DUE: ((), (_start,), ()),
    BORN: ((), (_born,), ()),
    UNBORN: ((), (_unborn,), ()),
    GONE: ((), (), (_gone,)),
}
