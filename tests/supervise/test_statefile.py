"""The files that our own supervisor writes beside the originals': what is written is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.supervise.statefile import (
    MOST_DEATHS,
    add_deaths,
    format_death,
    format_state,
    parse_death,
    parse_state,
)


def test_a_state():
    """A line a key, in their order; what is empty is left out, and nothing ends a line early."""
    pairs = {b"state": b"run", b"why": b"", b"text": b"a\nready 1\r\x1b"}
    data = format_state(pairs)
    assert data == b"state run\ntext a?ready 1??\n"
    assert parse_state(data) == {b"state": b"run", b"text": b"a?ready 1??"}


def test_lines_that_are_no_pairs():
    """They are passed over."""
    assert parse_state(b"\n\nstate\nready 1\n") == {b"ready": b"1"}


@given(
    st.integers(0, 2**62),
    st.integers(1, 2**22),
    st.floats(0, 10**8).map(lambda seconds: round(seconds, 1)),
    st.tuples(st.sampled_from([0, 9, 15]), st.integers(0, 255)),
    st.tuples(st.sampled_from(["", "watchdog", "told to"]), st.binary(max_size=300)),
)
def test_a_death_that_was_written(when, pid, seconds, end, known):
    """It is read as it was meant, and is one line."""
    (number, code), (why, output) = end, known
    line = format_death(when, pid, seconds, number or code << 8, why=why, output=output)
    assert line.splitlines(keepends=True) == [line]
    death = parse_death(line[:-1])
    assert (death.pid, death.seconds, death.note) == (pid, seconds, why.encode())
    assert (death.signum or 0, death.code) == ((number, None) if number else (0, code))
    assert len(death.output) == min(len(output), 200)


def test_a_history():
    """The newest are kept."""
    lines = [b"%d\n" % number for number in range(MOST_DEATHS + 5)]
    assert add_deaths(b"".join(lines[:-2]), lines[-2:]) == b"".join(lines[5:])


@pytest.mark.parametrize(
    ("line", "code", "signal", "note", "output"),
    [
        (b"killed by SIGKILL", None, b"SIGKILL", b"", b""),
        (b"was killed by SIGTERM", None, b"SIGTERM", b"", b""),
        (b"killed by signal 35: x", None, b"signal 35", b"", b"x"),
        (b"exited with code 0", 0, b"", b"", b""),
        (b"ended in a way that nobody saw: x", None, b"", b"", b"x"),
        (b"exited with code 111 (watchdog)", 111, b"", b"watchdog", b""),
        (b"exited with code 1 (a b): c (d): e", 1, b"", b"a b", b"c (d): e"),
    ],
)
def test_a_death(line, code, signal, note, output):
    """Each part of a line of history is found."""
    death = parse_death(b"2026-11-21T04:48:00.123456Z pid 1234 up 12.3 s " + line)
    assert (death.pid, death.seconds) == (1234, 12.3)
    assert (death.code, death.signal, death.note, death.output) == (code, signal, note, output)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"x",
        b"t pid x up 1 s killed by SIGKILL",
        b"t pid 1 up s killed by SIGKILL",
        b"t pid 1 up 1 s vanished",
        b"t pid 1 up 1 s exited with code x",
    ],
)
def test_no_death(line):
    """A line of another form is passed on whole."""
    death = parse_death(line)
    assert (death.pid, death.code, death.signal, death.output) == (None, None, b"", line)
