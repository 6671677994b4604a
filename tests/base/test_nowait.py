"""What a process that lasts says never waits: each way to write, with and without room."""

import errno
import fcntl
import os
import pty
import re
import socket
import tempfile
from contextlib import contextmanager

import pytest

from pydaemontools.base.nowait import NoWaitWriter, Stderr
from tests.conftest import wait_until


@contextmanager
def as_stderr(made):
    """Have fd 2 be the end of MADE that is written to."""
    saved = os.dup(2)
    os.dup2(made.writer, 2)
    try:
        yield made
    finally:
        os.dup2(saved, 2)
        os.close(saved)


class Pipe:
    """A pipe, of the least size that there is."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(self.reader, False)

    def read(self):
        """Read all that is there."""
        found = b""
        while True:
            try:
                more = os.read(self.reader, 65536)
            except BlockingIOError:
                return found.replace(b"\r\n", b"\n")
            if not more:
                return found
            found += more


class Fifo(Pipe):
    """A pipe with a name."""

    def __init__(self):
        with tempfile.TemporaryDirectory() as place:
            os.mkfifo(f"{place}/f")
            self.reader = os.open(f"{place}/f", os.O_RDONLY | os.O_NONBLOCK)
            self.writer = os.open(f"{place}/f", os.O_WRONLY)
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)


class Socket(Pipe):
    """A pair of stream sockets."""

    def __init__(self):
        pair = socket.socketpair()
        pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.reader, self.writer = (one.detach() for one in pair)
        os.set_blocking(self.reader, False)


class Terminal(Pipe):
    """A terminal whose other side nobody reads."""

    def __init__(self):
        self.reader, self.writer = pty.openpty()
        os.set_blocking(self.reader, False)


def refused(*_args):
    """Stand in for what the kernel does not have."""
    raise OSError(errno.EOPNOTSUPP, "")


# What is written to, and the ways that the system lacks.
LACKS = {
    "a pipe": (Pipe, []),
    "a pipe without RWF_NOWAIT": (Pipe, ["_nowait"]),
    "a pipe without RWF_NOWAIT and /proc": (Pipe, ["_nowait", "_reopened"]),
    "a pipe with a name": (Fifo, []),
    "a pipe with a name, without /proc": (Fifo, ["_reopened"]),
    "a socket": (Socket, []),
    "a terminal": (Terminal, []),
    "a terminal without /proc": (Terminal, ["_reopened"]),
}

# How many lines were dropped.
WARNING = rb"^x: warning: dropped (\d+) lines? for which stderr had no room$"


@pytest.fixture(params=LACKS)
def target(request, monkeypatch):
    """What fd 2 is to be: full before long, and read by nobody."""
    kind, lacks = LACKS[request.param]
    for way in lacks:
        monkeypatch.setattr(NoWaitWriter, way, refused)
    return kind()


def flooded(stderr):
    """Say numbered lines until one does not fit: how many did."""
    for number in range(100_000):
        stderr.say(b"x: line %05d\n" % number)
        if stderr.dropped:
            return number
    raise AssertionError("there is always room")


def test_a_stderr_that_nobody_reads_stops_nobody(target):
    """The kind: what we say ourselves may wait for a reader. Each way drops, and counts."""
    calls = []
    with as_stderr(target):
        stderr = Stderr(b"x")
        stderr.on_drop = lambda: calls.append(1)
        said = flooded(stderr)
        stderr.say(b"x: one\nx: two\n")
        dropped = stderr.dropped
        assert os.get_blocking(2)  # the description is others' too
        found = target.read()
        wait_until(stderr.catch_up)
        found += target.read()
        stderr.say(b"x: again\n")
    lines = (found + target.read()).split(b"\n")
    every = [b"x: line %05d" % number for number in range(said + 1)] + [b"x: one", b"x: two"]
    assert lines[:said] == every[:said]
    assert lines[-2:] == [b"x: again", b""]
    told = [int(number) for number in re.findall(WARNING, b"\n".join(lines), re.MULTILINE)]
    # A terminal may make room as soon as it has refused a line, and then it has some of the rest.
    if not isinstance(target, Terminal):
        assert (dropped, told, calls) == (3, [3], [1])
    assert len(told) == len(calls)
    whole = [line for line in lines if line in every]
    # Where it is no pipe a line may have been cut, perhaps just before its end.
    assert 0 <= len(whole) + sum(told) - len(every) <= len(told)
    cut = [x for x in lines[said:-2] if x not in every and not re.fullmatch(WARNING, x)]
    assert all(any(line.startswith(one) for line in every) for one in cut)


def test_a_line_that_is_longer_than_fits_at_once(target):
    """It is cut where there is no more room; what comes after it begins a line."""
    with as_stderr(target):
        stderr = Stderr(b"x")
        stderr.say(b"x: " + b"y" * 1_000_000 + b"\n")
        assert stderr.dropped == 1
        found = target.read()
        wait_until(stderr.catch_up)
    lines = (found + target.read()).split(b"\n")
    assert lines[1:] == [b"x: warning: dropped 1 line for which stderr had no room", b""]


def test_a_file_takes_all(tmp_path):
    """Nobody is waited for there, and several lines come in their order."""
    with (tmp_path / "f").open("wb") as file:
        file.writer = file.fileno()
        with as_stderr(file):
            stderr = Stderr(b"x")
            for number in range(1000):
                stderr.say(b"%d\n" % number)
    assert (tmp_path / "f").read_text() == "".join(f"{number}\n" for number in range(1000))
    assert not stderr.dropped


def test_a_stderr_that_goes_away_owes_nothing():
    """Where there is nobody to tell, nothing is counted for later."""
    with as_stderr(Pipe()) as made:
        stderr = Stderr(b"x")
        flooded(stderr)
        os.close(made.reader)
        assert stderr.catch_up()
        stderr.say(b"gone\n")
    assert not stderr.dropped


def test_fd_2_may_become_another_file():
    """What it is is looked at each time: a way that fits one kind may wait at another."""
    first, second = Pipe(), Terminal()
    stderr = Stderr(b"x")
    with as_stderr(first):
        stderr.say(b"one\n")
    with as_stderr(second):
        stderr.say(b"two\n")
        flooded(stderr)
    assert (first.read(), second.read()[:4]) == (b"one\n", b"two\n")
