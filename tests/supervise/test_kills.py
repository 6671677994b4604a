"""Supervisors are killed, at each step and at random: nothing is twice, lost, or without one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.log.far import kills
from tests.supervise.conftest import make_service, processes_in
from tests.supervise.test_adoption import SLEEPS
from tests.supervise.test_predecessor import DEADLY, gone, killed

KILLS = Path(__file__).parents[2] / "contrib/bench/kills.py"


@pytest.mark.kill
@pytest.mark.process
def test_killed_at_random():
    """Services and loggers too, of four kinds: see the script, which does a thousand rounds."""
    argv = [sys.executable, KILLS, str(kills(30))]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


# What an adoption is made of.
STEPS = [
    *[("mkfifo", count) for count in (1, 2, 3, 4)],
    *[("open", count) for count in range(6, 30, 4)],
    *[("listdir", count) for count in (1, 2)],
    *[("pidfd_open", count) for count in (1, 2)],
    *[("rename", count) for count in range(1, 10)],
    *[("pipe2", count) for count in (1, 2, 3)],
]
ALONE = """ echo $$ >>noted
exec pysetlock -n alone sh -c 'trap "" PIPE
while :; do echo $((i=i+1)) || touch lost; echo >&2 || touch lost; sleep .01; done'
"""
FILES = {
    "no logger": {},
    "logger": {"log/run": " exec cat >>../logged\n"},
    "ready log": {"log/run": " exec cat >>../logged\n", "ready": "log ^9$\n"},
    "not yet ready": {"notification-fd": "4\n"},
}


@pytest.mark.kill
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step[0]} {step[1]}")
def test_killed_at_each_step_of_an_adoption(serve, supervise, faulty, step, when):
    """A point before and after each call that matters: the same pid, whoever goes on with it."""
    kind = list(FILES)[STEPS.index(step) % len(FILES)]
    kept = serve({"run": ALONE} | FILES[kind])
    pid = kept.wait_for("noted")[0]
    assert str(kept.up()) == pid
    killed(kept)
    fault = DEADLY.replace("NAME", repr(step[0])).replace("COUNT", str(step[1]))
    second = supervise("s", command=(str(faulty(fault.replace("WHEN", repr(when)))),))
    # It need not come so far: what it does depends on the kind.
    wait_until(lambda: not second.running() or " was adopted " in kept.read("supervise/history"))
    second.process.kill()
    second.wait()
    kept.supervisor = supervise("s")
    wait_until(lambda: " was adopted " in kept.read("supervise/history"))
    assert str(kept.up()) == pid
    assert not gone(int(pid))
    assert kept.lines("noted") == [pid]
    assert not (kept.path / "lost").exists()
    # Who opens the fifo waits until somebody reads it.
    kept.say("x")
    assert kept.supervisor.wait() == 0
    wait_until(lambda: all(gone(one) for one in processes_in(kept.path)))
    logged = [int(line) for line in kept.lines("logged")]
    assert logged == list(range(1, len(logged) + 1))


@pytest.mark.parametrize("step", [("spawn", 1), ("spawn", 2)])
def test_a_run_that_was_not_written_down(place, supervise, serve, faulty, step):
    """Known by its pipes alone: it goes on too, also as the second after one that died."""
    make_service(place / "s", {"run": f" echo $$ >>noted\n[ -e again ] && {SLEEPS}touch again\n"})
    if step[1] == 1:
        (place / "s/again").touch()
    fault = DEADLY.replace("NAME", repr(step[0])).replace("COUNT", str(step[1]))
    first = supervise("s", command=(str(faulty(fault.replace("WHEN", "'after'"))),))
    assert first.wait() == -signal.SIGKILL
    kept = serve({"adopt": ""})
    pid = kept.wait_for("noted", step[1])[-1]
    wait_until(lambda: str(kept.pid()) == pid)
    assert kept.lines("noted")[-1:] == [pid]
    os.kill(int(pid), 0)


def test_a_worker_is_not_taken_for_a_run(serve, supervise):
    """It leads a session and has the pipes, and its run has ended while nobody was there."""
    kept = serve({"run": f" setsid sleep 1000 & echo $! >left\n{SLEEPS}"})
    worker = int(kept.wait_for("left")[0])
    old = kept.up()
    killed(kept)
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: gone(old))
    supervise("s")
    new = kept.up(old)
    assert new != worker
    assert gone(worker)
