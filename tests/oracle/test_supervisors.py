"""Supervise and runsv, the C ones and ours: the same service, the same commands, the same answers.

The commands come from the C tools on both sides. What differs from run to run (pids, seconds)
is masked; everything else has to be the same: each answer, the files with their modes, what the
supervisors print, and their exit codes.
"""

import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import DEADLINE, wait_until
from tests.supervise.conftest import LISTENER, make_service

# await DIR PATTERN: until a line of svstat, stat and what was heard has the PATTERN in it.
AWAIT = """#!/bin/sh
turn=0
until { svstat "$1"; tr '\\n' ' ' <"$1/supervise/stat"; tr '\\n' ' ' <"$1/heard"; } \\
        2>/dev/null | grep -qE "$2"; do
    turn=$((turn + 1))
    [ $turn -lt 1000 ] || { echo "never $2: $(svstat "$1")"; exit 1; }
    sleep 0.02
done
"""
SLEEP = " exec sleep 1000\n"
# Files are written beside themselves and renamed: until all of them have been.
FILES = (
    "cd s/supervise && while ls ./*.new >/dev/null 2>&1; do :; done;"
    "stat -c '%A %n' * && stat -c %s status lock"
)
# For a second after each start the C programs hear nothing.
DEAF = "sleep 1.2"
# Until it has said that it runs, and then again; the child may be faster than the status.
ONCE = "until [ -s s/starts ]; do :; done"
TWICE = "until [ $(cat s/starts 2>/dev/null | wc -l) = 2 ]; do :; done; await s 'up '"
# Until it has said that it cannot start it.
FAILS = "until [ -s err ]; do sleep 0.02; done"
# Until the listener hears: its pid is in what it has heard.
HEARS = "await s '(^|run )[0-9]+ '"
# svstat does not tell it, and the file `stat` is written before the status.
TERMED = "until sv status ./s | grep -q 'got TERM'; do sleep 0.02; done"
KILL = "kill -9 $(od -An -j12 -N4 -tu4 --endian=little s/supervise/status)"
# A service that hears, then each letter that both have, and what it means in the end.
EACH = [
    step
    for letter, name in (("h", "HUP"), ("a", "ALRM"), ("i", "INT"), ("t", "TERM"), ("c", "CONT"))
    for step in (f"svc -{letter} s", f"await s SIG{name}", "svstat s")
]
# Each case: the files of the service, and what is said to it.
COMMON = {
    "stands there with its files": ({"run": SLEEP}, ["await s 'up '", "svstat s", FILES]),
    "goes down and up": (
        {"run": SLEEP},
        [
            "await s 'up '",
            "svc -d s",
            "await s ': down'",
            "svstat s",
            "svc -u s",
            "await s 'up '",
            "svstat s",
        ],
    ),
    "is down from the start": (
        {"run": SLEEP, "down": ""},
        ["await s down", "svstat s", "svok s", "svc -u s", "await s 'up '", "svstat s"],
    ),
    "is up once": (
        {"run": SLEEP},
        ["await s 'up '", DEAF, "svc -o s", DEAF, "svstat s", KILL, "await s ': down'", "svstat s"],
    ),
    "is started once": (
        {"run": SLEEP, "down": ""},
        [
            "await s down",
            "svc -o s",
            "await s 'up '",
            "svstat s",
            KILL,
            "await s ': down'",
            "svstat s",
        ],
    ),
    "pauses and goes on": (
        {"run": SLEEP},
        [
            "await s 'up '",
            "svc -p s",
            "await s paused",
            "svstat s",
            "svc -c s",
            "await s 'seconds$'",
            "svstat s",
        ],
    ),
    "is paused and told down": (
        {"run": SLEEP},
        ["await s 'up '", "svc -p s", "await s paused", "svc -d s", "await s ': down'", "svstat s"],
    ),
    "is killed and comes again": (
        {"run": " echo x >>starts; exec sleep 1000\n"},
        ["await s 'up '", ONCE, "svc -k s", TWICE, "svstat s"],
    ),
    "hears each signal": (
        {"run": LISTENER.replace('sys.argv and "stay"', "x").replace("sys.argv", "['stay']")},
        [HEARS, *EACH, "svc -k s"],
    ),
    "goes down and leaves": ({"run": SLEEP}, ["await s 'up '", "svc -dx s"]),
    "leaves while it is down": ({"run": SLEEP, "down": ""}, ["await s down", "svc -x s"]),
    "cannot be started": ({}, ["await s 'up|down'", "sleep 1.5", "svc -d s", "sleep 0.1"]),
    "has a run that is no program": (
        {"run": "not a program"},
        [FAILS, "svc -d s", "await s 'normally up$'", DEAF, "svstat s"],
    ),
    "gets letters that mean nothing": (
        {"run": SLEEP},
        ["await s 'up '", "printf 'l?zZ\\0' >s/supervise/control", "svc -d s", "await s ': down'"],
    ),
    "gets many letters at once": (
        {"run": SLEEP, "down": ""},
        ["await s down", "svc -ucp s", "await s paused", "svstat s"],
    ),
    "has other directories and files": (
        {"run": SLEEP, "data/x": "x", "env/X": "y"},
        ["await s 'up '", "svstat s"],
    ),
}
SUPERVISE = COMMON | {
    "goes on when it is told to exit, and leaves": (
        {"run": SLEEP},
        ["await s 'up '", "svc -x s", DEAF, "svstat s", "svok s", KILL],
    ),
    "has no finish, no control and no log": (
        {"run": " echo x >>starts; exec sleep 1000\n", "finish": " echo finish\n"}
        | {"control/d": " echo d\n", "log/run": " exec cat\n"},
        ["await s 'up '", "svc -d s", "await s ': down'", "svstat s", "ls s/log"],
    ),
}
RUNSV = COMMON | {
    "leaves when it is told to": ({"run": SLEEP}, ["await s 'up '", "svc -x s"]),
    "tells finish how it ended": (
        {"run": " echo x >>starts; exec sleep 1000\n", "finish": ' echo "$@" >>ends\n'},
        [
            "await s 'up '",
            ONCE,
            "svc -k s",
            TWICE,
            "cat s/ends",
            "svc -d s",
            "until [ $(cat s/ends | wc -l) = 2 ]; do sleep 0.02; done",
            "await s ': down'",
            "cat s/ends",
        ],
    ),
    "tells finish its code": (
        {"run": " exit 7\n", "finish": ' echo "$@" >>ends\n', "down": ""},
        ["await s down", "svc -o s", "until [ -s s/ends ]; do :; done", "cat s/ends"],
    ),
    "is in finish": (
        {"run": SLEEP, "finish": SLEEP},
        [
            "await s 'up '",
            "svc -d s",
            "await s finish",
            "cat s/supervise/stat",
            "sv status ./s",
            "svstat s",
            KILL,
            "await s ': down'",
            "sv status ./s",
        ],
    ),
    "runs scripts instead of signals": (
        {
            "run": LISTENER,
            "control/h": ' echo h "$0" "$#" >>asked\n',
            "control/a": " echo a >>asked; exit 1\n",
        },
        [
            HEARS,
            "svc -h s",
            "svc -a s",
            "await s ALRM",
            "cat s/asked",
            "tail -1 s/heard",
        ],
    ),
    "runs scripts when it goes down": (
        {
            "run": LISTENER,
            "control/t": " echo t >>asked; exit 1\n",
            "control/d": " echo d >>asked\n",
        },
        [
            HEARS,
            "svc -d s",
            "await s ': down'",
            "until grep -qs d s/asked; do :; done",
            "cat s/asked",
        ],
    ),
    "runs a script before it starts": (
        {"run": " echo run >>asked; exec sleep 1000\n", "control/u": " echo u >>asked; exit 1\n"},
        ["await s 'up '", "until grep -qs run s/asked; do :; done", "cat s/asked"],
    ),
    "has a logger": (
        {"run": " echo hello; exec sleep 1000\n", "log/run": " exec cat >>out\n"},
        [
            "await s 'up '",
            "await s/log 'up '",
            "until [ -s s/log/out ]; do :; done",
            "cat s/log/out",
            "sv status ./s",
            "svstat s/log",
            "ls s/log/supervise",
            "svc -d s/log",
            "await s/log ': down'",
            "sv status ./s",
            "cat s/log/supervise/stat",
            "svc -u s/log",
            "await s/log 'up '",
            "svc -x s/log",
            "sv status ./s",
        ],
    ),
    "has a logger that is down": (
        {"run": SLEEP, "log/run": " exec cat >>out\n", "log/down": ""},
        [
            "await s 'up '",
            "await s/log ': down'",
            "sv status ./s",
            "svc -u s/log",
            "await s/log 'up '",
            "sv status ./s",
        ],
    ),
    "has a logger that cannot be started": (
        {"run": SLEEP, "log/x": ""},
        ["await s 'up '", "sleep 0.5", "svc -d s/log", "sleep 1"],
    ),
    "has a log that is no directory": ({"run": SLEEP, "log": "x"}, ["await s 'up '", "svstat s"]),
    "answers sv": (
        {"run": SLEEP},
        [
            "await s 'up '",
            "sv status ./s",
            "sv down ./s",
            "await s ': down'",
            "sv status ./s",
            "sv -w 5 start ./s",
            DEAF,
            "sv -w 5 restart ./s",
            DEAF,
            "sv -w 5 stop ./s",
            DEAF,
            "sv once ./s",
            "await s 'up '",
            "sv pause ./s",
            "await s paused",
            "cat s/supervise/stat",
            "sv cont ./s",
            "await s 'run'",
            "sv -w 5 exit ./s",
            "sv status ./s",
        ],
    ),
    "does not hear TERM": (
        {"run": LISTENER.replace("sys.argv", "['stay']")},
        [
            HEARS,
            "svc -t s",
            TERMED,
            "sv status ./s",
            "svc -d s",
            "await s 'want down'",
            "sv status ./s",
            "cat s/supervise/stat",
            "svc -k s",
            "await s ': down'",
            "sv status ./s",
        ],
    ),
    "tells in plain words": (
        {"run": SLEEP},
        [
            "await s 'up '",
            "cat s/supervise/stat",
            "test -s s/supervise/pid",
            "svc -o s",
            "await s 'want down'",
            "cat s/supervise/stat",
            "svc -u s",
            "await s 'run $'",
            "svc -d s",
            "await s ': down'",
            "cat s/supervise/stat s/supervise/pid",
        ],
    ),
}
CASES = [("supervise", name) for name in SUPERVISE] + [("runsv", name) for name in RUNSV]
# What file modes forbid is refused also to root.
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
# Command lines that lead nowhere.
WRONG = [
    [],
    ["s", "s"],
    ["-q", "s"],
    ["nosuch"],
    ["file"],
    [""],
    ["closed"],
    ["locked"],
    ["./locked/"],
]


