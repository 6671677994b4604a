"""A line that comes alone: by the short way it gets where the ordinary one leads, and once."""

import os
import posix
import random
import shutil
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.lines.actions import Actions
from pydaemontools.log.lines.block_transform import BlockTransform
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.logdir import writer
from pydaemontools.log.logdir.writer import LogDir
from pydaemontools.log.pipe.ending import Ending
from pydaemontools.log.pipe.intent_log import open_intent_log
from pydaemontools.log.pipe.pump import Pump
from pydaemontools.log.pipe.pump_wait import AGAIN
from pydaemontools.log.pipe.source import LITTLE
from pydaemontools.log.pipe.splitter import BlockSplitter
from pydaemontools.log.pipe.straight import Straight
from pydaemontools.log.sinks.directory import DirectorySink
from pydaemontools.log.stats import Stats
from tests.conftest import wait_until
from tests.log.conftest import opened, patient, write_all
from tests.log.far import in_time_for, kills, tell
from tests.log.pipe import test_intent_log, test_straight
from tests.log.pipe.test_intent_log import STAMP, everything
from tests.log.pipe.test_straight import forked
from tests.log.test_sissylog import unread

small, halves = test_intent_log.small, test_straight.halves
LABEL = b"@400000006b0cd1c72c4aa1bc "
LABELS = {"with a time": LABEL, "as it is": b""}
LINES = [b"same"] * 30 + [b"line %d" % at for at in range(40)] + [b"", b"long" * 60, b"same"]
SIZE = 2500
KILLS = kills(60)


@contextmanager
def pumping(fd, path, label, size=SIZE):
    """A pump from FD to PATH, with LABEL before each line."""
    with contextmanager(opened)() as give:
        source = give(fd)
        intents = open_intent_log(source, BlockSplitter(len(label)))
        log = LogDir(os.fsencode(path), size, 10**6, intents)
        transform = BlockTransform(Actions([os.fsencode(path)], own=True))
        if label:
            transform._label, transform._length = (lambda: label), len(label)
        straight = Straight(source, intents, log, transform._label)
        sinks = [DirectorySink(log, b"multilog")]
        yield Pump(
            source, Ending(), sinks, transform, intent_log=intents, straight=straight, who=b"me"
        )
        log.release()


def carry(pipe, path, label, pieces, written=lambda: None):
    """Have each of PIECES in the PIPE, and then a step done; at last the end."""
    with pumping(pipe[0], path, label) as pump:
        pump.step()
        for piece in pieces:
            written()
            write_all(pipe[1], piece)
            pump.step()


def rest(pipe, path, label, **fault):
    """Log what is in the PIPE, until its end; whether that came about."""
    return forked(lambda: _rest(pipe, path, label), **fault)


def _rest(pipe, path, label):
    with pumping(pipe[0], path, label) as pump:
        pump.source.hung_up = True
        while not isinstance(pump.step(), int):
            pass


def killed(path, label, *, at, after):
    """Log lines one by one to PATH, and die at a call; a successor has the rest. What came in."""
    pipe, count = os.pipe(), os.pipe()
    pieces = [line + b"\n" for line in LINES]
    forked(
        lambda: carry(pipe, path, label, pieces, lambda: os.write(count[1], b"x")),
        at=at,
        after=after,
    )
    os.close(count[1])
    os.close(pipe[1])
    with open(count[0], "rb") as file:
        came = len(file.read())
    assert rest(pipe, path, label)
    os.close(pipe[0])
    return [label + line for line in LINES[:came]]


@pytest.mark.kill
@pytest.mark.process
@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.usefixtures("small", "halves")
def test_a_kill_at_a_call(after, label, place):
    """Kind: killed between a line's time and the line, or within it: all is there, once."""
    pipe = os.pipe()
    pieces = [line + b"\n" for line in LINES]
    calls = forked(lambda: carry(pipe, place / "dry", label, pieces))
    for fd in pipe:
        os.close(fd)
    found = everything(place / "dry")[0]
    assert found == b"".join(label + line + b"\n" for line in LINES)
    # The calls of a few lines, and some of all.
    for at in [*range(50, 80), *range(81, calls, 29)]:
        path = place / str(at)
        wanted = killed(path, label, at=at, after=after)
        found = everything(path)[0].split(b"\n")[:-1]
        # Of the last line nobody knows whether it came before the kill.
        assert found in (wanted, wanted[:-1]), f"killed at call {at}"
        shutil.rmtree(path)


def feed(path, label, pieces):
    """What is logged to PATH after each of PIECES has come."""
    pipe, states = os.pipe(), []
    try:
        with pumping(pipe[0], path, label) as pump:
            pump.step()
            for piece in pieces:
                write_all(pipe[1], piece)
                while pump.step() is AGAIN:
                    pass
                states.append(everything(path)[0])
            os.close(pipe[1])
            pump.source.hung_up = True
            while not isinstance(pump.step(), int):
                pass
    finally:
        os.close(pipe[0])
    return states, everything(path)


