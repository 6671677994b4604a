"""Killed at any instant, a logger loses no line and doubles none in its log directories."""

import os
import posix
import random
import re
import signal
import stat
import traceback
from contextlib import suppress

import pytest

from pydaemontools.base.tai64 import LABEL, label
from pydaemontools.base.two_slots import SLOT
from pydaemontools.log.lines.severity import SeverityReader
from pydaemontools.log.lines.severity_transform import SeverityTransform
from pydaemontools.log.logdir import writer
from pydaemontools.log.logdir.writer import LogDir
from pydaemontools.log.pipe import intent_log
from pydaemontools.log.pipe import source as blocks
from pydaemontools.log.pipe.ending import Ending
from pydaemontools.log.pipe.intent import Intent, IntentFile, parse
from pydaemontools.log.pipe.intent_log import open_intent_log
from pydaemontools.log.pipe.pump import Pump
from pydaemontools.log.pipe.pump_loop import PumpLoop, Waker
from pydaemontools.log.pipe.source import open_source
from pydaemontools.log.pipe.splitter import BlockSplitter, fit, size_in_log
from pydaemontools.log.run_pump import run_pump
from pydaemontools.log.sinks.directory import DirectorySink
from tests.conftest import DEADLINE, wait_until
from tests.log.conftest import write_all
from tests.log.far import in_time_for, kills, tell
from tests.log.test_sissylog import unread

OLD = re.compile(r"@[0-9a-f]{24}\.[su]")
STAMP = re.compile(rb"@[0-9a-f]{24} ")
CALLS = (
    "open",
    "mkdir",
    "read",
    "readv",
    "pread",
    "write",
    "writev",
    "pwrite",
    "splice",
    "fsync",
    "fchmod",
    "rename",
    "link",
    "unlink",
    "ftruncate",
    "stat",
    "fstat",
    "listdir",
)
SIZE = 700

# Lines that look alike, one as long as a piece, one longer than a file, one without an end.
INPUT = (
    [b"same"] * 20
    + [b"error: %03d" % at for at in range(8)]
    + [b"same"] * 12
    + [b"long" * 60, b"x" * 900]
    + [b"same"] * 10
    + [b"no end"]
)


def everything(path):
    """All that the log directory PATH holds, in order, and its old files."""
    old = sorted(file for file in path.iterdir() if OLD.fullmatch(file.name))
    files = [*old, path / "current"]
    return b"".join(file.read_bytes() for file in files if file.exists()), old


def lines(path):
    """The lines in the log directory PATH, each of which has to have one label."""
    data = everything(path)[0]
    assert data[-1:] in (b"\n", b""), data[-40:]
    got = data.split(b"\n")[:-1]
    assert all(STAMP.match(line) for line in got), [line for line in got if not STAMP.match(line)]
    return [line[26:] for line in got]


