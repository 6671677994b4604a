"""Processes that are no children of ours: followed by pid and start time, not by a number alone."""

import os
import posix
import signal
import subprocess
import sys

import pytest

from pydaemontools.base import pidfd
from pydaemontools.base.proc import start_time
from pydaemontools.jobs.known_process import KnownProcess
from tests.conftest import wait_until, write_script
from tests.supervise.conftest import state

pytestmark = pytest.mark.process


def orphan(body):
    """Have BODY run in a process whose parent has ended; its pid, and what lets it go on."""
    told, gate = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        grandchild = os.fork()
        if grandchild:
            os.write(told[1], b"%d" % grandchild)
            os._exit(0)
        os.close(gate[1])
        os.read(gate[0], 1)
        body()
        os._exit(99)
    os.waitpid(child, 0)
    pid = int(os.read(told[0], 20))
    for fd in (*told, gate[0]):
        os.close(fd)
    return pid, gate[1]


def fate(loop, body):
    """What the loop is told of the end of an orphan that runs BODY."""
    pid, gate = orphan(body)
    told = []
    KnownProcess(loop, pid, start_time(pid), told.append)
    os.close(gate)
    while not told:
        loop.turn()
    return told[0]


def _told_later():
    """Whether this kernel tells of what has been waited for (Linux 6.15)."""
    release = [int(number) for number in os.uname().release.split("-")[0].split(".")[:2]]
    return release >= [6, 15]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (lambda: os._exit(7), 7 << 8),
        (lambda: os._exit(0), 0),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), int(signal.SIGKILL)),
    ],
    ids=["code", "success", "signal"],
)
def test_how_a_stranger_ended(loop, body, wanted):
    """Its code or its signal, from /proc or by PIDFD_GET_INFO, whichever comes first."""
    assert fate(loop, body) in ((wanted,) if _told_later() else (wanted, None))


def test_one_that_nobody_knows_the_end_of(loop, monkeypatch):
    """It is told as None: neither a success nor a failure is made up."""
    monkeypatch.setattr(pidfd, "_may_know", lambda _pid: False)
    monkeypatch.setattr(pidfd, "PIDFD_GET_INFO", 0)
    assert fate(loop, lambda: os._exit(0)) is None


def test_without_pidfds_there_is_a_look_each_second(loop, monkeypatch):
    """Its end is seen all the same."""
    monkeypatch.delattr(posix, "pidfd_open")
    assert fate(loop, lambda: os._exit(7)) in (7 << 8, None)


@pytest.mark.parametrize("fallback", [False, True], ids=["pidfd", "no pidfd"])
def test_a_number_is_not_a_process(loop, monkeypatch, fallback):
    """One that began at another time is another, and gets no signal."""
    if fallback:
        monkeypatch.delattr(posix, "pidfd_open")
    pid, gate = orphan(lambda: os._exit(0))
    with pytest.raises(ProcessLookupError):
        KnownProcess(loop, pid, start_time(pid) + 1, print)
    with pytest.raises(ProcessLookupError):
        pidfd.send_signal(-1, pid, start_time(pid) + 1, signal.SIGKILL)
    assert start_time(pid)
    os.close(gate)


# A launcher, and below it a daemon that is named as the one that counts; then run ends.
LAUNCHER = f"""#!{sys.executable} -IS
import os, signal, socket, time
def say(*lines):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.sendto("\\n".join(lines).encode(), "\\0" + os.environ["NOTIFY_SOCKET"][1:])
if os.fork():
    while not os.path.exists("pids"):
        time.sleep(0.01)
    os._exit(0)
daemon = os.fork()
if daemon:
    say("MAINPID=NAMED", "READY=1")
    with open("pids.new", "w") as file:
        print(os.getpid(), daemon, file=file)
    os.rename("pids.new", "pids")
    THEN
while True:
    signal.pause()
"""


def launcher(named='%d" % daemon + "', then="signal.pause()"):
    """The program: whom it NAMES as the main process, and what it does THEN."""
    return LAUNCHER.replace("NAMED", named).replace("THEN", then)


@pytest.mark.parametrize("then", ["signal.pause()", "os._exit(0)"], ids=["stays", "ends"])
def test_a_main_process_below_another(serve, then):
    """MAINPID is followed whoever its parent is: that may live on, or end later than run does.

    The kind: who counts is decided by whose child it is.
    """
    kept = serve({"run": launcher(then=then), "ready": "notify\n", "timeout-kill": "3000\n"})
    middle, daemon = map(int, kept.wait_for("pids")[0].split())
    wait_until(lambda: kept.pid() == daemon)
    kept.is_(state="run", ready="1")
    assert not kept.read("supervise/history")
    (kept.path / "pids").unlink()
    os.kill(daemon, signal.SIGKILL)
    assert "was killed by SIGKILL" in kept.history()[0]
    kept.wait_for("pids")
    assert state(middle) is None


def test_a_main_process_below_another_is_told_down(serve):
    """It gets the signal, and what stands between is ended with it."""
    kept = serve({"run": launcher(), "ready": "notify\n"})
    middle, daemon = map(int, kept.wait_for("pids")[0].split())
    wait_until(lambda: kept.pid() == daemon)
    kept.say("d")
    kept.is_(state="down")
    assert "was killed by SIGTERM" in kept.history()[0]
    assert state(middle) in {None, "Z"}
    assert state(daemon) in {None, "Z"}


def test_a_main_process_that_is_not_of_the_service(serve):
    """Who does not descend from it is not taken, and not signalled."""
    other = subprocess.Popen(["sleep", "1000"])
    try:
        run = launcher(str(other.pid), "os._exit(0)")
        kept = serve({"run": run, "ready": "notify\n"})
        kept.history()
        kept.say("d")
        kept.is_(state="down")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


# Leaves a stray with the pid of one that has ended, in a session of its own.
REUSE = f"""#!{sys.executable} -IS
import os, signal
wanted = int(open("../other").read())
if os.fork() == 0:
    pid = 0
    while pid != wanted:
        with open("/proc/sys/kernel/ns_last_pid", "w") as last:
            last.write(str(wanted - 1))
        pid = os.fork()
        if pid == 0:
            if os.getpid() != wanted:
                os._exit(0)
            os.setsid()
            os.rename("stray.new", "stray")
            signal.pause()
        if pid != wanted:
            os.waitpid(pid, 0)
    os._exit(0)
os.wait()
signal.pause()
"""


@pytest.mark.needs_root
def test_a_stray_with_the_pid_of_one_that_was_there_before_us(serve, place):
    """Dead pids that come again: what is known of a child that ended is not true of the next."""
    if not os.access("/proc/sys/kernel/ns_last_pid", os.W_OK):
        pytest.skip("pids cannot be chosen here")
    before = ["sh", "-c", 'sleep 1 & echo $! >other; exec "$@"', "sh"]
    (place / "s").mkdir()
    (place / "s/stray.new").write_text("here\n")
    kept = serve({"run": "#!/bin/sh\nexec sleep 1000\n", "down": ""}, before=before)
    wanted = int((place / "other").read_text())
    wait_until(lambda: state(wanted) is None)
    write_script(kept.path / "run", REUSE)
    kept.say("u")
    wait_until((place / "s/stray").exists)
    assert state(wanted) in {"S", "R", "D"}
    kept.say("d")
    kept.is_(state="down")
    left, _ = state(wanted), os.path.exists(f"/proc/{wanted}") and os.kill(wanted, signal.SIGKILL)
    assert left is None
