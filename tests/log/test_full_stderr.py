"""A logger whose stderr nobody reads goes on: the kind is what a process that lasts says itself."""

import os
import signal
import subprocess

import pytest

from tests.conftest import DEADLINE, wait_until
from tests.supervise.conftest import stat
from tests.supervise.test_never_deaf import Reader, full_pipe


@pytest.mark.parametrize(
    "argv",
    [
        ["pymultilog", "./log"],
        ["pysissylog", "--to", "./log/"],
        ["pysissylog", "--stats", "-", "--to", "./log/"],
    ],
)
def test_a_logger_whose_stderr_is_full(start, place, argv):
    """It keeps what comes, whatever it has to say of its directory or its counts meanwhile."""
    _reader, writer = full_pipe()
    theirs, stdin = os.pipe()
    logger = start(*argv, stdin=theirs, stderr=writer)
    os.write(stdin, b"one\n")
    current = place / "log/current"
    wait_until(lambda: current.exists() and b"one" in current.read_bytes())
    if "--stats" in argv:
        logger.send_signal(signal.SIGUSR1)
    os.write(stdin, b"two\n")
    os.close(stdin)
    os.close(theirs)
    assert logger.wait(DEADLINE) == 0
    assert b"two" in current.read_bytes()


def test_what_did_not_fit_is_told_when_there_is_room(start, place):
    """Pysissylog's server is away and it says so: not to a full stderr. It says it later."""
    reader, writer = full_pipe()
    theirs, stdin = os.pipe()
    places = ["--to", f"syslog:{place}/nobody", "--to", "./log/"]
    logger = start("pysissylog", *places, stdin=theirs, stderr=writer)
    os.write(stdin, b"one\n" * 10)
    current = place / "log/current"
    wait_until(lambda: current.exists() and b"one" in current.read_bytes())
    wait_until(lambda: stat(logger.pid, 0) == "S")
    told = Reader(reader)
    wait_until(lambda: b"pysissylog: warning: dropped 1 line" in told.read())
    logger.send_signal(signal.SIGTERM)
    wait_until(lambda: told.read() and logger.poll() is not None)
    assert b"unable to deliver 10 lines" in told.found


def test_a_target_of_lines_still_waits(start):
    """`--to stderr:` is where lines go: they wait for their reader, and none is lost."""
    reader, writer = os.pipe()
    theirs, stdin = os.pipe()
    logger = start("pysissylog", "--to", "stderr:", stdin=theirs, stderr=writer)
    os.close(theirs)
    lines = b"".join(b"line %d\n" % number for number in range(20_000))
    os.set_blocking(stdin, False)
    told = Reader(reader)
    left = lines
    while left:
        try:
            left = left[os.write(stdin, left) :]
        except BlockingIOError:
            told.read()
    os.close(stdin)
    wait_until(lambda: len(told.read()) >= len(lines) and logger.poll() is not None)
    assert told.read().count(b"\n") == 20_000
    assert b"dropped" not in told.found


def test_a_filter_that_cannot_go_on_ends(start):
    """It has one thing to say at its end: whoever feeds it must see it end."""
    _reader, writer = full_pipe()
    with open("/dev/full", "wb") as full:
        tool = start("pytai64n", stdout=full, stderr=writer)
        tool.stdin.write(b"line\n")
        tool.stdin.flush()
        assert tool.wait(DEADLINE) == 111


def test_alerts_wait_and_deafen_nobody(start, place):
    """Multilog's `e` is a place for lines: they wait for their reader, while TERM is heard."""
    reader, writer = full_pipe()
    theirs, stdin = os.pipe()
    logger = start("pymultilog", "-*", "+*two*", "e", "+*", "./log", stdin=theirs, stderr=writer)
    os.close(theirs)
    os.write(stdin, b"one\ntwo\n")
    wait_until(lambda: b"two" in (place / "log/current").read_bytes())
    logger.send_signal(signal.SIGTERM)
    told = Reader(reader)
    assert wait_until(lambda: told.read() and told.read().endswith(b"\ntwo\n"))
    assert logger.wait(DEADLINE) == 0
    logger = start("pymultilog", "e", "./log", stdin=subprocess.PIPE, stderr=full_pipe()[1])
    logger.stdin.write(b"three\n")
    logger.stdin.flush()
    wait_until(lambda: b"three" in (place / "log/current").read_bytes())
    logger.send_signal(signal.SIGTERM)
    assert logger.wait(DEADLINE) == 111
