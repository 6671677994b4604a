"""A supervisor is killed: its successor knows what it left, and there are never two."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import Kept, make_service, pids, state
from tests.supervise.test_known_process import launcher

MOVED = " cd /\nexec sleep 1000\n"
RESTART = {"adopt": "restart\n"}  # what was left is ended


def killed(kept):
    """Kill the supervisor of KEPT with -9, and wait until it is gone."""
    kept.supervisor.signal(signal.SIGKILL)
    kept.supervisor.wait()


def gone(pid):
    """Whether PID has ended, if perhaps nobody has waited for it."""
    return state(pid) in {None, "Z"}


def test_one_that_is_elsewhere_is_known_again(serve, supervise):
    """The kind: a process is looked for where it stands, and one that moved is started twice."""
    kept = serve({"run": MOVED} | RESTART)
    old = kept.up()
    killed(kept)
    second = supervise("s")
    kept.up(old)
    assert gone(old)
    assert f"ending process {old}, which was left by a supervisor" in second.err()
    line = kept.history()[0]
    assert f" pid {old} up " in line
    assert line.endswith(" s was killed by SIGTERM (left by a supervisor that died)")


# Each leaves processes in its own way; all of them write their pids to `left`.
LEAVES = {
    "a worker, and its leader is dead": " sleep 1000 & echo $! >left\nwait\n",
    "a worker that made a session": " setsid sleep 1000 & echo $! >left\nexec sleep 1000\n",
    "a worker of no parent": " (setsid sleep 1000 >&- 2>&- & echo $! >left)\nexec sleep 1000\n",
    "a worker of another parent, with our stderr": f"""#!{sys.executable} -IS
import os, signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with open(PLACE + "/left.new", "w") as file:
            print(os.getpid(), file=file)
        os.rename(PLACE + "/left.new", PLACE + "/left")
        signal.pause()
    os._exit(0)
os.wait()
signal.pause()
""",
}


@pytest.mark.parametrize("how", LEAVES)
def test_what_else_lives_of_it(serve, supervise, how):
    """By its session, its descent, its mark, and the pipe that only the service was given."""
    kept = serve({"run": "#!/bin/sh\n", "down": ""} | RESTART)
    run = LEAVES[how].replace("PLACE", repr(str(kept.path)))
    make_service(kept.path, {"run": run})
    (kept.path / "down").unlink()
    kept.say("u")
    worker = int(kept.wait_for("left")[0])
    old = kept.up()
    killed(kept)
    if "dead" in how:
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: gone(old))
    assert not gone(worker)
    supervise("s")
    kept.up(old)
    assert gone(old)
    assert gone(worker)


def test_a_main_process_that_was_named(serve, supervise):
    """MAINPID: it is written down as what runs, and whatever stands above it goes too."""
    kept = serve({"run": launcher(), "ready": "notify\n"} | RESTART)
    middle, daemon = map(int, kept.wait_for("pids")[0].split())
    wait_until(lambda: kept.pid() == daemon)
    kept.is_(processes=kept.state_file()["processes"], ready="1")
    killed(kept)
    (kept.path / "pids").unlink()
    supervise("s")
    kept.wait_for("pids")
    assert gone(daemon)
    assert gone(middle)


def lasting(kept, change):
    """Kill the supervisor, CHANGE something, start another: the old pid, and the new."""
    old = kept.up()
    killed(kept)
    change()
    return old


@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_others_may_write_what_is_believed(serve, supervise, mode):
    """Then nothing of it is: nothing is signalled, and that is said."""
    kept = serve({"run": MOVED})
    directory = kept.path / "supervise"
    old = lasting(kept, lambda: directory.chmod(mode))
    second = supervise("s")
    kept.up(old)
    assert not gone(old)
    assert "may have been written to by others" in second.err()
    os.kill(old, signal.SIGKILL)


@pytest.mark.parametrize("word", ["place", "processes"])
def test_a_pid_of_another_life(serve, supervise, word):
    """Another boot or directory, or another start: whoever has the number now is let alone."""
    kept = serve({"run": MOVED}, stderr=subprocess.DEVNULL)
    file = kept.path / "supervise/state"

    def change():
        wrong = {"place": "place x pid:[1] 1:1", "processes": f"processes {old}:1"}
        lines = [
            wrong[word] if line.startswith(word + " ") else line
            for line in kept.lines("supervise/state")
            if not line.startswith(("session ", "mark ", "pipes "))
        ]
        file.write_text("".join(line + "\n" for line in lines))

    old = kept.up()
    killed(kept)
    change()
    supervise("s")
    kept.up(old)
    assert not gone(old)
    os.kill(old, signal.SIGKILL)


def test_a_session_with_the_number_of_the_old_one(serve, supervise):
    """Its leader began at another time: it is another's, and so is all in it."""
    other = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    try:
        kept = serve({"run": MOVED} | RESTART)
        old = kept.up()
        killed(kept)
        file = kept.path / "supervise/state"
        text = "".join(
            f"session {other.pid}:7\n" if line.startswith("session ") else line + "\n"
            for line in kept.lines("supervise/state")
        )
        file.write_text(text)
        supervise("s")
        kept.up(old)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("other", ["runsv", "supervise"])