class Fatal:
    """Counts the system calls of this process; at number AT, or AFTER it, kill -9 strikes.

    With SHORT, every write to a log writes a half.
    """

    def __init__(self, at, *, after=False, short=False, refuse=None):
        self.at, self.after, self.short, self.refuse = at, after, short, refuse
        self.count = 0
        for name in CALLS:
            setattr(posix, name, self._wrap(name, getattr(posix, name)))

    def _wrap(self, name, real):
        def call(*words, **more):
            self.count += 1
            if self.count == self.at and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            if self.refuse and self.refuse(name, more):
                raise OSError(28, "")
            if self.short and name == "write" and len(words[1]) > 1:
                words = words[0], words[1][: len(words[1]) // 2]
            if self.short and name == "writev":
                text = b"".join(words[1])
                words = words[0], [text[: len(text) // 2]]
            here = self.count == self.at
            try:
                return real(*words, **more)
            finally:
                if here and self.after:
                    os.kill(os.getpid(), signal.SIGKILL)

        return call


def logger(fd, paths, *, told=False, **fault):
    """Log what FD holds to PATHS in a process of its own; its fate, and how many calls it made."""
    counted = os.pipe()
    child = os.fork()
    if not child:
        code = 99
        with suppress(BaseException):
            try:
                fatal = Fatal(**{"at": 0} | fault)
                source = open_source(fd)
                opened = open_intent_log(source, BlockSplitter(LABEL))
                logs = [LogDir(os.fsencode(path), intent_log=opened) for path in paths]
                sinks = [DirectorySink(log, b"pysissylog", label) for log in logs]
                ending = Ending()
                ending.signals += [15] * told
                transform = SeverityTransform(SeverityReader())
                pump = Pump(source, ending, sinks, transform, intent_log=opened)
                code = run_pump(pump, Waker(PumpLoop(), source, ending), ())
                os.write(counted[1], b"%d" % fatal.count)
            except BaseException:
                traceback.print_exc()
                raise
        os._exit(code)
    os.close(counted[1])
    _, status = os.waitpid(child, 0)
    with open(counted[0], "rb") as file:
        count = int(file.read() or 0)
    return os.waitstatus_to_exitcode(status), count


@pytest.fixture
def small(monkeypatch):
    """Files of SIZE bytes; lines of 100 bytes count as long; counters begin anew all the time, and
    few blocks are small.
    """
    monkeypatch.setattr(writer, "SIZE", SIZE)
    monkeypatch.setattr(writer, "SLACK", 80)
    monkeypatch.setattr(writer.LogDir.__init__, "__defaults__", (SIZE, 10**6, None))
    monkeypatch.setattr(blocks, "RECORD", 100)
    monkeypatch.setattr(intent_log, "FULL", 1500)
    monkeypatch.setattr(intent_log, "SMALL", 20)


def filled(data):
    """A pipe that holds DATA and ends; the end for reading, as a supervisor holds it."""
    read, write = os.pipe()
    write_all(write, data)
    os.close(write)
    return read


STREAM = b"\n".join(INPUT)


@pytest.mark.kill
@pytest.mark.process
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("count", "short"), [(1, False), (1, True), (2, False)], ids=["one", "short", "two"]
)
@pytest.mark.usefixtures("small")
def test_a_kill_at_every_call(count, short, after, place):
    """Whichever system call is the last: the successor completes each log exactly."""
    fd = filled(STREAM)
    names = [place / f"dry{at}" for at in range(count)]
    code, calls = logger(fd, names, short=short)
    os.close(fd)
    assert code == 0
    assert all(lines(path) == INPUT for path in names)
    for at in range(1, calls + 1):
        fd = filled(STREAM)
        paths = [place / f"{at}-{number}" for number in range(count)]
        assert logger(fd, paths, at=at, after=after, short=short)[0] == -signal.SIGKILL
        assert logger(fd, paths, short=short)[0] == 0
        os.close(fd)
        for path in paths:
            assert lines(path) == INPUT, f"killed at call {at}"
            assert not (path / "note").exists()


@pytest.mark.kill
@pytest.mark.process
@pytest.mark.parametrize("told", [False, True], ids=["ended", "told"])
@pytest.mark.usefixtures("small")
def test_killed_again_and_again(told, place):
    """Killed after a few calls each time, in the recovery as well, nothing is lost or doubled."""
    chance = random.Random(told)  # noqa: S311 - which calls to die at
    for turn in range(10):
        fd = filled(STREAM)
        paths = [place / f"{turn}-a", place / f"{turn}-b"]
        code = -signal.SIGKILL
        for step in range(400):
            at = chance.randrange(1, 40 + step)
            code, _ = logger(
                fd, paths, at=at, after=chance.random() < 0.5, told=told and step % 3 == 0
            )
            if code != -signal.SIGKILL:
                break
        assert code == 0
        os.close(fd)
        assert all(lines(path) == INPUT for path in paths)


def needs_room(name, more):
    """Whether the call is one that needs room for the intent file."""
    return name == "splice" and "offset_dst" in more


def needs_the_file(name, more):
    """Whether the call writes to the intent file at all."""
    return needs_room(name, more) or name == "pwrite"


@pytest.mark.process
@pytest.mark.parametrize("refuse", [needs_room, needs_the_file], ids=["counter", "intents"])
@pytest.mark.usefixtures("small")
def test_intents_that_cannot_be_kept(refuse, place):
    """Without room for intents the log goes on; a kill may then double a block, and lose none."""
    fd = filled(STREAM)
    code, calls = logger(fd, [place / "dry"], refuse=refuse)
    os.close(fd)
    assert (code, lines(place / "dry")) == (0, INPUT)
    for at in range(1, calls + 1):
        fd = filled(STREAM)
        path = place / f"{at}"
        assert logger(fd, [path], at=at, refuse=refuse)[0] == -signal.SIGKILL
        assert logger(fd, [path], refuse=refuse)[0] == 0
        os.close(fd)
        got = everything(path)[0]
        assert set(INPUT) <= {line[26:] for line in got.split(b"\n")} | {b"x" * 900}
        assert got.count(b"same\n") >= 42


@pytest.mark.kill
@pytest.mark.process
@pytest.mark.usefixtures("small")
def test_many_kills_file_nothing(place, monkeypatch):
    """However often a logger is killed, it goes on in `current`: no old file is dropped."""
    monkeypatch.setattr(writer.LogDir.__init__, "__defaults__", (10**6, 2, None))
    read, write = os.pipe()
    path = place / "log"
    for turn in range(60):
        write_all(write, b"turn %d\n" % turn)
        assert logger(read, [path], at=1 + turn, told=True)[0] in (0, -signal.SIGKILL)
    os.close(write)
    assert logger(read, [path])[0] == 0
    os.close(read)
    assert lines(path) == [b"turn %d" % turn for turn in range(60)]
    assert len(everything(path)[1]) <= 1


@pytest.mark.process
@pytest.mark.usefixtures("small")
def test_another_pipe_s_intent(place):
    """An intent about another pipe is not believed: multilog's rule holds, and nothing is cut."""
    fd = filled(STREAM)
    _, calls = logger(fd, [place / "dry"])
    os.close(fd)
    filed = 0
    for at in range(calls // 2, calls // 2 + 12):
        path = place / str(at)
        fd = filled(STREAM)
        logger(fd, [path], at=at)
        before = everything(path)[0]
        other = filled(b"other\n")
        assert logger(other, [path])[0] == 0
        os.close(other)
        os.close(fd)
        data, old = everything(path)
        assert data.startswith(before)
        assert data.count(b"other") == 1
        filed += any(file.name.endswith(".u") for file in old)
        assert stat.S_IMODE((path / "current").stat().st_mode) == 0o744
    assert filed


@pytest.mark.process
@pytest.mark.usefixtures("small")
def test_a_log_that_another_went_on_with(place):
    """What somebody else has added to the file of the intent, or put in its place, stays."""
    fd = filled(STREAM)
    _, calls = logger(fd, [place / "dry"])
    os.close(fd)
    for at in range(calls // 2, calls // 2 + 12):
        fd = filled(STREAM)
        path = place / str(at)
        logger(fd, [path], at=at)
        with open(path / "current", "ab") as current:
            current.write(LONG_TEXT)
        assert logger(fd, [path])[0] == 0
        os.close(fd)
        assert LONG_TEXT in everything(path)[0]


LONG_TEXT = b"@400000000000000000000000 another's line\n" * 60


# The parts.


def intent(count=3):
    """Some intent."""
    return Intent(b"boot:7:1", 1, 5, 10, 90, 2, count, 1, b"abc", 1, 0)


def test_a_torn_intent_is_none(place):
    """However much of an intent was written: it is read as a whole, or the one before it is."""
    fd = os.open(place, os.O_RDONLY)
    one = IntentFile(fd)
    one.write(intent(8).line)
    one.write(intent(9).line)
    old = (place / "note").read_bytes()[:SLOT]
    one.write(intent(10).line)
    whole = (place / "note").read_bytes()
    new = max(whole[:SLOT], whole[SLOT:])
    for length in range(SLOT + 1):
        found = parse(new[:length] + old[length:])
        assert found is None or found[1].count in (9, 10)
    assert IntentFile(fd).intent().count == 10
    one.void()
    assert IntentFile(fd).intent() is None
    os.close(fd)


@pytest.mark.parametrize(
    "changes",
    [
        {"inode": -1},
        {"offset": 91},
        {"start": 1 << 64},
        {"first": 0},
        {"first": -1},
        {"first": 4},
        {"count": 2},
        {"before": -1},
    ],
    ids=str,
)
def test_an_intent_that_nobody_wrote(changes):
    """What cannot be is not believed, though it is complete."""
    one = intent()
    assert parse(one.line(1))
    for name, value in changes.items():
        setattr(one, name, value)
    assert parse(one.line(1)) is None


@pytest.mark.process
def test_an_intent_about_bytes_that_are_not_there(place):
    """A pipe may have the name of one that is gone: what it holds is all taken as new."""
    fd = filled(b"one\ntwo\n")
    with open("/proc/sys/kernel/random/boot_id", "rb") as file:
        boot = file.read().strip()
    stream = b"%b:%d:1" % (boot, os.fstat(fd).st_ino)
    path = place / "log"
    path.mkdir()
    intent = Intent(stream, 1, 0, 0, 90, 0, 50, 2, b"x" * 50, 0, 0).line(1)
    (path / "note").write_bytes(intent.ljust(4096) + b"x")
    assert logger(fd, [path])[0] == 0
    os.close(fd)
    assert lines(path) == [b"one", b"two"]


def test_a_state_that_cannot_be():
    """What an intent says of the reader's state leads to a level, whatever it is."""
    form = SeverityTransform(SeverityReader())
    form.state = (1 << 40) - 1
    batch = form.batch(b" x\n", continued=False, unfinished=False)
    assert batch.levels == [7]


def test_whole_lines_that_have_room():
    """The lines that are chosen have room with their labels."""
    body = b"".join(b"x" * (at * 7 % 50) + b"\n" for at in range(200))
    for room in range(0, 9000, 37):
        piece, _ = fit(body, room, LABEL)
        assert body.startswith(piece)
        assert not piece or size_in_log(piece, LABEL) <= room
        assert piece[-1:] in (b"", b"\n")


def test_a_named_pipe_has_no_intent_log(place, source):
    """A pipe with a name is the same file when it is another pipe: no intents for it."""
    os.mkfifo(place / "fifo")
    fd = os.open(place / "fifo", os.O_RDWR)
    assert open_intent_log(source(fd), BlockSplitter(LABEL)) is None
    os.close(fd)


# Real processes.


COMMANDS = {
    "pysissylog": ("pysissylog", "--to", "log/", "--to", "two/"),
    # The second one does not get the lines that look alike, and both change files all the time.
    "pymultilog": ("pymultilog", "t", "s4096", "n100000", "./log", "-* same", "./two"),
}


KILLS = kills(200)


@pytest.mark.kill
@in_time_for(KILLS)
@pytest.mark.parametrize("tool", COMMANDS)
def test_hundreds_of_kills(tool, start, pipe, place):
    """Killed by -9, two hundred times, while lines come in: each is there once, in its place."""
    # pysissylog keeps as many as these.
    size = 24000 // KILLS
    expected = [b"same" if at % 7 else b"line %06d" % at for at in range(size * KILLS)]
    path = place / "log"
    command = COMMANDS[tool]
    chance = random.Random(9)  # noqa: S311 - where to cut
    halves = []
    for turn in range(KILLS):
        process = start(*command, stdin=pipe[0])
        before = written(path)
        piece = expected[turn * size : turn * size + size]
        middle = chance.randrange(1, size)
        # Two writes: the second may come while the first is dealt with.
        write_all(pipe[1], b"".join(line + b"\n" for line in piece[:middle]) + b"sa")
        if turn % 4:
            wait_until(lambda: written(path) != before)  # noqa: B023
        write_all(pipe[1], b"me\n" + b"".join(line + b"\n" for line in piece[middle:]))
        halves.append((turn * size + middle, b"same"))
        if turn % 10 == 0:
            # What dead loggers left has to have room in the pipe.
            wait_until(lambda: not unread(pipe[0]))
        process.kill()
        process.communicate(timeout=DEADLINE)
    pipe.end()
    process = start(*command, stdin=pipe[0])
    assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 0
    for at, line in reversed(halves):
        expected.insert(at, line)
    some = [line for line in expected if line != b"same" or tool == "pysissylog"]
    for name, wanted in (path, expected), (place / "two", some):
        assert lines(name) == wanted
        unfinished = [file for file in everything(name)[1] if file.name.endswith(".u")]
        assert not unfinished
    tell(f"{tool}, killed {KILLS} times: {len(expected)} lines, none lost, none doubled")


def written(path):
    """What `current` and the old files of PATH say about how far the log has come."""
    with suppress(FileNotFoundError):
        return sorted(
            (file.name, file.stat().st_size) for file in path.iterdir() if file.name != "note"
        )
    return None
