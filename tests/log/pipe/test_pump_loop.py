"""The loop around pumps: what wakes them, and that each goes on whatever the others wait for."""

import os
import select
import signal
import socket
import threading
from functools import partial

import pytest

from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.pipe import pump_loop
from pydaemontools.log.pipe.ending import Ending
from pydaemontools.log.pipe.pump import Pump
from pydaemontools.log.pipe.pump_loop import Waker
from pydaemontools.log.pipe.pump_wait import PumpWait
from pydaemontools.log.pipe.sink import Sink
from pydaemontools.log.pipe.source import BLOCK
from tests.log.conftest import capacity, wait_until, write_all

INPUT = PumpWait(None, for_input=True)


def sleep(seconds):
    """A wait of so many SECONDS, whatever comes in."""
    return PumpWait(seconds, for_input=False)


def go(loop, source, steps):
    """Run LOOP, where the pump of SOURCE does STEPS: what each waits for, and at last a code."""
    loop.add(Waker(loop, source, Ending()), partial(next, steps))
    return loop.run()


@pytest.mark.parametrize("tail", [b"", b"a partial tail"], ids=["whole lines", "a partial tail"])
def test_the_end(both, loop, tail):
    """A source has ended when nothing can follow; what it still holds is there until taken."""
    made, write, end = both
    write(b"line\n" + tail)
    wait_until(lambda: made.look() == b"line\n" + tail)
    made.take(5)
    end()

    def steps():
        while not made.ended:
            yield PumpWait(1, for_input=True)
            assert made.look() == tail
        yield 0

    go(loop, made, steps())
    assert made.look() == tail
    made.take(len(tail))
    assert (made.look(), made.ended) == (b"", True)


def test_nothing_at_all(both, loop):
    """A source that ends before anything came has ended, and is empty."""
    made, _, end = both
    assert made.look() == b""
    end()

    def steps():
        while not made.ended:
            yield PumpWait(1, for_input=True)
            assert made.look() == b""
        yield 0

    go(loop, made, steps())
    assert (made.look(), made.ended) == (b"", True)


def test_a_partial_line_does_not_wake(pipe, source, loop, monkeypatch):
    """What stays in the pipe wakes nobody; what comes new does."""
    # Nobody looks by himself here.
    monkeypatch.setattr(pump_loop, "PATIENCE", (60.0, 60.0))
    made = source(pipe[0])
    looks = []

    def feed():
        me = f"/proc/self/task/{threading.main_thread().native_id}/stat"
        for piece in b"a ", b"partial ", b"line\n":
            write_all(pipe[1], piece)
            wait_until(lambda: looks and looks[-1].endswith(piece))  # noqa: B023
            wait_until(lambda: asleep(me))

    def steps():
        while not looks or looks[-1][-1:] != b"\n":
            yield INPUT
            looks.append(made.look())
        yield 0

    feeder = threading.Thread(target=feed)
    feeder.start()
    go(loop, made, steps())
    feeder.join()
    assert looks[-1] == b"a partial line\n"
    # Each piece wakes once; pipes of some kernels tell of one write twice.
    assert len(looks) <= 6


def asleep(path):
    """Whether the thread whose stat is PATH sleeps, in twenty looks."""
    for _ in range(20):
        threading.Event().wait(0.001)
        with open(path) as file:
            if file.read().rpartition(")")[2].split()[0] != "S":
                return False
    return True


@pytest.fixture
def heard():
    """The signals that came, of those numbered USR1."""
    heard = []
    signal.signal(signal.SIGUSR1, lambda signum, _: heard.append(signum))
    yield heard
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)


@pytest.mark.parametrize("way", ["wait", "sleep"])
def test_a_signal_ends_a_wait(both, loop, heard, way):
    """A signal ends a wait however long, and one that came just before it too."""
    made, *_ = both

    def steps():
        os.kill(os.getpid(), signal.SIGUSR1)
        yield PumpWait(1000, for_input=way == "wait")
        assert heard == [signal.SIGUSR1]
        yield 0

    go(loop, made, steps())


