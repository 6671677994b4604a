"""Lines that are logged as they are go straight from the pipe to the log, and each once."""

import errno
import os
import posix
import random
import shutil
import signal
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.log.lines.actions import Actions
from pydaemontools.log.lines.block_transform import BlockTransform
from pydaemontools.log.logdir.rotation import REMOVED
from pydaemontools.log.logdir.writer import LogDir
from pydaemontools.log.pipe.ending import Ending
from pydaemontools.log.pipe.intent import LARGEST, Intent, parse
from pydaemontools.log.pipe.intent_log import open_intent_log
from pydaemontools.log.pipe.pump import Pump
from pydaemontools.log.pipe.pump_loop import PumpLoop, Waker
from pydaemontools.log.pipe.source import END
from pydaemontools.log.pipe.splitter import BlockSplitter
from pydaemontools.log.pipe.straight import Straight
from pydaemontools.log.run_pump import run_pump
from pydaemontools.log.sinks.directory import DirectorySink
from tests.conftest import wait_until
from tests.log.conftest import opened, patient, write_all
from tests.log.pipe import test_intent_log
from tests.log.pipe.test_intent_log import Fatal, everything, filled

small = test_intent_log.small
LINES = [b"same"] * 90 + [b"%06d" % at for at in range(300)] + [b"long" * 60, b"x" * 900, b"", b"e"]
STREAM = b"\n".join(LINES)
SIZE = 2500


def carry(fd, path, *, size=SIZE):
    """Log what FD holds to PATH as it is, and return how many bytes went straight."""
    # An ordinary user may not have many large pipes.
    with contextmanager(opened)() as give:
        return _carry(give(fd), path, size)


def _carry(source, path, size):
    intents = open_intent_log(source, BlockSplitter(0))
    log = LogDir(os.fsencode(path), size, 10**6, intents)
    sink = DirectorySink(log, b"multilog")
    assert sink.takes_all
    straight, moved = Straight(source, intents, log), [0]
    real = straight.carry
    straight.carry = lambda: moved.__setitem__(0, moved[0] + (now := real())) or now
    ending, transform = Ending(), BlockTransform(Actions([os.fsencode(path)], own=True))
    pump = Pump(source, ending, [sink], transform, intent_log=intents, straight=straight)
    assert run_pump(pump, Waker(PumpLoop(), source, ending), ()) == 0
    return moved[0]


def forked(what, **fault):
    """Do WHAT in a process that may die of a FAULT; how many calls it made, if it did not."""
    counted = os.pipe()
    child = os.fork()
    if not child:
        with suppress(BaseException):
            try:
                fatal = Fatal(**{"at": 0} | fault)
                what()
                os.write(counted[1], b"%d" % fatal.count)
            except BaseException:
                traceback.print_exc()
                raise
        os._exit(0)
    os.close(counted[1])
    _, status = os.waitpid(child, 0)
    with open(counted[0], "rb") as file:
        count = int(file.read() or 0)
    assert os.waitstatus_to_exitcode(status) == (0 if count else -signal.SIGKILL)
    return count


def killed(fd, path, **fault):
    """Log what FD holds to PATH in a process that dies of a FAULT; the number of calls if not."""
    return forked(lambda: carry(fd, path), **fault)


