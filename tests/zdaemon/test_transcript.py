"""What a program prints, and where it goes."""

import os
import signal
import subprocess

import pytest

from pydaemontools.zdaemon import client_waits
from pydaemontools.zdaemon.client_waits import FAILED, STARTED
from tests.conftest import DEADLINE, wait_until

pytestmark = pytest.mark.process
COUNT = "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.005; done"
FAST = COUNT.replace("sleep 0.005; ", "")
MUCH = COUNT.replace("$n;", f"$n {'x' * 200};")


def numbers(*texts):
    """The numbers of the lines in TEXTS."""
    return [int(line.split()[1]) for text in texts for line in text.splitlines()]


def in_order(*texts):
    """Whether the lines of TEXTS are all there, once, in order."""
    found = numbers(*texts)
    return found == list(range(1, len(found) + 1))


def disk(managers, run, size="64k"):
    """A small disk in the directory; it is unmounted by whoever asks for it."""
    place = managers.place / "disk"
    place.mkdir()
    if run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", place).returncode:
        pytest.skip("needs to mount a tmpfs")
    return place


def test_stdout_and_stderr_go_to_it_in_order(managers):
    """Both go to one file, which is appended to."""
    log = managers.place / "log"
    log.write_text("before\n")
    one = managers.runner(
        ["sh", "-c", "echo out; echo err >&2; exec sleep 1000"], transcript=str(log)
    )
    managers.start(one)
    wait_until(lambda: log.read_text() == "before\nout\nerr\n")
    managers.stop(one)


def test_a_full_disk_is_waited_for(managers, run):
    """B-17, #1. Kind: a full disk stops no program and loses no line; room is used at once."""
    place = disk(managers, run)
    try:
        ballast = place / "ballast"
        ballast.write_bytes(b"x" * 61000)
        log = place / "log"
        events = managers.place / "events"
        one = managers.runner(
            ["sh", "-c", MUCH],
            transcript=str(log),
            eventlog={"level": 10, "handlers": [handler(events)]},
        )
        pid = managers.start(one).pid
        wait_until(lambda: "out of disk space" in events.read_text())
        assert managers.status(one).pid == pid
        ballast.unlink()
        size = log.stat().st_size
        wait_until(lambda: log.stat().st_size > size + 4096)
        assert managers.status(one).pid == pid
        managers.stop(one)
        assert in_order(log.read_text())
    finally:
        managers.end()
        run("umount", place)


def handler(path, **more):
    """A logfile of an event log, in PATH."""
    values = {
        "kind": "logfile",
        "level": 1,
        "path": str(path),
        "format": "%(levelname)s %(message)s",
        "dateformat": None,
        "style": "classic",
        "max-size": 0,
        "old-files": 0,
        "when": None,
        "interval": 0,
        "encoding": None,
        "delay": False,
        "formatter": None,
        "arbitrary-fields": False,
    }
    return values | more


def test_a_device_that_is_always_full(managers):
    """B-17. Kind: a transcript that can never be written is no reason to crash, or not to stop."""
    one = managers.runner(["sh", "-c", COUNT], transcript="/dev/full")
    pid = managers.start(one).pid
    wait_until(lambda: len(managers.left()) >= 3)
    assert managers.status(one).pid == pid
    assert client_waits.stop(one, timeout=30)
    managers.gone()


def test_size_and_keep(managers):
    """B-29. Kind: a transcript that grows for ever."""
    log = managers.place / "log"
    one = managers.runner(
        ["sh", "-c", MUCH], transcript=str(log), transcript_size=2000, transcript_keep=3
    )
    managers.start(one)
    third = managers.place / "log.3"
    wait_until(third.exists)
    first = third.read_text()
    wait_until(lambda: third.read_text() != first)
    managers.stop(one)
    names = sorted(path.name for path in managers.place.glob("log*"))
    assert names == ["log", "log.1", "log.2", "log.3"]
    texts = [(managers.place / name).read_text() for name in ("log.3", "log.2", "log.1", "log")]
    found = numbers(*texts)
    assert found == list(range(found[0], found[-1] + 1))
    assert all(2000 <= len(text) < 40000 for text in texts[:3])


def test_a_log_directory(managers):
    """B-29. A directory is written as pymultilog writes one."""
    one = managers.runner(
        ["sh", "-c", MUCH], transcript="logs/", transcript_size=4096, transcript_keep=2
    )
    managers.start(one)
    logs = managers.place / "logs"
    wait_until(lambda: len(list(logs.glob("@*"))) == 2)
    managers.stop(one)
    texts = [path.read_text() for path in [*sorted(logs.glob("@*")), logs / "current"]]
    found = numbers(*texts)
    assert found == list(range(found[0], found[-1] + 1))


def test_a_place_of_pysissylogs(managers):
    """B-29. A transcript may be a place: syslog, the journal, another machine."""
    import socket

    path = managers.place / "syslog"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(30)
        one = managers.runner(
            ["sh", "-c", "echo error: gone; exec sleep 1000"], transcript=f"syslog:{path}"
        )
        managers.start(one)
        said = server.recv(1000)
        managers.stop(one)
    assert b"error: gone" in said
    assert said.startswith(b"<27>")


def test_what_keeps_it_is_killed(managers):
    """Kind: what is killed while it writes a file, so that lines are lost or there twice."""
    log = managers.place / "log"
    one = managers.runner(["sh", "-c", FAST], transcript=str(log))
    pid = managers.start(one).pid
    state = managers.place / "zdsock.d/program/log/supervise/pid"
    for _ in range(3):
        size = log.stat().st_size
        wait_until(lambda size=size: log.stat().st_size > size + 20)
        os.kill(wait_until(lambda: int(state.read_text() or 0)), signal.SIGKILL)
    size = log.stat().st_size
    wait_until(lambda: log.stat().st_size > size + 20)
    assert managers.status(one).pid == pid
    managers.stop(one)
    assert in_order(log.read_text())