def test_a_signal_ends_the_sleep_of_a_sink(both, loop, heard):
    """A sink that is closed hears of a signal, and so does every other pump then."""
    made, *_ = both
    one, other = Waker(loop, made, Ending()), Waker(loop, made, Ending())
    waits = [[sleep(1000), 0], [sleep(1000), 0]]
    loop.add(other, partial(next, iter(waits[0])))

    def steps():
        yield sleep(0)
        os.kill(os.getpid(), signal.SIGUSR1)
        one.sleep(1000)
        assert heard == [signal.SIGUSR1]
        yield 0

    loop.add(one, partial(next, steps()))
    assert loop.run() == {one: 0, other: 0}


def test_a_sleep_is_not_ended_by_input(pipe, source, loop):
    """It ends by its time, whatever comes in; the wait after it sees that."""
    made = source(pipe[0])
    waker = Waker(loop, made, Ending())

    def steps():
        yield PumpWait(0, for_input=True)
        write_all(pipe[1], b"line\n")
        waker.sleep(0.01)
        yield sleep(0.01)
        yield INPUT
        assert made.look() == b"line\n"
        yield 0

    loop.add(waker, partial(next, steps()))
    loop.run()


@pytest.mark.parametrize("both", ["pipe", "pipe without tee", "socket", "tty"], indirect=True)
def test_input_wakes_nobody_who_sleeps(both, loop, heard):
    """While one pump sleeps and has input, others go on, and it is not asked again and again."""
    made, write, _ = both
    near, far = socket.socketpair()
    one, other = Waker(loop, made, Ending()), Waker(loop, made, Ending())
    woken = []

    def sleeper():
        yield INPUT
        yield sleep(None)
        woken.append(list(heard))
        yield INPUT
        assert made.look() == b"more\n"
        yield 0

    def others():
        write(b"line\n")
        yield sleep(0.01)
        made.take(len(made.look()))
        write(b"more\n")
        other.watch(near.fileno(), write=True)
        for _ in range(5):
            yield sleep(None)
        other.unwatch(near.fileno())
        os.kill(os.getpid(), signal.SIGUSR1)
        yield 0

    with near, far:
        loop.add(one, partial(next, sleeper()))
        loop.add(other, partial(next, others()))
        assert loop.run() == {one: 0, other: 0}
    assert woken == [[signal.SIGUSR1]]


def test_a_write_that_is_larger_than_the_pipe(source, pipe, loop):
    """What comes behind a line without an end is seen, also if its write has not returned.

    Linux wakes nobody for that: the pipe was not empty when the write went on.
    """
    one = source(pipe[0])
    writer = threading.Thread(target=write_all, args=(pipe[1], b"x" * (2 * capacity(pipe[1]))))

    def steps():
        os.write(pipe[1], b"part of a line")
        yield PumpWait(0, for_input=True)
        assert one.look() == b"part of a line"
        writer.start()
        wait_until(lambda: one.look() and one.available > capacity(pipe[1]) - 4096)
        yield PumpWait(0, for_input=True)
        yield INPUT
        while writer.is_alive():
            one.take(len(one.look()))
        writer.join()
        yield 0

    go(loop, one, steps())


def test_what_is_watched_ends_a_wait(both, loop):
    """A watched fd ends a wait and a sleep when it can be read, or written if that is asked."""
    made, _, _ = both
    one = Waker(loop, made, Ending())

    def steps():
        near, far = socket.socketpair()
        with near, far:
            one.watch(near.fileno(), write=False)
            far.send(b"x")
            yield INPUT
            yield sleep(1000)
            one.sleep(1000)
            near.recv(1)
            one.unwatch(near.fileno())
            one.watch(near.fileno(), write=True)
            yield INPUT
            yield sleep(1000)
            one.sleep(1000)
            one.unwatch(near.fileno())
            number = near.fileno()
            one.watch(number, write=False)
        # It was closed meanwhile.
        one.unwatch(number)
        yield 0

    loop.add(one, partial(next, steps()))
    loop.run()


# Many pumps in one process.


class Told(Sink):
    """A sink that tells WHOM of each batch, with all the lines that it has got."""

    def __init__(self, whom=lambda _: None):
        super().__init__(b"./told")
        self.kept = []
        self._whom = whom

    def send(self, batch):
        """Keep the lines of BATCH."""
        self.kept += batch.lines
        self._whom(self.kept)


