"""A pattern that is looked for in lines, within the time that a line may take."""

import signal
import time

import pytest

from pydaemontools.base.patterns import LENGTH, STRIKES, Pattern

BAD = b"a" * 40 + b"!"


@pytest.fixture(autouse=True)
def _untouched():
    before = signal.getsignal(signal.SIGVTALRM)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    yield
    signal.signal(signal.SIGVTALRM, before)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def test_it_is_found_or_not():
    """As re does it."""
    pattern = Pattern(rb"on port \d+$")
    assert pattern.found_in(b"listening on port 80")
    assert not pattern.found_in(b"listening on port http")


def test_one_that_takes_too_long_is_off_after_three_lines():
    """Whatever comes; and no timer is left to end something else."""
    pattern = Pattern(rb"^(a+)+$")
    for _ in range(STRIKES):
        assert not pattern.off
        assert not pattern.found_in(BAD)
    assert pattern.off
    assert not pattern.found_in(b"aaa")
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_a_signal_that_is_blocked_ends_it_too():
    """Whoever starts a supervisor may have blocked any."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGVTALRM])
    begin = time.process_time()
    assert not Pattern(rb"^(a+)+$").found_in(BAD)
    # It would take hours.
    assert time.process_time() - begin < 20


def test_a_signal_that_comes_late_ends_nothing():
    """Between the end of a search and that of its timer."""
    pattern = Pattern(b"x")
    assert pattern.found_in(b"x")
    signal.raise_signal(signal.SIGVTALRM)
    assert pattern.found_in(b"x")


def test_no_more_of_a_line_is_looked_at_than_was_said():
    """A line may be as long as it likes."""
    assert Pattern(b"x").found_in(b"-" * (LENGTH - 1) + b"x")
    assert not Pattern(b"x").found_in(b"-" * LENGTH + b"x")
