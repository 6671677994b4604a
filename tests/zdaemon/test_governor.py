"""When a program that keeps dying is started again: histories without a process or a clock."""

import pytest

from pydaemontools.supervise import table
from pydaemontools.supervise.state import DOWN, UP, WAIT, State
from pydaemontools.supervise.table import BORN, DUE, GONE, START, SWEPT, UNBORN, step
from pydaemontools.zdaemon.governor import rules_for
from pydaemontools.zdaemon.runner import Runner


def history(runner, lives, code=1):
    """The waits before each start of RUNNER, which lives for so long each time, and its end."""
    rules, state, now = rules_for(runner), State(), 0.0
    state, actions = step(state, "u", now)
    waits = []
    for life in lives:
        assert START in actions
        state, _ = step(state, BORN, now, rules)
        now += life
        state, actions = step(state, GONE, now, code)
        state, actions = step(state, SWEPT, now)
        if state.phase != WAIT:
            break
        waits.append(round(state.due - now, 6))
        now = max(now, state.due)
        if START not in actions:
            state, actions = step(state, DUE, now)
    return waits, state


def test_waits_grow_by_a_second():
    """2.3 measured: a limit of 4 is 4 runs, with waits of 1, 2 and 3 seconds, and then the end."""
    waits, state = history(Runner(backoff_limit=4), [0.1] * 10)
    assert waits == [1, 2, 3]
    assert state.phase == DOWN
    assert state.failed
    assert state.why == "restarting too frequently"


def test_forever_waits_no_longer_than_the_limit():
    """With forever it does not give up, and waits at most backoff-limit."""
    waits, state = history(Runner(backoff_limit=3, forever=True), [0.1] * 6)
    assert waits == [1, 2, 3, 3, 3, 3]
    assert not state.failed


def test_a_run_of_the_limit_starts_over():
    """What lived for backoff-limit seconds is started at once, and counts from nothing."""
    waits, _ = history(Runner(backoff_limit=10), [0.1, 0.1, 10.0, 0.1])
    assert waits == [1, 2, 0, 1]


@pytest.mark.parametrize("forever", [False, True])
def test_exit_codes_say_that_it_is_done(forever):
    """A code of exit-codes ends it, also with forever."""
    for code in (0, 2):
        waits, state = history(Runner(forever=forever), [0.1], code)
        assert waits == []
        assert state.phase == DOWN
    assert history(Runner(exit_codes=()), [0.1], 0)[0] == [1]


def test_who_is_told_to_end_is_not_governed():
    """A stop or a restart is no failure, whatever the exit code."""
    rules, state = rules_for(Runner()), State()
    for event, value in (("u", None), (BORN, rules), ("r", None), (GONE, 0), (SWEPT, None)):
        state, _ = step(state, event, 1.0, value)
    assert state.phase == WAIT
    assert state.failures == 0
    assert state.due <= 1.0


def test_a_limit_of_nothing_does_not_spin():
    """Kind: with a limit of 0 no run is short, and yet the starts are a second apart."""
    waits, _ = history(Runner(backoff_limit=0), [0.0] * 3)
    assert waits == [1, 1, 1]


def test_stop_timeout():
    """B-12. KILL comes after stop-timeout, which has a default without a file too; 0 is never."""
    assert rules_for(Runner()).kill_after == 300
    assert rules_for(Runner(stop_timeout=2)).kill_after == 2
    state = State()
    for event, value in (("u", None), (BORN, rules_for(Runner(stop_timeout=0))), ("d", None)):
        state, _ = step(state, event, 0.0, value)
    assert state.phase == UP
    assert state.deadline() == table.FOREVER


def test_a_fork_that_is_refused_is_tried_again():
    """B-25. Kind: that there can be no process just now ends no manager."""
    state, actions = step(State(), "u", 0.0)
    assert actions == [START]
    state, actions = step(state, UNBORN, 0.0)
    assert (state.phase, actions) == (WAIT, [])
    assert state.deadline() == table.RETRY
    assert step(state, DUE, table.RETRY)[1] == [START]
