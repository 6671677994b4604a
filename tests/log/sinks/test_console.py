"""stderr: and json:-, and what pysissylog tells of itself."""

import json
import os
import pty
import re
import signal
import socket

import pytest

from tests.conftest import DEADLINE
from tests.log.conftest import fill, finish, no_more_for, wait_until, write_all
from tests.log.far import free_port


def test_json_on_stdout(run):
    """An object a line, with what a message has."""
    data = 'error: "x"\nnaïve\n'.encode() + b"\xff\n"
    result = run("pysissylog", "-i", "--to", "json:-", "me", "mail", input=data)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["level"] for one in found] == ["err", "info", "info"]
    assert [one["message"] for one in found] == ['error: "x"', "naïve", "\\xff"]
    common = {(one["host"], one["ident"], one["facility"]) for one in found}
    assert common == {(socket.gethostname(), "me", "mail")}
    assert all(type(one["pid"]) is int for one in found)


def test_lines_on_stderr(run):
    """The line, as it came but for control characters and what drives a terminal."""
    result = run("pysissylog", "-s", "--to", "stderr:", input=b"error: x\n\x1b[2Ja\x07\npart")
    assert (result.returncode, result.stderr) == (0, b"x\na?\npart\n")


@pytest.mark.parametrize(("action", "stream"), [("1", "stdout"), ("2", "stderr")])
def test_a_copy_that_has_no_room(action, stream, start, place):
    """It waits for room, and nothing is lost in silence: the code is 111, and that is said."""
    with open("/dev/full", "wb") as full:
        process = start("pymultilog", action, "./d", **{stream: full})
    write_all(process.stdin.fileno(), b"one\ntwo\n")
    if action == "1":
        said = process.stderr.readline()
        assert said == b"pymultilog: warning: unable to write to stdout: out of disk space\n"
    current = place / "d/current"
    wait_until(lambda: current.exists() and current.read_bytes() == b"one\ntwo\n")
    process.terminate()
    assert process.wait(30) == 111
    if action == "1":
        said = process.stderr.readline()
        assert said == b"pymultilog: fatal: unable to deliver 2 lines to stdout\n"


CLOSED = {
    "pymultilog 1 >&-": b"pymultilog: fatal: unable to write to stdout: file descriptor not open\n",
    "pysissylog --to json:- >&-": (
        b"pysissylog: fatal: unable to log to json:-: file descriptor not open\n"
    ),
}


@pytest.mark.parametrize(("command", "said"), CLOSED.items(), ids=CLOSED)
def test_a_stdout_that_is_closed(command, said, run):
    """That is no place for anything."""
    result = run("sh", "-c", command, input=b"one\n")
    assert (result.returncode, result.stderr) == (111, said)


def test_copies_where_nobody_waits_in_write(start, pipe):
    """A reader that is slow, at the end of a pipe that says so, gets everything."""
    os.set_blocking(pipe[1], False)
    process = start("pymultilog", "1", stdout=pipe[1])
    count = fill(process.stdin.fileno(), process, b"a line of text\n" * 64)
    no_more_for(process)
    os.close(pipe.pop())
    with open(pipe[0], "rb", closefd=False) as file:
        assert file.read() == b"a line of text\n" * 64 * count
    assert process.wait(30) == 0


def test_a_reader_that_is_slow(start, pipe):
    """While nobody reads stdout the daemon waits, and nobody's fd is told not to block."""
    process = start("pysissylog", "--buffer", "0", "--to", "json:-", stdout=pipe[1])
    count = fill(process.stdin.fileno(), process, b"a line of text\n" * 64)
    assert os.get_blocking(pipe[1])
    no_more_for(process)
    os.close(pipe.pop())
    with open(pipe[0], "rb", closefd=False) as file:
        found = [json.loads(line)["message"] for line in file]
    assert found == ["a line of text"] * 64 * count
    assert process.wait(30) == 0


READERS = {
    "json:-": ("pysissylog", "--to", "json:-", "--to", "log/"),
    "stdout": ("pymultilog", "t", "1", "./log"),
}


