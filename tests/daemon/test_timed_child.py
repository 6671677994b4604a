"""Child: a command with a timeout, and what ends it."""

import os
import signal
import sys

import pytest

from pydaemontools.base import proc
from pydaemontools.daemon import timed_child
from pydaemontools.daemon.timed_child import Child, escalate
from tests.conftest import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(params=[True, False], ids=["pidfd", "no pidfd"])
def pidfd(request, monkeypatch):
    """With pidfds, and with the fallback."""
    if not request.param:
        monkeypatch.setattr(timed_child, "_pidfd", lambda _pid: -1)


@pytest.mark.usefixtures("pidfd")
def test_one_that_ends_in_time_is_let_alone():
    """Servolux's Child: what it wrote, how it ended, and no signal."""
    with Child(["sh", "-c", "echo here; exit 3"], timeout=60) as child:
        assert child.stdout.read() == b"here\n"
        assert child.wait() == 3
        assert (child.exit_status, child.term_signal, child.success) == (3, None, False)
        assert not child.timed_out
        assert not child.alive


@pytest.mark.usefixtures("pidfd")
def test_one_that_takes_too_long_is_ended():
    """Servolux's Child: `timed_out`, and the signal that did it."""
    child = Child("sleep 60", timeout=0.05).start()
    assert child.wait() == -signal.SIGTERM
    assert child.timed_out
    assert (child.exit_status, child.term_signal) == (None, signal.SIGTERM)
    child.stop()


@pytest.mark.usefixtures("pidfd")
@pytest.mark.parametrize("seconds", [0, -0.5, -1e10])
def test_no_time_is_no_time(seconds):
    """The kind: what is left of a deadline that has passed; poll(2) takes -1 for always."""
    child = Child("sleep 60", timeout=seconds).start()
    assert child.wait(30) == -signal.SIGTERM
    assert child.timed_out
    child.stop()
    child = Child("sleep 60").start()
    assert child.wait(seconds) is None
    child.stop()


@pytest.mark.usefixtures("pidfd")
@pytest.mark.parametrize("seconds", [float("inf"), 1e10])
def test_more_time_than_the_kernel_can_count(seconds):
    """The kind: a thread that dies of a number."""
    child = Child("exec cat", timeout=seconds).start("r+")
    assert child.wait(0.05) is None
    child.stdin.close()
    assert child.wait(seconds) == 0
    assert not child.timed_out
    child.stop()


@pytest.mark.parametrize("wrong", ["x", float("nan"), True, 10**400])
def test_a_time_that_is_no_number(wrong):
    """The kind: it is told to whoever gives it, before anything is started."""
    for options in ({"timeout": wrong}, {"suspend": wrong}):
        with pytest.raises(ValueError, match="a number of seconds"):
            Child("true", **options)
    child = Child("true")
    child.timeout = wrong
    with pytest.raises(ValueError, match="a number of seconds"):
        child.start()
    with pytest.raises(ValueError, match="a number of seconds"):
        child.wait(wrong)
    assert child.pid == 0


def test_one_that_does_not_listen_is_killed():
    """TERM, QUIT and KILL, with time between for each to work."""
    command = "trap 'echo term' TERM; trap 'echo quit' QUIT; echo up; while :; do sleep 0.01; done"
    child = Child(command, suspend=0.2).start()
    assert child.stdout.readline() == b"up\n"
    out = child.stdout
    os.set_blocking(out.fileno(), True)
    fd = os.dup(out.fileno())
    child.stop()
    assert child.term_signal == signal.SIGKILL
    with open(fd, "rb") as rest:
        assert rest.read() == b"term\nquit\n"


def test_one_that_is_stopped_goes_on_to_end():
    """Kind: a signal that a stopped process never hears, so that it is killed in the end."""
    command = ["sh", "-c", "trap 'kill %1; echo over; exit 3' TERM; sleep 60 & echo up; wait"]
    child = Child(command, suspend=60).start()
    out = child.stdout
    assert out.readline() == b"up\n"
    os.killpg(child.pid, signal.SIGSTOP)
    wait_until(lambda: proc.stat(child.pid)[0] == b"T")
    fd = os.dup(out.fileno())
    child.stop()
    assert child.exit_status == 3
    with open(fd, "rb") as rest:
        assert rest.read() == b"over\n"


def test_what_it_started_ends_with_it():
    """Kind: grandchildren that live on, and ignore the signal that their parent heard."""
    command = "(trap '' TERM; echo up; exec sleep 60) & wait"
    child = Child(command, suspend=5).start()
    assert child.stdout.readline() == b"up\n"
    child.stop()
    wait_until(lambda: not has_members(child.pid))


def has_members(group):
    """Whether any process is in GROUP."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_stop_waits_and_it_can_be_started_again():
    """Servolux's Child: stop() resets it."""
    child = Child(["sleep", "60"])
    assert (child.pid, child.alive, child.wait(), child.stop().returncode) == (0, False, None, None)
    first = child.start().pid
    assert child.start().pid == first
    assert child.alive
    assert child.wait(0.01) is None
    child.stop()
    assert child.returncode == -signal.SIGTERM
    assert child.stop().start().pid != first
    child.stop()


def test_it_is_written_to_and_read_from():
    """Modes: r, w, r+ and none."""
    with Child(["cat"]).start("r+") as child:
        child.stdin.write(b"there and back")
        child.stdin.close()
        assert child.stdout.read() == b"there and back"
    with Child([sys.executable, "-c", "pass"]).start("w") as child:
        child.wait()
        child.stdin.write(b"nobody reads this")
    child = Child(["true"]).start("")
    assert (child.stdin, child.stdout, child.wait()) == (None, None, 0)
    child.stop()


def test_what_cannot_be_run_is_an_error_of_whoever_asks():
    """Kind: an error that is seen only in the child."""
    with pytest.raises(FileNotFoundError):
        Child(["/nonesuch/program"]).start()
    with pytest.raises(ValueError, match="nothing to run"):
        Child().start()
    with pytest.raises(ValueError, match='say "r"'):
        Child(["true"]).start("x")
    with pytest.raises(ValueError, match="no signal 'NONE'"):
        Child(["true"], signals=["NONE"])


def test_nothing_is_left_open():
    """Kind: pipes and pidfds of children that ended."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with Child(["true"], timeout=60) as child:
            child.wait()
    wait_until(lambda: len(os.listdir("/proc/self/fd")) == before)


@pytest.mark.parametrize(("gone_after", "sent"), [(1, [15]), (2, [15, 3]), (9, [15, 3, 9])])
def test_signals_are_sent_until_one_works(gone_after, sent):
    """Pure: what is sent, and whether it is gone, are given."""
    got, waited = [], []

    def gone(seconds):
        waited.append(seconds)
        return len(got) >= gone_after

    assert escalate([15, 3, 9], 4.0, got.append, gone) is (gone_after < 9)
    assert got == sent
    assert waited == [4.0] * len(sent) + ([0] if gone_after == 9 else [])


def test_one_that_is_not_there_any_more_is_gone():
    """Pure: no such process."""

    def send(_signum):
        raise ProcessLookupError

    assert escalate([15], 4.0, send, lambda _: False)
