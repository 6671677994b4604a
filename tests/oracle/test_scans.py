"""The C svscan and runsvdir start ours where they expect supervise and runsv, and go on as ever."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import make_service

SLEEP = " exec sleep 1000\n"
SCANS = {"svscan": "supervise", "runsvdir": "runsv"}


@pytest.fixture
def scan(start, place, originals, needs):
    """Start a C scanner of the directory `service`, with ours first in PATH."""
    nothing = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)

    def scan(name):
        return start(needs(name), "service", path=f"{originals}:/usr/bin:/bin", **nothing)

    (place / "service").mkdir()
    yield scan
    for directory in place.glob("service/*"):
        end(directory)


def end(directory):
    """End the supervisor in DIRECTORY, its service and its logger."""
    for one in directory, directory / "log":
        if (one / "supervise/ok").exists():
            subprocess.run(["svc", "-dkx", one], stderr=subprocess.DEVNULL, check=False)
            wait_until(lambda one=one: not answers(one))


def answers(directory):
    """Whether a supervisor answers for DIRECTORY."""
    return not subprocess.run(["svok", directory], check=False).returncode


def supervisor(directory):
    """The words of the command line of what holds the lock of DIRECTORY."""
    inode = f":{(directory / 'supervise/lock').stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    pids = [line.split()[4] for line in lines if inode in line and "FLOCK" in line]
    return Path(f"/proc/{pids[0]}/cmdline").read_bytes().split(b"\0")


@pytest.mark.parametrize("name", SCANS)
def test_ours_is_started(scan, place, name):
    """A service with a logger: whoever holds the pipe, the line arrives."""
    make_service(
        place / "service/s",
        {"run": " echo hello; exec sleep 1000\n", "log/run": " exec cat >>out\n"},
    )
    scan(name)
    wait_until((place / "service/s/log/out").exists)
    wait_until(lambda: (place / "service/s/log/out").read_text() == "hello\n")
    # By its own command line, as ps shows it.
    assert supervisor(place / "service/s")[0] == f"{SCANS[name]} s".encode()


@pytest.mark.parametrize("name", SCANS)
def test_a_supervisor_that_is_killed_is_started_again(scan, place, name):
    """By the scanner, as it would start the C one; the lock is free again."""
    make_service(place / "service/s", {"run": " echo $$ >>starts; exec sleep 1000\n"})
    scan(name)
    first = int(wait_until(lambda: starts(place))[0])
    os.kill(parent(first), signal.SIGKILL)
    wait_until(lambda: len(starts(place)) == 2)
    os.kill(first, signal.SIGKILL)


def starts(place):
    """The pids that the service noted."""
    path = place / "service/s/starts"
    return path.read_text().split() if path.exists() else []


def parent(pid):
    """The parent of PID."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])


def test_runsvdir_ends_what_vanishes_and_what_it_is_told_to(scan, place):
    """TERM to ours, which ends its service: for a directory that is gone, and for all at HUP."""
    for name in "s", "t":
        make_service(place / "service" / name, {"run": SLEEP})
    process = scan("runsvdir")
    pids = {}
    for name in "s", "t":
        status = place / "service" / name / "supervise/pid"
        wait_until(lambda status=status: status.exists() and status.read_text())
        pids[name] = int(status.read_text())
    (place / "service/s").rename(place / "s")
    wait_until(lambda: not Path(f"/proc/{pids['s']}").exists())
    process.send_signal(signal.SIGHUP)
    assert process.wait() == 111
    wait_until(lambda: not Path(f"/proc/{pids['t']}").exists())
    wait_until(lambda: not answers(place / "service/t"))
    shutil.rmtree(place / "s")
