"""The loop around the pumps of many services: when it wakes, and when it lets lines gather."""

import os
import signal

import pytest

from pydaemontools.log.pipe import host_loop
from pydaemontools.log.pipe.ending import Ending
from pydaemontools.log.pipe.pump_loop import Waker
from pydaemontools.log.pipe.pump_wait import PumpWait
from pydaemontools.log.pipe.source import LITTLE


@pytest.fixture
def many(monkeypatch, source):
    """Three pipes whose pumps take what is there: a turn of their loop, and what writes to one.

    A turn gives what was taken in it, and how often there was a rest; `meanwhile` is done in one.
    """
    loop = host_loop.HostLoop(b"test", lambda _waker: None)
    pipes = [os.pipe() for _ in range(3)]
    taken, rests, meanwhile = [], [], []

    def pump(at, made):
        block = made.look()
        made.take(len(block))
        taken.extend([at] if block else [])
        return PumpWait(None, for_input=True)

    def rest(seconds):
        rests.append(seconds)
        for at in meanwhile:
            write(at)

    def write(at, size=10):
        os.write(pipes[at][1], bytes(size))

    def turn(*others):
        taken.clear()
        rests.clear()
        meanwhile[:] = others
        loop.turn()
        return sorted(taken), len(rests)

    monkeypatch.setattr(host_loop, "sleep", rest)
    monkeypatch.setattr(host_loop, "REST", 1000.0)
    for at, (reader, _) in enumerate(pipes):
        made = source(reader)
        loop.add(Waker(loop, made, Ending()), lambda at=at, made=made: pump(at, made))
    assert turn() == ([], 0)
    yield turn, write
    signal.set_wakeup_fd(-1)
    loop.epoll.close()
    for fd in [*loop.wake, *(fd for pipe in pipes for fd in pipe)]:
        os.close(fd)


def test_a_line_after_silence_is_taken_at_once(many):
    """The rest comes behind it."""
    turn, write = many
    write(0)
    assert turn() == ([0], 0)


def test_lines_of_others_gather_while_it_rests(many):
    """One wake-up for all that come soon after each other; then there is another rest."""
    turn, write = many
    write(0)
    turn()
    assert turn(1, 2) == ([1, 2], 1)
    assert turn(0, 1, 2) == ([0, 1, 2], 1)


def test_no_rest_behind_a_burst(many):
    """Whoever floods one of the pipes is not held up."""
    turn, write = many
    write(0)
    write(1, LITTLE)
    assert turn() == ([0, 1], 0)
    write(1)
    assert turn() == ([1], 0)


def test_no_rest_while_somebody_prints_much(many, monkeypatch):
    """A moment in which only others print is no reason: a pipe would fill meanwhile."""
    turn, write = many
    monkeypatch.setattr(host_loop, "CALM", 1000.0)
    write(1, LITTLE)
    turn()
    for at in 0, 2:
        write(at)
        assert turn() == ([at], 0)
    monkeypatch.setattr(host_loop, "CALM", 0.0)
    assert turn(0) == ([0], 1)