@patient
@given(
    pieces=st.lists(
        st.sampled_from([b"one\n", b"two\nthree\n", b"\n", b"no end", b" yet", b"x" * 700 + b"\n"])
        | st.integers(1, LITTLE + 50).map(lambda size: b"y" * size + b"\n"),
        max_size=25,
    ),
    label=st.sampled_from(list(LABELS.values())),
)
def test_the_same_as_the_ordinary_way(pieces, label, tmp_path_factory):
    """After each piece the log has the same, and in the same files."""
    place = tmp_path_factory.mktemp("log")
    short = feed(place / "short", label, pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pump, "_carry_little", lambda _: None)
        ordinary = feed(place / "ordinary", label, pieces)
    assert short[0] == ordinary[0]
    sizes = [[one.stat().st_size for one in old] for _, old in (short[1], ordinary[1])]
    assert sizes[0] == sizes[1]
    assert short[1][0] == ordinary[1][0]


def log_in(place, size=10**6):
    """A log directory, with nothing in it."""
    return LogDir(os.fsencode(place / "log"), size, 10, None)


def test_a_time_stands_in_one_page(place, monkeypatch):
    """Where a kill might tear it, or a disk is full within it, it is not there."""
    log = log_in(place)
    log.write(b"x" * (writer.PAGE - len(LABEL) - 2) + b"\n")
    assert log.begin_line(LABEL)
    assert not log.begin_line(LABEL)
    log.write(b"x\n")
    before = everything(place / "log")[0]
    real = posix.write
    monkeypatch.setattr(posix, "write", lambda fd, data: real(fd, data[:7]))
    assert not log.begin_line(LABEL)
    assert everything(place / "log")[0] == before
    monkeypatch.undo()
    assert log.begin_line(LABEL)
    assert everything(place / "log")[0] == before + LABEL
    log.release()


def test_a_glance(source):
    """What is little and whole lines is seen, and stays; all else is for a look."""
    out, into = os.pipe()
    one = source(out)
    assert one.glance() == b""
    os.write(into, b"a line\n")
    assert one.glance() == one.glance() == b"a line\n"
    assert one.available == 7
    os.write(into, b"part")
    assert one.glance() == b""
    one.take(7)
    assert one.look() == b"part"
    os.write(into, b"x" * LITTLE + b"\n")
    assert one.glance() == b""
    os.close(into)
    one.take(5 + LITTLE)
    assert one.glance() == b""
    os.close(out)


@pytest.mark.kill
@pytest.mark.process
@in_time_for(KILLS)
@pytest.mark.parametrize("stamp", [("t",), ()], ids=["with a time", "as it is"])
def test_kills_while_lines_come_alone(stamp, start, pipe, place):
    """Killed by -9 again and again while a line now and then comes in: each is there once."""
    chance = random.Random(5)  # noqa: S311 - when to kill
    path, wanted = place / "log", []
    for turn in range(KILLS):
        process = start("pymultilog", *stamp, "s4096", "n100000", "./log", stdin=pipe[0])
        for at in range(chance.randrange(2, 8)):
            wanted.append(b"turn %d, line %d" % (turn, at))
            write_all(pipe[1], wanted[-1] + b"\n")
            if at < 2 or chance.random() < 0.5:
                # The next one comes alone.
                wait_until(lambda: not unread(pipe[0]))
        # While the last one is being dealt with, or before, or behind that.
        for _ in range(chance.randrange(20_000)):
            pass
        process.kill()
        process.communicate(timeout=30)
    pipe.end()
    process = start("pymultilog", *stamp, "s4096", "n100000", "./log", stdin=pipe[0])
    assert process.communicate(timeout=60) == (b"", b"")
    found = everything(path)[0].split(b"\n")[:-1]
    if stamp:
        assert all(STAMP.match(line) for line in found)
        found = [line[len(LABEL) :] for line in found]
    assert found == wanted
    tell(f"lines alone, killed {KILLS} times: {len(wanted)} lines, none lost, none doubled")


def test_who_is_asked_while_lines_come(source, place):
    """Kind: what a signal asks of a sink is done though at each wake-up there is a line."""
    out, into = os.pipe()
    transform = SeverityTransform(SeverityReader())
    file = place / "stats"
    stats = Stats([], transform, os.fsencode(file))
    pump = Pump(source(out), Ending(), [stats], transform)
    pump.step()
    stats.asked = True
    for _ in range(2):
        os.write(into, b"a line\n")
        pump.step()
    assert not stats.asked
    assert file.exists()
    for fd in out, into:
        os.close(fd)
