"""What goes wrong around a log directory and with what comes in: a disk that fills up, a
directory that is removed, a clock that is set back, lines without end, and odd bytes.
"""

import fcntl
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from pydaemontools.base.tai64 import stamp
from pydaemontools.log.logdir.writer import KEEP, SIZE
from pydaemontools.log.pipe.source import BLOCK, F_SETPIPE_SZ
from tests.conftest import DEADLINE
from tests.log.conftest import finish, numbered, stream, wait_until, write_all
from tests.log.far import tell
from tests.log.pipe.test_intent_log import everything, lines
from tests.log.test_multilog import opened

# Each with room for all that a test writes.
TOOLS = {
    "pymultilog": ("pymultilog", "t", "s64k", "n999", "./log"),
    "pysissylog": ("pysissylog", "--to", "log/"),
}
both = pytest.mark.parametrize("tool", TOOLS)


def has(path, line):
    """Whether LINE is in the log directory PATH."""
    try:
        return line + b"\n" in everything(path)[0]
    except FileNotFoundError:
        # Files were changed while they were looked for.
        return False


def check_end(path):
    """Check that PATH was left as after any clean end."""
    assert (path / "current").stat().st_mode & 0o777 == 0o744
    assert not (path / "note").exists()


# The disk.


def fill_up(path):
    """Write to the file PATH until there is no room."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass


@both
@pytest.mark.parametrize("killed", [False, True], ids=["waits", "killed"])
def test_a_disk_that_fills_up(tool, killed, tmpfs, start, pipe):
    """Full in mid-stream, and freed, twice: each time that is said once, and no line is lost or
    doubled; also when the logger was killed meanwhile.
    """
    log = tmpfs("log", "1m")
    wanted = numbered(0, 15000)
    filler = log / "filler"
    filler.write_bytes(b"x" * 800_000)
    process = start(*TOOLS[tool], stdin=pipe[0])
    for begin, end in (0, 12000), (12000, 15000):
        feeder = threading.Thread(
            target=write_all, args=(pipe[1], stream(wanted[begin:end])), daemon=True
        )
        feeder.start()
        full(process, tool)
        if killed:
            process.kill()
            assert finish(process)[1] == b""
            process = start(*TOOLS[tool], stdin=pipe[0])
            full(process, tool)
        filler.unlink()
        feeder.join()
        wait_until(lambda: has(log, wanted[end - 1]))  # noqa: B023
        if end < len(wanted):
            fill_up(filler)
    pipe.end()
    assert finish(process) == (0, b"")
    assert lines(log) == wanted
    check_end(log)


def full(process, tool):
    """Check that PROCESS says that the disk is full."""
    said = process.stderr.readline()
    form = rb"%b: warning: unable to [^\n]*, pausing: out of disk space\n"
    assert re.fullmatch(form % tool.encode(), said), said


# The directory.


def remove(path):
    """Remove PATH as `rm -r` does, however often somebody makes files in it meanwhile."""
    while path.exists():
        with suppress(OSError):
            shutil.rmtree(path)


def empty(path):
    """Remove what is in PATH as `rm PATH/*` does."""
    for file in path.iterdir():
        file.unlink()


@both
@pytest.mark.parametrize("how", [remove, empty])
def test_a_directory_that_is_removed(tool, how, start, pipe, place):
    """It is made again, with all that `current` had; that is said once each time."""
    log = place / "log"
    process = start(*TOOLS[tool], stdin=pipe[0])
    # The second time its lines are in a file that is closed, and gone with that.
    for turn, first in enumerate((0, 0, 200)):
        if turn:
            how(log)
        write_all(pipe[1], stream(numbered(turn * 100, turn * 100 + 100)))
        wait_until(lambda: has(log, b"line number %06d" % (turn * 100 + 99)))  # noqa: B023
        wait_until((log / "current").exists)
        assert lines(log) == numbered(first, turn * 100 + 100)
    pipe.end()
    code, said = finish(process)
    path = TOOLS[tool][-1].rstrip("/").encode()
    line = b": warning: %b/current was removed; what it had is written again\n" % path
    assert (code, said) == (0, (tool.encode() + line) * 2)
    assert lines(log) == numbered(200, 300)
    check_end(log)


@both
def test_a_directory_that_is_removed_before_the_end(tool, start, pipe, place):
    """When nothing follows it shows at the end."""
    log = place / "log"
    process = start(*TOOLS[tool], stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    wait_until(lambda: has(log, b"one"))
    remove(log)
    pipe.end()
    code, said = finish(process)
    assert (code, said.count(b"\n"), b"was removed" in said) == (0, 1, True)
    assert lines(log) == [b"one"]
    check_end(log)


@both
def test_a_directory_that_cannot_be_made_again(tool, start, pipe, place):
    """Then lines wait, and that is said once; they are there when it can."""
    (place / "sub").mkdir()
    words = [word.replace("log", "sub/log", 1) for word in TOOLS[tool][1:]]
    process = start(tool, *words, stdin=pipe[0])
    write_all(pipe[1], b"one\n")
    wait_until(lambda: has(place / "sub/log", b"one"))
    remove(place / "sub")
    write_all(pipe[1], b"two\n")
    path = words[-1].rstrip("/").encode()
    line = b"%b: warning: unable to open directory %b, pausing: file does not exist\n"
    assert process.stderr.readline() == line % (tool.encode(), path)
    write_all(pipe[1], b"three\n")
    (place / "sub").mkdir()
    wait_until(lambda: has(place / "sub/log", b"three"))
    pipe.end()
    code, said = finish(process)
    assert (code, said.count(b"\n"), b"was removed" in said) == (0, 1, True)
    assert lines(place / "sub/log") == [b"one", b"two", b"three"]


STREAMS = {
    "pymultilog": ("pymultilog", "t", "s4096", "n99999", "./two", "./log"),
    # The one that counts what was taken is the one that is removed.
    "the first": ("pymultilog", "t", "s4096", "n99999", "./log", "./two"),
    "processed": ("pymultilog", "t", "s4096", "n99999", "./two", "!cat", "./log"),
}


@pytest.mark.parametrize("words", STREAMS.values(), ids=STREAMS)
def test_removed_in_mid_stream(words, start, pipe, place):
    """Removed again and again, and the logger killed now and then: another log is complete, and
    in this one nothing is missing since the last time. Only where the first directory is removed
    and the logger killed in the same moment may a block be in the other one twice.
    """
    chance = random.Random(5)  # noqa: S311 - where to cut
    wanted, log = numbered(0, 23000), place / "log"
    process = start(*words, stdin=pipe[0])
    for turn in range(23):
        for at in range(turn * 1000, turn * 1000 + 1000, 250):
            write_all(pipe[1], stream(wanted[at : at + 250]))
        if turn % 3 == 2:
            process.kill()
            finish(process)
            process = start(*words, stdin=pipe[0])
        elif turn < 22:
            line = wanted[turn * 1000 + chance.randrange(1000)]
            wait_until(lambda: has(log, line) or process.poll() is not None)  # noqa: B023
            if process.poll() is not None:
                # A processor that had just been forked still had the dead one's lock.
                assert b": unable to lock directory " in finish(process)[1]
                process = start(*words, stdin=pipe[0])
                wait_until(lambda: has(log, line))  # noqa: B023
            # Under another name first: a file made since is no longer in what is removed.
            log.rename(place / "gone")
            remove(place / "gone")
    pipe.end()
    code, said = finish(process)
    assert code == 0
    # A processor, too, may find that its directory was removed.
    expected = rb".*was removed; .*|.*unable to .*: file does not exist|.*processor failed.*|sh: .*"
    assert [line for line in said.splitlines() if not re.fullmatch(expected, line)] == []
    # A kill may find the count of what was taken gone with its directory: then the last byte of
    # a block, the end of a line, was not taken, or the block comes again.
    other = [line for line in lines(place / "two") if line]
    again = [after for before, after in itertools.pairwise(other) if after <= before]
    assert sorted(set(other)) == wanted
    assert len(again) <= (7 if words[-1] == "./two" else 0)
    assert len(other) - len(wanted) <= 100 * len(again)
    got = [line for line in lines(log) if line]
    assert len(got) >= 1000
    assert got == wanted[-len(got) :]
    check_end(log)


def test_a_processor_in_a_directory_that_is_removed(start, pipe, place):
    """What it was at work on is gone, and it goes on with what follows."""
    os.mkfifo(place / "go")
    command = f"!read x <{place}/go; cat"
    process = start("pymultilog", "s4096", command, "./log", stdin=pipe[0])
    write_all(pipe[1], b"aaaaaaa\n" * 300)
    wait_until((place / "log/previous").exists)
    (place / "log").rename(place / "gone")
    remove(place / "gone")
    write_all(pipe[1], b"bbbbbbb\n" * 300)

    def processed():
        # Each one waits for a line of its own.
        if fd := opened(place / "go"):
            with suppress(BrokenPipeError):
                os.write(fd, b"\n")
            os.close(fd)
        return list((place / "log").glob("@*.s"))

    (old,) = wait_until(processed)
    assert old.read_bytes() == b"bbbbbbb\n" * 300
    pipe.end()
    assert finish(process)[0] == 0


# The clock.


def test_a_clock_that_was_set_back(run, place):
    """The newest lines are kept, though files are there that are said to be from later."""
    log = place / "log"
    log.mkdir()
    later = 4_000_000_000
    for at in range(3):
        name = stamp(later * 10**9 + at).decode()
        (log / f"{name}.s").write_bytes(b"from later %d\n" % at)
    text = stream(numbered(0, 3000))
    assert run("pymultilog", "s4096", "n5", "./log", input=text).returncode == 0
    data, old = everything(log)
    assert len(old) == 4
    assert text.endswith(data)
    assert len(data) > 4 * 2000


@pytest.mark.needs("multilog")
def test_what_multilog_does_when_the_clock_was_set_back(needs, run, place):
    """It removes each file that it has just finished: so ours differs."""
    log = place / "log"
    log.mkdir()
    for at in range(4):
        (log / (stamp(4_000_000_000 * 10**9 + at).decode() + ".s")).write_bytes(b"from later\n")
    text = stream(numbered(0, 3000))
    command = ["timeout", "-s", "KILL", "20", needs("multilog"), "s4096", "n5", "./log"]
    assert run(*command, input=text).returncode == 0
    assert everything(log)[0].startswith(b"from later\n" * 4)


# What comes in.

# 1 GB takes some seconds for each: it is asked for.
LONG = 10**9 if os.environ.get("PYDAEMONTOOLS_TEST_GIGABYTE") else 10**8
PIECE = bytes(range(32, 127)) * 5000


def pieces(count):
    """COUNT bytes without an end of a line, in pieces, of which no two begin alike."""
    at = 0
    while at < count:
        piece = (b"%012d" % at + PIECE)[: count - at]
        yield piece
        at += len(piece)


def peak(process):
    """How much memory PROCESS has had at the most, in bytes."""
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) * 1024


@pytest.fixture
def memory():
    """A place in memory, where there is one: a disk takes its time for each file."""
    path = (
        Path("/dev/shm" if os.path.isdir("/dev/shm") else "/tmp") / f"pydaemontools-{os.getpid()}"
    )
    path.mkdir()
    yield path
    shutil.rmtree(path)


def test_a_line_of_a_gigabyte(start, pipe, place):
    """Into one file: every byte of it is there, and it never is in memory as a whole."""
    process = start("pymultilog", "t", "s2g", "./log", stdin=pipe[0])
    wanted = hashlib.blake2b()
    for piece in pieces(LONG):
        wanted.update(piece)
        write_all(pipe[1], piece)
    write_all(pipe[1], b"\nnext\n")
    current = place / "log/current"
    wait_until(lambda: current.stat().st_size == 26 + LONG + 1 + 26 + 5)
    most = peak(process)
    pipe.end()
    assert finish(process) == (0, b"")
    got = hashlib.blake2b()
    with current.open("rb") as file:
        assert re.fullmatch(rb"@[0-9a-f]{24} ", file.read(26))
        left = LONG
        while left:
            piece = file.read(min(left, BLOCK))
            got.update(piece)
            left -= len(piece)
        assert re.fullmatch(rb"\n@[0-9a-f]{24} next\n", file.read())
    tell(f"a line of {LONG} bytes through pymultilog: {most} bytes of memory")
    assert got.digest() == wanted.digest()
    assert most < 24 << 20


class Collector:
    """Takes what is in the log directory PATH before it is removed: LABEL bytes, then the rest."""

    def __init__(self, path, label=26):
        self.path = path
        self.digest = hashlib.blake2b()
        self.count = 0  # bytes in files that are closed
        self._label = label
        self._seen = ""

    def all(self):
        """How many bytes there were and are; None while files are changed."""
        try:
            for file in sorted(self.path.glob("@*.s")):
                if file.name > self._seen:
                    self._take(file.read_bytes())
                    self._seen = file.name
            new = [name for name in os.listdir(self.path) if name[0] == "@" and name > self._seen]
            changing = new or (self.path / "previous").exists()
            return None if changing else self.count + (self.path / "current").stat().st_size
        except FileNotFoundError:
            return None

    def _take(self, data):
        self.digest.update(data[max(0, self._label - self.count) :])
        self.count += len(data)

    def end(self):
        """Take what is in `current`."""
        self._take((self.path / "current").read_bytes())
        return self.digest.digest()


def test_a_line_of_a_gigabyte_through_many_files(start, pipe, memory):
    """The same where files are small and few are kept, looked at before they are removed."""
    process = start("pysissylog", "--to", f"{memory}/log/", stdin=pipe[0])
    got, wanted, fed = Collector(memory / "log"), hashlib.blake2b(), 0
    for piece in pieces(LONG):
        wanted.update(piece)
        write_all(pipe[1], piece)
        fed += len(piece)
        # The last character waits for what follows; never more than the kept files have.
        assert len(piece) < (KEEP - 2) * SIZE
        wait_until(lambda: (got.all() or 0) >= 26 + fed - 4)  # noqa: B023
    wanted.update(b"\n")
    write_all(pipe[1], b"\n")
    wait_until(lambda: got.all() == 26 + LONG + 1)
    most = peak(process)
    pipe.end()
    assert finish(process) == (0, b"")
    tell(f"a line of {LONG} bytes through pysissylog: {most} bytes of memory")
    assert got.end() == wanted.digest()
    assert most < 24 << 20


@pytest.fixture
def filled(pipe):
    """Fill a pipe before anybody reads it, so that it is looked at in full blocks."""

    def filled(data):
        fcntl.fcntl(pipe[0], F_SETPIPE_SZ, 1 << 20)
        write_all(pipe[1], data)
        pipe.end()
        return pipe[0]

    return filled


@pytest.mark.parametrize("shift", range(4))
def test_half_a_character_at_the_edge_of_a_block(  # noqa: PLR0917 - fixtures
    shift, filled, server, to, start, place
):
    """No place gets half of it: each message and object is UTF-8, and nothing is missing."""
    line = "x" * shift + "\U0001f409" * 170_000
    assert len(line.encode()) > 2 * BLOCK
    data = filled(f"{line}\nnext\n".encode())
    process = start("pysissylog", *to, "--to", "log/", "--to", "json:-", "me", stdin=data)
    said, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert lines(place / "log") == [line.encode(), b"next"]
    for texts in (
        [json.loads(one.decode())["message"] for one in said.splitlines()],
        [text.decode() for _, text in server.rest()],
    ):
        assert texts.pop() == "next"
        assert texts[0] + "".join(text.removeprefix("+") for text in texts[1:]) == line


def test_nuls(filled, server, to, start, place):
    """A NUL ends nothing: pymultilog keeps it, and pysissylog has ? in its place everywhere."""
    some = [b"\0", b"a\0b", b"\0" * 300_000, b"\0error: x", b"last\0"]
    data = filled(stream(some))
    process = start("pysissylog", *to, "--to", "log/", "--to", "json:-", "me", stdin=data)
    said, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    wanted = [line.replace(b"\0", b"?") for line in some]
    assert lines(place / "log") == wanted
    for texts in (
        [json.loads(one)["message"].encode() for one in said.splitlines()],
        [text for _, text in server.rest()],
    ):
        assert (texts[:2], texts[-2:]) == (wanted[:2], wanted[-2:])
        assert b"".join(text.removeprefix(b"+") for text in texts[2:-2]) == wanted[2]


def test_nuls_are_kept(filled, start, place):
    """By pymultilog, in a directory and on stdout."""
    some = [b"\0", b"a\0b", b"\0" * 300_000, b"\0error: x", b"last\0"]
    process = start("pymultilog", "t", "1", "s1m", "./log", stdin=filled(stream(some)))
    said, _ = process.communicate(timeout=DEADLINE)
    assert lines(place / "log") == some
    assert [line[26:] for line in said.splitlines()] == some