class Side:
    """One of the two: a directory with a service, its supervisor, and what was seen."""

    def __init__(self, place, tool, files, path, name):
        self.place = place / name
        self.place.mkdir()
        self.path = path
        make_service(self.place / "s", files)
        if tool:
            with (self.place / "err").open("wb") as err, (self.place / "out").open("wb") as out:
                self.process = subprocess.Popen(
                    [tool, "s"],
                    cwd=self.place,
                    env={"PATH": path},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
            wait_until((self.place / "s/supervise/ok").exists)

    def say(self, step):
        """What the shell says to STEP: its output, its code."""
        path = f"{self.place.parent}/bin:/usr/bin:/bin"
        result = subprocess.run(
            ["sh", "-c", step],
            cwd=self.place,
            env={"PATH": path},
            capture_output=True,
            timeout=DEADLINE,
            check=False,
        )
        return step, masked(result.stdout + result.stderr), result.returncode

    def end(self, *, exits):
        """What it printed, and how it ended if it was told to."""
        code = self.process.wait(DEADLINE) if exits else None
        said = (self.place / "err").read_bytes() + (self.place / "out").read_bytes()
        # How often a start was tried in the meantime is a matter of luck.
        return code, sorted(set(masked(said).splitlines()))


def masked(text):
    """TEXT without pids and seconds."""
    text = re.sub(rb"\d+ seconds", b"N seconds", text)
    text = re.sub(rb"\b\d+s\b", b"Ns", text)
    return re.sub(rb"pid \d+", b"pid N", text)


@pytest.fixture
def sides(place, originals, script, needs):
    """Make two services that are alike, each under its supervisor."""
    script(place / "bin/await", AWAIT)
    made = []

    def sides(tool, files):
        needs("supervise", "svc", "svstat", "svok", "sv", "runsv")
        for name, path in (("c", ""), ("ours", f"{originals}:")):
            made.append(Side(place, tool, files, f"{path}/usr/bin:/bin", name))
        return made

    yield sides
    for side in made:
        end(side)


def end(side):
    """End what SIDE has running: the supervisor, its service, and whatever is left."""
    for directory in "s", "s/log":
        control = side.place / directory / "supervise/control"
        if control.exists():
            subprocess.run(
                ["/usr/bin/svc", "-dkx", side.place / directory],
                stderr=subprocess.DEVNULL,
                check=False,
            )
    if hasattr(side, "process"):
        try:
            side.process.wait(5)
        except subprocess.TimeoutExpired:
            side.process.kill()
            side.process.wait()


@pytest.mark.parametrize(("tool", "case"), CASES)
def test_a_service_that(sides, tool, case):
    """Everything that can be seen is the same."""
    files, steps = {"supervise": SUPERVISE, "runsv": RUNSV}[tool][case]
    made = sides(tool, files)
    with ThreadPoolExecutor(2) as both:
        theirs, ours = both.map(lambda side: [side.say(step) for step in steps], made)
    assert ours == theirs
    exits = "leaves" in case
    theirs, ours = (side.end(exits=exits) for side in made)
    assert ours == theirs


@pytest.mark.parametrize("argv", WRONG, ids=" ".join)
@pytest.mark.parametrize("tool", ["supervise", "runsv"])
def test_a_command_line_that_leads_nowhere(sides, run, tool, argv):
    """The same words, and the same code."""
    said = []
    for side in sides(None, {}):
        (side.place / "file").touch()
        (side.place / "closed").mkdir(mode=0)
        make_service(side.place / "locked", {"run": SLEEP, "down": ""})
        side.place.chmod(0o777)
        (side.place / "locked").chmod(0o777)
        with (side.place / "locked/supervise.lock").open("w"):
            pass
        where = side.path.partition(":")[0]
        held = subprocess.Popen(
            ["/usr/bin/supervise", "locked"], cwd=side.place, start_new_session=True
        )
        wait_until((side.place / "locked/supervise/ok").exists)
        words = UNPRIVILEGED if not os.geteuid() else []
        result = run(*words, f"{where}/{tool}", *argv, cwd=side.place)
        said.append((result.returncode, result.stdout, result.stderr))
        held.send_signal(signal.SIGKILL)
        held.wait()
    theirs, mine = said
    clean = (theirs[0], theirs[1], theirs[2].replace(b"/usr/bin/", b""))
    assert (mine[0], mine[1], mine[2]) == clean
