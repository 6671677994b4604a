"""A rest between lines that follow each other: when there is one, and what ends it."""

import os
import signal
import threading

import pytest

from pydaemontools.log.pipe import rest
from pydaemontools.log.pipe.pump_wait import PumpWait
from pydaemontools.log.pipe.rest import LOOKS, ONE_LOOK, ROOM, Rest
from pydaemontools.log.pipe.source import LITTLE
from tests.log.conftest import wait_until
from tests.log.pipe.test_pump_loop import go

INPUT = PumpWait(None, for_input=True)
LINE = 50


class Pipe:
    """A source with so much ROOM; what is there, and what was consumed."""

    lasts = True

    def __init__(self, room=4096):
        self.room = room
        self.there = self.available = self.consumed = 0

    def fill(self):
        """How many bytes there are."""
        return self.there


def take(pipe, made, now, count=LINE):
    """Consume COUNT bytes, and say whether there is a rest."""
    pipe.consumed += count
    return made.begin(now)


def test_only_lines_that_follow_each_other():
    """What comes after silence begins none: whatever is behind it is not held up."""
    pipe = Pipe()
    made = Rest(pipe)
    assert not take(pipe, made, 10.0)
    assert not take(pipe, made, 10.05)
    assert take(pipe, made, 10.06)
    assert not take(pipe, made, 12.0)


def test_what_is_no_line_alone():
    """A burst, and one that has no end yet, which stays in the pipe."""
    pipe = Pipe()
    made = Rest(pipe)
    take(pipe, made, 10.0)
    assert not take(pipe, made, 10.001, LITTLE)
    pipe.available = 3
    assert not take(pipe, made, 10.002)
    pipe.available, pipe.lasts = 0, False
    assert not take(pipe, made, 10.003)


def test_a_step_that_consumed_nothing():
    """It neither begins a rest nor counts as a line."""
    pipe = Pipe()
    made = Rest(pipe)
    assert not made.begin(10.0)
    assert not take(pipe, made, 10.001)
    assert not made.begin(10.01)
    assert take(pipe, made, 10.015)


@pytest.mark.parametrize("room", [4096, ROOM], ids=["little room", "room for a burst"])
def test_the_looks(room):
    """They are fewer where there is room; the last ends the rest."""
    pipe = Pipe(room)
    made = Rest(pipe)
    take(pipe, made, 10.0)
    take(pipe, made, 10.0)
    due = []
    while made.on:
        due.append(round(made.next - 10.0, 6))
        made.look()
    assert due == list(LOOKS if room < ROOM else ONE_LOOK)


def test_a_burst_ends_it():
    """At the next look; and then nothing that is there waits."""
    pipe = Pipe()
    made = Rest(pipe)
    take(pipe, made, 10.0)
    take(pipe, made, 10.0)
    pipe.there = LITTLE - 1
    assert made.look() == LITTLE - 1
    assert made.on
    pipe.there = LITTLE
    assert made.look() == LITTLE
    assert not made.on
    assert not take(pipe, made, 10.005, LITTLE)


@pytest.mark.parametrize("early", [True, False])
def test_it_goes_on_while_lines_come(early):
    """A rest follows a rest in which a line came soon; else the next line is at once there."""
    pipe = Pipe()
    made = Rest(pipe)
    take(pipe, made, 10.0)
    take(pipe, made, 10.0)
    while made.on:
        pipe.there = LINE if early else 0
        made.look()
    assert take(pipe, made, 10.046) is early


@pytest.fixture
def resting(source, loop, monkeypatch):
    """Have a pump rest for ever, but for what ends a rest; give what writes and what ends."""
    monkeypatch.setattr(rest, "LOOKS", (1000.0,))
    monkeypatch.setattr(rest, "ONE_LOOK", (1000.0,))
    out, into = os.pipe()
    made = source(out)
    got = []

    def steps():
        while not made.ended:
            yield INPUT
            block = made.look()
            made.take(len(block))
            got.append(block)
            made.look()
        yield 0

    def begin(then):
        def write():
            for count in (1, 2):
                os.write(into, b"line\n")
                wait_until(lambda n=count: b"".join(got).count(b"\n") == n)
            then(into, got)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            go(loop, made, steps())
        finally:
            writer.join()
            os.close(out)
        return b"".join(got)

    return begin


def test_the_end_of_the_input_ends_it(resting):
    """All that was there is passed on, and then it is over."""

    def end(into, _):
        os.write(into, b"last\n")
        os.close(into)

    assert resting(end) == b"line\nline\nlast\n"


def test_a_signal_ends_it(resting):
    """Somebody may want the end, or new files."""
    signal.signal(signal.SIGUSR1, lambda *_: None)

    def end(into, got):
        os.write(into, b"last\n")
        os.kill(os.getpid(), signal.SIGUSR1)
        wait_until(lambda: b"last\n" in got)
        os.close(into)

    try:
        assert resting(end) == b"line\nline\nlast\n"
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