def test_what_another_kind_of_supervisor_left(start, serve, place, needs, other):
    """The time in its status is that of the start: pid and start time, as it wrote them down."""
    needs(other)
    make_service(place / "s", {"run": MOVED})
    nothing = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    process = start(other, "s", path="/usr/bin:/bin", **nothing)
    status = place / "s/supervise/status"

    def pid():
        data = status.read_bytes() if status.exists() else b""
        return int.from_bytes(data[12:16], "little")

    old = wait_until(pid)
    process.kill()
    process.wait()
    kept = serve({"run": MOVED})
    kept.up(old)
    assert gone(old)


def test_a_supervisor_below_its_own_service(serve):
    """Whoever starts a successor from inside the service is not ended by it."""
    text = """#!/bin/sh
[ -e once ] && exec sleep 1000
touch once
exec 2>&1
while kill -0 $PPID 2>/dev/null && [ ! -e go ]; do sleep 0.01; done
cd ..
pysupervise s >>out2 2>&1 &
wait
"""
    kept = serve({"run": text})
    old = kept.up()
    killed(kept)
    (kept.path / "go").touch()
    kept.up(old)
    assert not gone(old)
    os.kill(old, signal.SIGKILL)


# Killed at each step.

DEADLY = """
import os, posix
from pydaemontools.base import spawn
ME = os.getpid()
def deadly(name, when, count):
    place = spawn if name == "spawn" else posix
    real = getattr(place, name)
    calls = []
    def call(*words, **more):
        calls.append(None)
        here = len(calls) == count and os.getpid() == ME
        if here and when == "before":
            os.kill(ME, 9)
        found = real(*words, **more)
        # The child of a fork comes here too.
        if here and when == "after" and os.getpid() == ME:
            os.kill(ME, 9)
        return found
    setattr(place, name, call)
deadly(NAME, WHEN, COUNT)
"""
# What a start is made of; the second is after a death.
STEPS = [
    *[("spawn", count) for count in (1, 2)],
    *[("fork", count) for count in (1, 2)],
    *[("rename", count) for count in range(1, 11)],
    *[("mkfifo", count) for count in (1, 2)],
    ("pipe2", 2),
    *[("pwrite", count) for count in (1, 2, 3)],
]
# How it is started: a chain by a fork, a program in another way.
WAYS = [(step, chained) for step in STEPS for chained in (False, True) if step[0] != "spawn"]
WAYS += [(step, False) for step in STEPS if step[0] == "spawn"]
WAYS = [way for way in WAYS if way[1] or way[0][0] != "fork"]
# Dies once; then it is alone as long as it holds the lock.
ALONE = """ [ -e again ] || { echo >again; exit 1; }
echo $$ >>noted
cd /
pysetlock -n PLACE/alone sleep MARK || echo $$ >>PLACE/doubled
"""


