"""The parts: what is read of a status and a history, and how it looks."""

import os
import subprocess
import sys
import time

import pytest

from pydaemontools.base.status import DOWN, FINISH, RUN, decode
from pydaemontools.control import fields, hint, screen
from pydaemontools.control.reader import read_status
from pydaemontools.control.servicefiles import RawReader, Trouble

from .conftest import EPOCH, status

# What a tool that scripts call all the time must not have loaded.
SLOW = [
    "argparse",
    "collections",
    "contextlib",
    "enum",
    "json",
    "logging",
    "os",
    "re",
    "socket",
    "subprocess",
    "typing",
]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m00s"), (3599, "59m59s"), (3600, "1h00m"), (90061, "1d01h")],
)
def test_duration(seconds, text):
    """Two units are enough."""
    assert screen.duration(seconds) == text


def test_a_table():
    """Columns are as wide as their widest cell, counted in characters."""
    rows = [[b"A", b"B"], ["é".encode(), b"run"], [b"\xff\xff", b"x"]]
    expected = b"A   B\n\xc3\xa9   run\n\xff\xff  x\n"
    assert screen.table(rows, colour=False) == expected


@pytest.mark.parametrize(
    "case",
    [
        (status(7), RUN, 7, False),
        (status(7, state=2), FINISH, 7, False),
        (status(), DOWN, 0, False),
        (status(7)[:18], RUN, 7, True),
        (status()[:18], DOWN, 0, True),
        (status(7)[:18] + b"\3\0", RUN, 7, False),
        (status(7)[:18] + b"\3\0" + b"\0" * 20, RUN, 7, False),
    ],
)
def test_a_view(fakes, place, case):
    """The status of every supervisor means what it means."""
    data, state, pid, lingers = case
    fakes("a", data)
    found = read_status(os.fsencode(place) + b"/a/")
    assert (found.state, found.pid, found.lingers) == (state, pid, lingers)
    assert (found.word == b"run") is (state == RUN)


def test_nonsense_stays_as_it_is():
    """What the originals print of it is compared; nothing is carried, and nothing mended."""
    seconds = (EPOCH + 7).to_bytes(8, "big")
    found = decode(seconds + b"\xff" * 4 + (9).to_bytes(4, "little") + b"\5\0\6\7")
    assert (found.since // 10**9, found.pid) == (7, 9)
    assert (found.paused, found.want, found.term, found.state) == (True, "\0", 6, 7)


def test_a_status_that_cannot_be_read(fakes, place, monkeypatch):
    """What was read before, with what is new of it, is what the originals go on with."""
    fake = fakes("a", status(9, term=1))
    monkeypatch.chdir(place / "a")
    reader = RawReader(20)
    assert (reader.read().pid, reader.read().term) == (9, 1)
    fake.change(status(10)[:16])
    with pytest.raises(Trouble) as trouble:
        reader.read()
    assert (trouble.value.status.pid, trouble.value.status.term) == (10, 1)
    fake.close()
    with pytest.raises(Trouble) as trouble:
        reader.read()
    assert (trouble.value.nobody, trouble.value.status) == (True, None)


@pytest.mark.parametrize("length", [35, 43])
def test_s6(fakes, place, length):
    """Its numbers are the other way round, and its clock is 27 seconds ahead."""
    now = int(time.time())
    stamp = (EPOCH + now + 27).to_bytes(8, "big") + bytes(4)
    pgid = (7).to_bytes(8, "big") * (length == 43)
    data = stamp + stamp + (7).to_bytes(8, "big") + pgid + (9).to_bytes(2, "big") + bytes([12])
    fakes("a", data)
    (place / "a/supervise/ok").unlink()
    (place / "a/notification-fd").touch()
    found = read_status(os.fsencode(place) + b"/a/")
    assert (found.since // 10**9, found.pid, found.ready) == (now, 7, True)
    assert (found.want, found.word, found.wait_status) == ("u", b"run", 9)


def test_a_state_that_makes_no_sense(fakes, place):
    """Lines that say nothing are passed over."""
    fakes("a")
    (place / "a/supervise/state").write_bytes(b"\n\nstate\nready 1\nstate run\nreadysince x\n")
    found = read_status(os.fsencode(place) + b"/a/")
    assert (found.word, found.ready, found.ready_since) == (b"run", True, None)


def test_a_state_that_cannot_be_read(fakes, place):
    """It is a trouble, and not as if it were not there."""
    fakes("a")
    (place / "a/supervise/state").mkdir()
    with pytest.raises(Trouble) as trouble:
        read_status(os.fsencode(place) + b"/a/")
    assert trouble.value.words() == b"unable to read supervise/state: is a directory"


def test_a_date():
    """Times are RFC 3339's; what is no time stays a label."""
    assert fields.date(1) == "1970-01-01T00:00:00.000000Z"
    assert fields.date(1795236950 * 10**9 + 123456789) == "2026-11-21T04:55:50.123456Z"
    assert fields.date(2**62 * 10**9)[0] == "@"


def test_no_hint():
    """Where there is nothing to add, nothing is added."""
    assert hint.hint([b"x"], None) == b""
    assert hint.hint([b"/nonesuch"], OSError(2, "")) == b""
    assert hint.hint([b"x"], OSError(5, "")) == b""


@pytest.mark.parametrize("tool", ["svc", "svstat", "svok", "sv", "pysvc", "pysvstat", "pysvwait"])
def test_what_is_loaded(place, fakes, tool):
    """A tool that scripts call all the time loads nothing slow."""
    import pydaemontools

    fakes("a")
    argv = {"svc": ["-u"], "sv": ["status"], "pysvc": ["-u"]}.get(tool, [])
    argv = [tool, *argv, str(place / "a")]
    package = os.path.dirname(os.path.dirname(pydaemontools.__file__))
    program = (
        f"import atexit, sys; sys.path.append({package!r}); sys.argv = {argv!r}\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from pydaemontools.entry import enter\n"
        f"enter({tool!r}, '')\n"
    )
    argv = [sys.executable, "-IS", "-c", program]
    result = subprocess.run(argv, capture_output=True, check=True, text=True)
    assert not set(result.stderr.split()) & set(SLOW)