@pytest.mark.parametrize("path", READERS)
def test_a_reader_that_has_gone(path, start, pipe, place):
    """It does not come back: that is said, the other places go on, and in the end it is 111."""
    who = READERS[path][0]
    process = start(*READERS[path], stdout=pipe[1])
    os.close(pipe.pop(0))
    write_all(process.stdin.fileno(), b"one\n")
    said = process.stderr.readline().decode()
    assert said == f"{who}: warning: unable to write to {path}: broken pipe\n"
    write_all(process.stdin.fileno(), b"two\n")
    code, said = finish(process)
    assert (code, said.decode()) == (111, f"{who}: fatal: unable to deliver 2 lines to {path}\n")
    assert [line[26:] for line in (place / "log/current").read_bytes().splitlines()] == [
        b"one",
        b"two",
    ]


def test_usr1(start, place):
    """USR1 has it say on stderr what it has done."""
    url = f"tcp://127.0.0.1:{free_port()}"
    argv = "-p", "info", "--to", "log/", "--to", url, "--spool", "spool"
    process = start("pysissylog", *argv)
    write_all(process.stdin.fileno(), b"one\nerror: two\ndebug: no\nerror: three\n")
    assert b"unable to reach" in process.stderr.readline()
    current = place / "log/current"
    wait_until(lambda: current.exists() and current.read_bytes().count(b"\n") == 3)
    process.send_signal(signal.SIGUSR1)
    said = [process.stderr.readline() for _ in range(3)]
    assert said[0] == b"pysissylog: lines: err 2, info 1, dropped 1\n"
    assert said[1] == b"pysissylog: log: given 3, 0 bytes held\n"
    pattern = rb": given 3, 0 bytes held, [1-9]\d+ bytes spooled, connected 0 times\n"
    assert re.fullmatch(rb"pysissylog: " + re.escape(url.encode()) + pattern, said[2])


def test_the_end_is_told(run):
    """With --stats - it says so on stderr."""
    result = run("pysissylog", "--stats", "-", "--to", "log/", input=b"one\nerror: two\n")
    said = b"pysissylog: lines: err 1, info 1\npysissylog: log: given 2, 0 bytes held\n"
    assert (result.returncode, result.stderr) == (0, said)


def test_metrics(start, place):
    """With --stats they are in a file, on USR1 and at the end."""
    argv = "-p6", "--stats", "stats", "--to", "log/", "--to", "dir:two,p=err"
    process = start("pysissylog", *argv)
    write_all(process.stdin.fileno(), b"one\ndebug: no\n more\nerror: two\n")
    current = place / "log/current"
    wait_until(lambda: current.exists() and b"two" in current.read_bytes())
    process.send_signal(signal.SIGUSR1)
    wait_until((place / "stats").exists)
    write_all(process.stdin.fileno(), b"three\n")
    assert finish(process) == (0, b"")
    text = (place / "stats").read_text()
    assert text.endswith("\n# EOF\n")
    samples = re.findall(r"^([a-z_]+(?:\{.*\})?) (\d+)$", text, re.MULTILINE)
    found = dict(samples)
    assert found['pysissylog_lines_total{level="info"}'] == "2"
    assert found['pysissylog_lines_total{level="err"}'] == "1"
    assert found["pysissylog_dropped_lines_total"] == "2"
    assert found['pysissylog_given_lines_total{to="log"}'] == "3"
    assert found['pysissylog_given_lines_total{to="two"}'] == "1"
    assert found['pysissylog_held_bytes{to="log"}'] == "0"
    assert not (place / "stats.new").exists()


@pytest.mark.parametrize("text", ["no/stats"])
def test_a_file_that_cannot_be_written(text, run):
    """It is said, and changes nothing else."""
    result = run("pysissylog", "--stats", text, "--to", "log/", input=b"x\n")
    said = b"pysissylog: warning: unable to write no/stats: file does not exist\n"
    assert (result.returncode, result.stderr) == (0, said)


@pytest.mark.process
def test_nothing_drives_a_terminal(start):
    """Kind: controls of C1, alone or in UTF-8, and what turns the direction of text around."""
    ours, theirs = pty.openpty()
    process = start("pysissylog", "--to", "stderr:", stderr=theirs)
    os.close(theirs)
    line = "a\x1b\x9b\u202e\u2028".encode() + b"\x9b31m b\xc3\xa9\tc"
    process.communicate(line + b"\n", timeout=DEADLINE)
    assert os.read(ours, 100).split() == [b"a?????31m", b"b\xc3\xa9", b"c"]
    os.close(ours)
