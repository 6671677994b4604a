"""The table of the supervisor: histories go in, actions come out, and no second passes."""

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

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.supervise.state import (
    BORN,
    DOWN,
    DUE,
    GONE,
    LEAVE,
    LEFT,
    PACE,
    START,
    TABLE,
    UNBORN,
    UP,
    WAIT,
    State,
    step,
)

TERMINATE = [SIGTERM, SIGCONT]
NEVER = float("inf")

# A history is a list of (time, event, the actions that it has to bring).
HISTORIES = {
    "dies after more than a second and is started the moment it does": [
        (0, "u", [START]),
        (0, BORN, []),
        (7, GONE, [START]),
        (7, BORN, []),
    ],
    "dies at once and is started when a second has passed since its start": [
        (0, "u", [START]),
        (0, BORN, []),
        (0.25, GONE, []),
        (0.75, DUE, []),
        (1, DUE, [START]),
        (1, BORN, []),
        (1.25, GONE, []),
        (2, DUE, [START]),
    ],
    "dies after exactly a second and waits for nothing": [
        (0, "u", [START]),
        (0, BORN, []),
        (1, GONE, [START]),
    ],
    "counts the second from the start and not from the order to start": [
        (0, "u", [START]),
        (0.5, BORN, []),
        (1, GONE, []),
        (1, DUE, []),
        (1.5, DUE, [START]),
    ],
    "hears when it dies while it is paused": [
        (0, "u", [START]),
        (0, BORN, []),
        (2, "p", [SIGSTOP]),
        (3, GONE, [START]),
        (3, BORN, []),
    ],
    "is told down while it is paused, and woken up to hear it": [
        (0, "u", [START]),
        (0, BORN, []),
        (2, "p", [SIGSTOP]),
        (3, "d", TERMINATE),
        (3, GONE, []),
        (9, DUE, []),
    ],
    "is told down while it is up": [
        (0, "u", [START]),
        (0, BORN, []),
        (5, "d", TERMINATE),
        (6, GONE, []),
        (7, DUE, []),
    ],
    "is told down while it waits for its second": [
        (0, "u", [START]),
        (0, BORN, []),
        (0.25, GONE, []),
        (0.5, "d", []),
        (1, DUE, []),
        (2, DUE, []),
    ],
    "is told down, and up again while it goes down": [
        (0, "u", [START]),
        (0, BORN, []),
        (5, "d", TERMINATE),
        (5, "u", []),
        (6, GONE, [START]),
    ],
    "is told up again too early after it was told down": [
        (0, "u", [START]),
        (0, BORN, []),
        (0.25, "d", TERMINATE),
        (0.25, GONE, []),
        (0.5, "u", []),
        (1, DUE, [START]),
    ],
    "is told up again late after it was told down": [
        (0, "u", [START]),
        (0, BORN, []),
        (0.25, "d", TERMINATE),
        (0.25, GONE, []),
        (9, "u", [START]),
    ],
    "does not hear the first TERM, and gets another": [
        (0, "u", [START]),
        (0, BORN, []),
        (5, "d", TERMINATE),
        (6, "d", TERMINATE),
        (7, "k", [SIGKILL]),
        (7, GONE, []),
    ],
    "is up once": [
        (0, "o", [START]),
        (0, BORN, []),
        (5, GONE, []),
        (9, DUE, []),
        (9, "o", [START]),
    ],
    "is told once while it is up, and not started again": [
        (0, "u", [START]),
        (0, BORN, []),
        (5, "o", []),
        (6, GONE, []),
    ],
    "is told once while it waits, and started that once": [
        (0, "u", [START]),
        (0, BORN, []),
        (0.25, GONE, []),
        (0.5, "o", []),
        (1, DUE, [START]),
        (1, BORN, []),
        (5, GONE, []),
    ],
    "is told to exit while it is up, and leaves when that ends by itself": [
        (0, "u", [START]),
        (0, BORN, []),
        (5, "x", []),
        (6, "u", []),
        (7, GONE, [LEAVE]),
    ],
    "is told down and exit, as TERM says it": [
        (0, "u", [START]),
        (0, BORN, []),
        (5, "d", TERMINATE),
        (5, "x", []),
        (6, GONE, [LEAVE]),
        (7, "u", []),
        (7, DUE, []),
        (8, "x", []),
    ],
    "is told down and exit while it waits": [
        (0, "u", [START]),
        (0, BORN, []),
        (0.25, GONE, []),
        (0.5, "d", []),
        (0.5, "x", [LEAVE]),
        (1, DUE, []),
    ],
    "is told down and exit while there is nothing": [
        (0, "d", []),
        (0, "x", [LEAVE]),
        (1, "x", []),
    ],
    "meets a fork that is refused, and tries again after a second": [
        (0, "u", [START]),
        (0, UNBORN, []),
        (0.5, DUE, []),
        (1, DUE, [START]),
        (1.25, UNBORN, []),
        (2, DUE, []),
        (2.25, DUE, [START]),
        (2.25, BORN, []),
        (9, GONE, [START]),
    ],
    "is told down while fork is refused": [
        (0, "u", [START]),
        (0, UNBORN, []),
        (0.5, "d", []),
        (1, DUE, []),
    ],
    "hears nothing of letters that are none": [
        (0, "u", [START]),
        (0, BORN, []),
        (1, "?", []),
        (1, "\0", []),
        (1, "U", []),
        (1, "", []),
        (5, GONE, [START]),
    ],
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_a_service_that(history):
    """Every history brings its actions, whatever came before."""
    state = State()
    for now, event, expected in history:
        state, actions = step(state, event, now)
        assert (now, event, actions) == (now, event, expected)


def in_phase(phase):
    """A state in PHASE at the time 10, half a second after the last start."""
    state = State()
    state.phase = phase
    state.started = 9.5
    state.due = 10.5 if phase == WAIT else NEVER
    return state


SAME = []  # stays in its phase and asks for nothing
# For each event what it brings in each phase: the phase after it, and the actions. Nothing
# is left out: what is not here is not in the table.
ONLY_UP = {
    "p": SIGSTOP,
    "c": SIGCONT,
    "h": SIGHUP,
    "a": SIGALRM,
    "i": SIGINT,
    "t": SIGTERM,
    "k": SIGKILL,
    "q": SIGQUIT,
    "1": SIGUSR1,
    "2": SIGUSR2,
    "w": SIGWINCH,
}
MATRIX = {letter: (SAME, SAME, (UP, [signum])) for letter, signum in ONLY_UP.items()} | {
    # event  DOWN           WAIT           UP
    "u": ((WAIT, []), SAME, SAME),
    "o": ((WAIT, []), SAME, SAME),
    "d": (SAME, (DOWN, []), (UP, TERMINATE)),
    "x": ((LEFT, [LEAVE]), (LEFT, [LEAVE]), SAME),
    DUE: (SAME, SAME, SAME),
    BORN: (SAME, (UP, []), SAME),
    UNBORN: (SAME, (WAIT, []), SAME),
    GONE: (SAME, SAME, (WAIT, [])),
}
CELLS = [(event, phase) for event in MATRIX for phase in (DOWN, WAIT, UP, LEFT)]


def test_the_matrix_below_has_every_event_of_the_table():
    """So that no event can be added without saying what it means in each phase."""
    assert set(MATRIX) == set(TABLE)


@pytest.mark.parametrize(("event", "phase"), CELLS)
def test_each_event_means_what_the_matrix_says_in_each_phase(event, phase):
    """After LEAVE nothing means anything; all else is written down."""
    expected = SAME if phase == LEFT else MATRIX[event][phase]
    state, actions = step(in_phase(phase), event, 10)
    assert (state.phase, actions) == (expected or (phase, []))


@pytest.mark.parametrize("phase", [DOWN, WAIT, UP, LEFT])
def test_a_letter_that_is_none_changes_nothing(phase):
    """Whatever byte comes in through a fifo."""
    for letter in {chr(i) for i in range(256)} - set(TABLE):
        before = in_phase(phase)
        after, actions = step(before, letter, 10)
        assert actions == []
        assert everything(after) == everything(before) | {"now": 10}


@pytest.mark.parametrize(
    ("letter", "want"), [("u", "u"), ("d", "d"), ("o", "o"), ("x", "u"), ("p", "u")]
)
@pytest.mark.parametrize("phase", [DOWN, WAIT, UP])
def test_what_is_wanted_is_remembered(letter, want, phase):
    """A status file shows it."""
    assert step(in_phase(phase), letter, 10)[0].want == want


def test_paused_is_true_from_stop_to_whatever_ends_it():
    """Continue, down and the process's end do; a status file shows it."""
    paused = step(in_phase(UP), "p", 10)[0]
    assert paused.paused
    assert step(paused, "t", 11)[0].paused
    for event in "c", "d", GONE:
        assert not step(paused, event, 11)[0].paused


def test_a_process_that_is_down_is_not_paused():
    """There is nobody to be."""
    assert not step(in_phase(DOWN), "p", 10)[0].paused


def test_the_state_before_an_event_stays_what_it_was():
    """It is a function: a history may branch."""
    for event, phase in CELLS:
        before = in_phase(phase)
        seen = everything(before)
        step(before, event, 10)
        assert everything(before) == seen


def everything(state):
    """All that STATE says."""
    return {name: getattr(state, name) for name in State.__slots__}


class World:
    """A process table beside the table: does what it is told, and objects to nonsense."""

    def __init__(self):
        self.state = State()
        self.now = 0.0
        self.alive = False
        self.left = False
        self.starts = []

    def feed(self, event, *, refuse):
        """Let EVENT happen, fork being refused if REFUSE; check all that must always hold."""
        self.state, actions = step(self.state, event, self.now)
        assert not (self.left and actions)
        for action in actions:
            if action == START:
                self.start(refuse=refuse)
            elif action == LEAVE:
                assert not self.alive
                self.left = True
            else:
                assert self.alive
        assert (self.state.phase == UP) == self.alive
        assert (self.state.phase == LEFT) == self.left
        assert (self.state.phase == WAIT) == (self.state.due < NEVER)

    def start(self, *, refuse):
        """Fork, or be refused."""
        assert not self.alive
        if not refuse:
            self.starts.append(self.now)
            self.alive = True
        self.feed(UNBORN if refuse else BORN, refuse=False)


# Eighths of a second: sums of them are exact, so that a second is one.
TICKS = st.integers(0, 12).map(lambda eighths: eighths / 8)
ANYTHING = st.sampled_from([*TABLE, "die", "die", "?", "u", "u"])
STEPS = st.lists(st.tuples(TICKS, ANYTHING, st.booleans()), max_size=60)


@given(STEPS)
def test_whatever_happens_a_few_things_always_hold(steps):
    """Two starts are a second apart, nothing starts twice, nobody else is signalled."""
    world = World()
    for pause, event, refuse in steps:
        world.now += pause
        if event == "die" or event in (BORN, UNBORN, GONE):
            # Such things happen to a process that is there, and only there.
            if world.alive:
                world.alive = False
                world.feed(GONE, refuse=refuse)
        else:
            world.feed(event, refuse=refuse)
        if not world.left:
            world.feed(DUE, refuse=refuse)
    gaps = [b - a for a, b in zip(world.starts, world.starts[1:], strict=False)]
    assert all(gap >= PACE for gap in gaps)


@given(STEPS)
def test_whatever_happened_a_service_that_is_wanted_comes_up_within_two_seconds(steps):
    """Unless it was told to leave: nothing it went through leaves it stuck."""
    world = World()
    for pause, event, refuse in steps:
        world.now += pause
        if event not in ("die", BORN, UNBORN, GONE):
            world.feed(event, refuse=refuse)
        elif world.alive:
            world.alive = False
            world.feed(GONE, refuse=refuse)
    world.feed("u", refuse=False)
    for _ in range(2):
        world.now += 1
        world.feed(DUE, refuse=False)
    assert world.alive or world.left