def sleepers(mark):
    """How many processes sleep for MARK seconds."""
    found = 0
    for pid in pids():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                found += line.read() == b"sleep\0%d\0" % mark
        except OSError:
            continue
    return found


@pytest.fixture
def dead(supervise, faulty):
    """Start a supervisor of `s`, and wait until it has killed itself WHEN it came to a STEP."""

    def dead(step, when):
        fault = DEADLY.replace("NAME", repr(step[0])).replace("COUNT", str(step[1]))
        first = supervise("s", command=(str(faulty(fault.replace("WHEN", repr(when)))),))
        assert first.wait() == -signal.SIGKILL

    return dead


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("way", WAYS, ids=[f"{s} {n}{' chain' * c}" for (s, n), c in WAYS])
def test_killed_at_each_step_of_a_start(supervise, dead, place, way, when):
    """A point before and after each system call that matters: one of it runs, and no more."""
    step, chained = way
    mark = 100_000 + os.getpid() % 1000 * 100 + WAYS.index(way)
    shebang = "#!/usr/bin/env pychain\npysetlock -n ./other\n./real\n"
    real = "#!/bin/sh\n" + ALONE[1:].replace("PLACE", str(place)).replace("MARK", str(mark))
    files = {"run": shebang, "real": real} if chained else {"run": real}
    make_service(place / "s", files)
    dead(step, when)
    # Nobody writes to a script that is about to be run.
    kept = Kept(supervise("s"), place / "s")
    pid = kept.wait_for("noted")[-1]
    wait_until(lambda: sleepers(mark) == 1)
    wait_until(lambda: str(kept.up()) == pid)
    # Nobody killed it: it is the one that was started first.
    assert len(kept.lines("noted")) == 1
    assert kept.supervisor.running()
    assert not (place / "doubled").exists()
    kept.say("d")
    kept.is_(state="down")
    assert sleepers(mark) == 0


def test_killed_while_a_chain_runs(serve, supervise, faulty):
    """The pid stands there at once, the rest later: it is adopted without a pipe that tells it."""
    slow = "from pydaemontools.supervise import launcher\nlauncher.CHAIN *= 200_000"
    files = {
        "run": "#!/usr/bin/env pychain\npysetlock -n ./lock\n./real\n",
        "real": " exec 2>/dev/null\ncd /\necho $$ >>$OLDPWD/noted\nexec sleep 1000\n",
    }
    kept = serve(files, command=(str(faulty(slow)),), stdout=subprocess.DEVNULL)
    old = int(kept.wait_for("noted")[0])
    assert kept.state_file()["state"] != "run"
    killed(kept)
    kept.supervisor = supervise("s")
    wait_until(lambda: kept.pid() == old)
    assert kept.history()[0].endswith("was adopted (left by a supervisor that died)")
    assert kept.lines("noted") == [str(old)]


@pytest.mark.parametrize("logged", [False, True], ids=["no logger", "logger"])
def test_killed_at_random(serve, supervise, place, logged):
    """Thirty times in all, and every third time the service too: one of it runs, and no more."""
    mark = 7_000_000 + os.getpid() % 100_000
    run = "#!/bin/sh\n" + ALONE[1:].replace("PLACE", str(place)).replace("MARK", str(mark))
    files = {"run": run, "again": ""} | ({"log/run": " exec cat >>out\n"} if logged else {})
    kept = serve(files)
    for turn in range(15):
        if turn % 3 == 0 and kept.pid():
            with_it = kept.pid()
            if sleepers(mark):
                os.kill(with_it, signal.SIGKILL)
        time.sleep(turn % 5 * 0.05)
        killed(kept)
        kept.supervisor = supervise("s")
    wait_until(lambda: sleepers(mark) == 1)
    kept.up()
    assert not (place / "doubled").exists()
    kept.say("d")
    kept.is_(state="down")
    assert sleepers(mark) == 0