def test_it_is_killed_in_the_middle_of_a_write(place, start):
    """Kind: what was written, and not yet taken from the pipe, is there twice, or in part.

    Whether the file was renamed since, or not.
    """
    log = place / "log"
    old = [place / f"log.{number}" for number in (5, 15, 25)]
    reader, writer = os.pipe()
    program = start("sh", "-c", FAST, stdout=writer)
    os.close(writer)
    for number in range(30):
        size = log.stat().st_size if log.exists() else 0
        keeper = start("pyzdaemon", "append", "log", stdin=reader)
        wait_until(lambda size=size: log.stat().st_size > size)
        if place / f"log.{number}" in old:
            log.rename(place / f"log.{number}")
        keeper.kill()
        keeper.wait(30)
    program.kill()
    keeper = start("pyzdaemon", "append", "log", stdin=reader)
    os.close(reader)
    assert keeper.wait(30) == 0
    lines = "".join(path.read_text() for path in (*old, log)).splitlines()
    # The last one is as the kill of the program left it.
    assert lines[:-1] == [f"line {number}" for number in range(1, len(lines))]


def test_reopening_says_nothing_and_loses_nothing(managers):
    """2.0a2, #8, #9. Kind: one command reopens transcript and event log, at any moment."""
    log, events = managers.place / "log", managers.place / "events"
    one = managers.runner(
        ["sh", "-c", COUNT],
        transcript=str(log),
        eventlog={"level": 10, "handlers": [handler(events)]},
    )
    managers.start(one)
    for number in range(5):
        log.rename(managers.place / f"old.{number}")
        events.rename(managers.place / f"events.{number}")
        assert managers.ask("reopen_transcript") == ""
        wait_until(log.exists)
        wait_until(events.exists)
    managers.stop(one)
    old = [(managers.place / f"old.{number}").read_text() for number in range(5)]
    assert in_order(*old, log.read_text())


@pytest.mark.parametrize("path", ["no/such/log", "no/such/", "file/log", "there"])
def test_a_transcript_that_cannot_be_opened(managers, path):
    """Kind: a start that is reported, of a program whose output nobody can ever see."""
    (managers.place / "file").write_text("")
    (managers.place / "there").mkdir()
    found = managers.start(managers.runner("sleep 1000", transcript=path))
    assert found.kind == FAILED
    assert f"unable to open the transcript {managers.place}/{path}: " in found.reason
    assert not list(managers.place.glob("zdsock*"))


def test_a_transcript_whose_directory_has_gone(managers):
    """Kind: what is wrong with a transcript is said; the program runs and waits for it."""
    events, logs = managers.place / "events", managers.place / "logs"
    logs.mkdir()
    one = managers.runner(
        ["sh", "-c", COUNT],
        transcript=str(logs / "log"),
        eventlog={"level": 10, "handlers": [handler(events)]},
    )
    assert managers.start(one).kind == STARTED
    wait_until((logs / "log").exists)
    logs.rename(managers.place / "old")
    managers.ask("reopen_transcript")
    wait_until(lambda: "unable to open" in events.read_text())
    logs.mkdir()
    wait_until((logs / "log").exists)
    managers.stop(one)
    assert in_order((managers.place / "old/log").read_text(), (logs / "log").read_text())


def test_without_daemon_it_goes_where_the_client_writes(managers):
    """A transcript is for daemons; without `daemon` the program has the client's streams."""
    one = managers.runner(["sh", "-c", "echo here; exit 4"], daemon=False, exit_codes=(0, 4))
    said = managers.start_apart(one, stderr=subprocess.STDOUT)
    assert said.splitlines()[0] == "here"
    assert said.splitlines()[1].startswith("failed 0 4 exit status 4")


def test_without_daemon_a_signal_stops_it(managers):
    """B-30, #34. Kind: a manager in the foreground is stopped as any program is."""
    ready = managers.place / "ready"
    one = managers.runner("sleep 1000", daemon=False, start_test_program=("touch", str(ready)))
    client = managers.client(one)
    wait_until(ready.exists)
    wait_until(lambda: managers.status(one).up and not managers.status(one).testing)
    client.send_signal(signal.SIGTERM)
    said = client.communicate(timeout=DEADLINE)[0]
    assert said.split()[0] == "started"
    assert said.split()[2] == "0"
    wait_until(lambda: managers.left() == [])


def test_a_transcript_that_was_removed(managers):
    """Kind: lines that go into a file which has no name any more."""
    log = managers.place / "log"
    one = managers.runner(["sh", "-c", COUNT], transcript=str(log))
    managers.start(one)
    wait_until(lambda: log.stat().st_size > 20)
    log.unlink()
    wait_until(lambda: log.exists() and log.stat().st_size > 20)
    managers.stop(one)


def test_a_transcript_that_is_a_link(managers):
    """Kind: a file that is elsewhere, by a link of our own, is written and rotated there."""
    (managers.place / "elsewhere").mkdir()
    log, real = managers.place / "log", managers.place / "elsewhere/real"
    log.symlink_to("elsewhere/real")
    one = managers.runner(
        ["sh", "-c", MUCH], transcript=str(log), transcript_size=2000, transcript_keep=1
    )
    managers.start(one)
    wait_until((managers.place / "elsewhere/real.1").exists)
    managers.stop(one)
    assert log.is_symlink()
    assert "line " in (managers.place / "elsewhere/real.1").read_text() + real.read_text()