class Away(Told):
    """A sink that keeps one batch, and no more before something can be read from FD."""

    stalled = False

    def __init__(self, fd, waker):
        super().__init__()
        self._fd = fd
        self._waker = waker

    def send(self, batch):
        """Keep the lines of BATCH, and be away."""
        super().send(batch)
        self.stalled = True
        self._waker.watch(self._fd.fileno(), write=False)

    def flush(self):
        """Look whether it is back."""
        if self.stalled and select.select([self._fd], [], [], 0)[0]:
            self.stalled = False
            self._waker.unwatch(self._fd.fileno())

    def due(self):
        """Be due when something can be read, and for a long time not before."""
        return 1000.0 if self.stalled else None


@pytest.fixture
def pipes():
    """Two pipes; ends that a test closes itself are taken out."""
    made = [list(os.pipe()), list(os.pipe())]
    yield made
    for pipe in made:
        for fd in pipe:
            os.close(fd)


def pumping(loop, source, sink, waker=None):
    """Have LOOP pump from SOURCE to SINK; give the pump."""
    waker = waker or Waker(loop, source, Ending())
    ending = Ending()
    ending.signals = waker.signals
    made = Pump(source, ending, [sink], SeverityTransform(SeverityReader()))
    loop.add(waker, made.step)
    return waker, made


def test_one_sink_that_is_away_holds_up_no_other_pump(loop, source, pipes):
    """Two pumps in one process: the lines of one arrive while the sink of the other is away."""
    (slow, slow_in), (quick, quick_in) = pipes
    near, far = socket.socketpair()
    numbers = [b"line %d" % at for at in range(9)]
    left = [line + b"\n" for line in numbers]

    def next_line(kept):
        # One at a time, so that each comes in while the other pump waits.
        if left:
            os.write(quick_in, left.pop(0))
        elif len(kept) == len(numbers):
            assert away.kept == [b"one"]
            os.write(slow_in, b"two\n")
            os.close(pipes[0].pop())
            os.close(pipes[1].pop())
            far.send(b"x")

    with near, far:
        waker = Waker(loop, source(slow), Ending())
        away, told = Away(near, waker), Told(next_line)
        os.write(slow_in, b"one\n")
        one, _ = pumping(loop, waker.source, away, waker)
        os.write(quick_in, left.pop(0))
        other, _ = pumping(loop, source(quick), told)
        assert loop.run() == {one: 0, other: 0}
    assert told.kept == numbers
    assert away.kept == [b"one", b"two"]


def test_a_flood_holds_up_no_other_pump(loop, source, pipes):
    """A pump whose pipe is never empty gives the others their turn after each block."""
    (flooded, flood_in), (quiet, quiet_in) = pipes
    sources = source(flooded), source(quiet)
    line = b"x" * 4095 + b"\n"
    count = min(capacity(flood_in), 3 * BLOCK) // len(line)
    if count * len(line) <= BLOCK:
        pytest.skip("a pipe may not be so big here")
    write_all(flood_in, line * count)
    seen = []
    flood = Told(lambda _: None if told.kept or seen else seen.append(write()))

    def write():
        os.write(quiet_in, b"line\n")
        for pipe in pipes:
            os.close(pipe.pop())

    told = Told(lambda _: seen.append(len(flood.kept)))
    one, _ = pumping(loop, sources[0], flood)
    other, _ = pumping(loop, sources[1], told)
    assert loop.run() == {one: 0, other: 0}
    assert (len(flood.kept), told.kept) == (count, [b"line"])
    assert seen[1] < count


def test_a_signal_ends_all(loop, source, pipes, heard):
    """Nobody knows whom a signal concerns: each pump looks."""
    told = Told(lambda _: os.kill(os.getpid(), signal.SIGUSR1))
    one, first_pump = pumping(loop, source(pipes[0][0]), Told())
    other, second_pump = pumping(loop, source(pipes[1][0]), told)
    first_pump.ending.signals = second_pump.ending.signals = heard
    os.write(pipes[1][1], b"line\n")
    assert loop.run() == {one: 0, other: 0}
    assert told.kept == [b"line"]