@pytest.fixture
def halves(monkeypatch):
    """Each splice into a file moves a half at the most, as one that a signal ends."""
    real = posix.splice

    def splice(source, to, count, **more):
        whole = count < 2 or not Path(f"/proc/self/fd/{to}").is_file()
        return real(source, to, count if whole else count // 2, **more)

    monkeypatch.setattr(posix, "splice", splice)


@pytest.mark.kill
@pytest.mark.process
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.usefixtures("small", "halves")
def test_a_kill_at_every_call(after, place):
    """Whichever system call is the last, also within a line: the successor has all, once."""
    fd = filled(STREAM)
    calls = killed(fd, place / "dry", at=0)
    os.close(fd)
    assert everything(place / "dry")[0] == STREAM + b"\n"
    for at in range(1, calls + 1):
        fd, path = filled(STREAM), place / str(at)
        assert not killed(fd, path, at=at, after=after)
        assert killed(fd, path, at=0)
        os.close(fd)
        assert everything(path)[0] == STREAM + b"\n", f"killed at call {at}"
        assert not (path / "note").exists()
        shutil.rmtree(path)


@pytest.mark.kill
@pytest.mark.process
@pytest.mark.usefixtures("small", "halves")
def test_killed_again_and_again(place):
    """Killed after a few calls each time, in the recovery as well, nothing is lost or doubled."""
    chance = random.Random(3)  # noqa: S311 - which calls to die at
    for turn in range(5):
        fd, path = filled(6 * STREAM), place / str(turn)
        # Nothing is moved before the 60th call.
        while not killed(fd, path, at=chance.randrange(60, 200), after=chance.random() < 0.5):
            pass
        os.close(fd)
        data, old = everything(path)
        assert data == 6 * STREAM + b"\n"
        assert not [file for file in old if file.name.endswith(".u")]


@patient
@given(
    lines=st.lists(st.integers(0, 700) | st.integers(0, 2 * END), max_size=60),
    size=st.sampled_from([3000, 20_000, 10**6]),
    ended=st.booleans(),
)
def test_the_same_as_the_ordinary_way(lines, size, ended, tmp_path_factory):
    """Whatever comes: all of it is there, in files that end with a line and are not too large."""
    place = tmp_path_factory.mktemp("log")
    data = b"\n".join([b"%d" % at * (count // len(str(at))) for at, count in enumerate(lines)])
    data = data[:60_000] + b"\n" * ended
    fd = filled(data)
    carry(fd, place / "log", size=size)
    os.close(fd)
    whole = data if data[-1:] in (b"\n", b"") else data + b"\n"
    found, old = everything(place / "log")
    assert found == whole
    assert all(file.stat().st_size <= size for file in old)
    if all(count < 900 for count in lines):
        assert all(file.read_bytes()[-1:] == b"\n" for file in old)


def test_most_goes_straight(place):
    """What is in the pipe goes straight, but for what a file has to be changed for."""
    lines = b"".join(b"%05d some line\n" % at for at in range(3000))
    fd = filled(lines)
    assert carry(fd, place / "log", size=10**6) == len(lines)
    os.close(fd)
    assert everything(place / "log")[0] == lines


@pytest.mark.parametrize("error", [errno.EINVAL, errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("moved", [0, 700, 704])
def test_what_goes_wrong_goes_the_ordinary_way(error, moved, place, monkeypatch):
    """A file system without splice, or a disk that is full within a line: nothing is lost."""
    lines = b"".join(b"%07d\n" % at for at in range(500))
    real, left = posix.splice, [moved]

    def splice(source, to, count, *, offset_dst=None):
        if offset_dst is None and os.readlink(f"/proc/self/fd/{to}").endswith("/current"):
            if not left[0]:
                raise OSError(error, "")
            count = min(count, left[0])
            left[0] -= count
        return real(source, to, count, offset_dst=offset_dst)

    monkeypatch.setattr(posix, "splice", splice)
    fd = filled(lines)
    assert carry(fd, place / "log", size=10**6) == moved
    os.close(fd)
    assert everything(place / "log")[0] == lines


@pytest.mark.process
def test_a_directory_that_is_removed(start, pipe, place):
    """It is made anew, and has what went to the file that was removed."""
    process = start("pymultilog", "s100000", "n10", "./log", stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    current = place / "log/current"
    wait_until(lambda: current.exists() and current.read_bytes() == b"one\n")
    shutil.rmtree(place / "log")
    write_all(pipe[1], b"two\n")
    wait_until(lambda: (place / "log").exists() and b"two\n" in everything(place / "log")[0])
    write_all(pipe[1], b"three\n")
    pipe.end()
    said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"was removed" in said[1]
    assert everything(place / "log")[0] == b"one\ntwo\nthree\n"


def test_an_intent_of_it_says_so():
    """It is read back as it was written, and another one is none."""
    one = Intent(b"boot:1:2", 1, 7, 10, LARGEST, 5, 0, 0, b"", 6, 0)
    number, found = parse(one.line(3))
    assert (number, found.straight, found.before) == (3, True, 6)
    assert not Intent(b"boot:1:2", 1, 7, 10, 11, 5, 0, 0, b"", 6, 0).straight


def test_not_while_a_file_is_changed(place, source):
    """Where the log has something to do, nothing goes straight."""
    fd = filled(b"a line\n")
    one = source(fd)
    intents = open_intent_log(one, BlockSplitter(0))
    log = LogDir(os.fsencode(place / "log"), SIZE, 10, intents)
    log.rotation.stage = REMOVED
    assert Straight(one, intents, log).carry() == 0
    log.release()
    os.close(fd)
