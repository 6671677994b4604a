"""When a run is due: histories of times, without a clock (SV-24)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.daemon.schedule import Schedule


def test_the_first_run_is_due_at_once():
    """SV-20: the interval is between runs, and not before the first one."""
    assert Schedule(60).due < 0


def test_an_interval_is_from_end_to_beginning():
    """SV-24: without strict, a run of 3 s and an interval of 10 s are 13 s."""
    schedule = Schedule(10)
    schedule.begin(100)
    assert not schedule.end(100, 103)
    assert schedule.due == 113


def test_a_strict_interval_is_from_beginning_to_beginning():
    """SV-24: the time of the run is part of it."""
    schedule = Schedule(10, strict=True)
    schedule.begin(100)
    assert not schedule.end(100, 103)
    assert schedule.due == 110


def test_a_strict_interval_does_not_drift():
    """Kind: a timer that adds up how late each of its runs began (0.3 s, here)."""
    schedule = Schedule(10, strict=True)
    schedule.begin(100)
    for at in range(1, 1000):
        schedule.end(schedule.due, schedule.due - 9)
        assert schedule.due == 100 + 10 * at
        schedule.begin(schedule.due + 0.3)


@pytest.mark.parametrize(("took", "exceeded"), [(9, False), (10, False), (10.5, True)])
def test_that_a_strict_interval_was_exceeded_is_told(took, exceeded):
    """SV-24: by a run that is longer; never where there is no interval."""
    schedule = Schedule(10, strict=True)
    schedule.begin(0)
    assert schedule.end(0, took) is exceeded
    assert not Schedule(0, strict=True).end(0, took)


def test_a_run_that_was_too_long_is_followed_at_once_and_by_no_burst():
    """Kind: missed runs that are all made up for, one after the other, without a pause."""
    schedule = Schedule(10, strict=True)
    schedule.begin(0)
    schedule.end(0, 12)
    assert schedule.due == 10
    schedule.begin(12)
    assert schedule.due == 20
    schedule.end(12, 75)
    schedule.begin(75)
    assert schedule.due == 85


def test_a_pause_is_kept_though_the_interval_is_shorter():
    """After a run that failed."""
    schedule = Schedule(0)
    schedule.begin(5)
    schedule.end(5, 5)
    schedule.pause(7)
    assert schedule.due == 7


@given(
    st.booleans(),
    st.floats(0.01, 100),
    st.lists(st.tuples(st.floats(0, 50), st.floats(0, 300)), max_size=30),
)
def test_no_run_begins_before_it_is_due_and_none_is_owed(strict, interval, history):
    """Whatever the runs and delays: at most one run an interval, and one that is late."""
    schedule, now, began = Schedule(interval, strict=strict), 0.0, []
    for late, took in history:
        now = max(now, schedule.due) + late
        schedule.begin(now)
        began.append(now)
        schedule.end(now, now + took)
        now += took
        assert schedule.due > began[-1] - 1e-6
    gaps = [later - one for one, later in zip(began, began[2:], strict=False)]
    assert all(gap >= interval * 0.999 for gap in gaps)
