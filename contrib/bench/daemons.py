"""Daemons: how long until one is ready and that is known; many at once; and again and again."""

import importlib.util
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from sample import ENVIRON, Row, in_turns

# A program that detaches itself, and says on the pipe on fd 3 that its own code runs.
OURS = """
import os
from pydaemontools.daemon import daemonize
here = daemonize("ours.pid", keep=[3])
os.write(3, b"x")
os.close(3)
here.ready()
"""
THEIRS = """
import os
import daemon
with daemon.DaemonContext(files_preserve=[3]):
    os.write(3, b"x")
    os.close(3)
"""
# Tells when it was ready, by the clock that all processes have.
READY = {
    "it calls ready()": ("call", "stamp(); ready()"),
    "it sends READY=1": ("notify", "stamp(); notify.ready()"),
    "it writes a line into its log": ("log", "stamp(); os.write(1, b'ready\\n')"),
    "it writes to fd 3 (s6)": ("fd:3", "stamp(); os.write(3, b'\\n')"),
    "it listens at a port (looked for)": (
        "tcp:PORT",
        "s.bind(('127.0.0.1', PORT)); stamp(); s.listen()",
    ),
}
NOTICED = """
import os, socket, sys, time
from pydaemontools.adapters import notify
from pydaemontools.daemon import Daemon, ready
def stamp():
    with open(path + "/stamp", "w") as file:
        file.write(str(time.monotonic()))
def work():
    s = socket.socket()
    time.sleep(0.02)
    DEED
    time.sleep(1000)
path = os.getcwd()
options = {"ready": "WAY", "stdout": "log", "log_file": "log", "look_for": "ready"}
if "WAY" != "log":
    del options["look_for"]
daemon = Daemon("late", pid_file="late.pid", startup_command=work, **options)
for _ in range(ROUNDS):
    daemon.startup(do_exit=False)
    now = time.monotonic()
    print((now - float(open("stamp").read())) * 1000)
    daemon.kill("KILL")
    daemon.shutdown()
"""
NAPS = 0.2, 0.4, 0.8, 1.6  # seconds of Servolux's waits, again and again
MANY = """
import os, sys, time
from pydaemontools.daemon import AlreadyRunning, daemonize
while not os.path.exists("go"):
    time.sleep(0.002)
try:
    here = daemonize("many.pid", exit=False, directory=None)
    if here.in_daemon:
        here.ready()
        while os.path.exists("go"):
            time.sleep(0.01)
        sys.exit()
    print("won")
except AlreadyRunning:
    print("told")
"""
AGAIN = """
import os, time
from pydaemontools.daemon import Daemon
daemon = Daemon("again", pid_file="again.pid", startup_command=["sleep", "1000"], settle=0)
def state():
    return len(os.listdir("/proc/self/fd")), sorted(os.listdir())
daemon.startup(do_exit=False)
daemon.shutdown()
before = state()
for _ in range(ROUNDS):
    begun = time.perf_counter()
    daemon.startup(do_exit=False)
    daemon.shutdown()
    print((time.perf_counter() - begun) * 1000)
assert state() == before, (state(), before)
"""


def rows(*, quick):
    """Start to ready, how late that is noticed, imports, 200 at once, 1,000 rounds."""
    lacking = [] if importlib.util.find_spec("daemon") else ["python-daemon"]
    rounds = 10 if quick else 200
    contenders = {"daemonize()": lambda: until_it_runs(OURS)}
    if not lacking:
        contenders["python-daemon"] = lambda: until_it_runs(THEIRS)
    yield Row(
        "A program detaches itself, until its own code runs",
        "milliseconds",
        in_turns(contenders, rounds),
        {"python-daemon": "at most 1"},
        lacking,
    )
    yield Row(
        "How late it is noticed that a daemon is ready (99th percentile wanted: 5)",
        "milliseconds",
        lateness(rounds) | {"Servolux's naps (arithmetic, not measured)": by_naps(1000)},
        {},
    )
    contenders = {"`import pydaemontools.daemon`": lambda: imported("import pydaemontools.daemon")}
    if not lacking:
        contenders["`import daemon`"] = lambda: imported("import daemon")
    contenders["`from pydaemontools.daemon import daemonize`"] = lambda: imported(
        "from pydaemontools.daemon import daemonize"
    )
    yield Row(
        "An import, in an interpreter that has begun",
        "milliseconds",
        in_turns(contenders, rounds),
        {"`import daemon`": "at most 0.5"},
        lacking,
    )
    many = 40 if quick else 200
    yield Row(
        f"{many} starts at once: one wins, {many - 1} are told so",
        "seconds",
        {"daemonize()": [at_once(many) for _ in range(1 if quick else 3)]},
        {},
    )
    again = 50 if quick else 1000
    yield Row(
        f"{again} starts and stops of a program, which leave no file, no fd and no process",
        "milliseconds",
        {"Daemon, a round": again_and_again(again)},
        {},
    )


def until_it_runs(program):
    """The milliseconds until PROGRAM, detached, has said that it runs."""
    source, sink = os.pipe()
    actions = [(os.POSIX_SPAWN_CLOSE, source), (os.POSIX_SPAWN_DUP2, sink, 3)]
    begun = time.perf_counter()
    argv = [sys.executable, "-c", program]
    pid = os.posix_spawn(argv[0], argv, ENVIRON, file_actions=actions)
    os.close(sink)
    said = os.read(source, 1)
    took = time.perf_counter() - begun
    # It ends before the next one begins.
    os.read(source, 1)
    os.close(source)
    if os.waitpid(pid, 0)[1] or said != b"x":
        sys.exit(f"{program} failed")
    wait_for(lambda: not Path("ours.pid").exists())
    return took * 1000


def lateness(rounds):
    """By each way to be ready, how late that was noticed."""
    found = {}
    for name, way in READY.items():
        took = noticed(*way, rounds)
        found[with_percentile(name, took)] = took
    return found


def noticed(way, deed, rounds):
    """The milliseconds between a daemon's being ready and its start's coming back."""
    port = str(random.randrange(20000, 30000))  # noqa: S311 - any will do
    text = NOTICED.replace("WAY", way).replace("DEED", deed).replace("PORT", port)
    said = output(text.replace("ROUNDS", str(rounds)))
    return [float(line) for line in said.split()]


def with_percentile(name, took):
    """NAME with the 99th percentile of what it TOOK."""
    return f"{name} (99th percentile {sorted(took)[int(len(took) * 0.99) - 1]:.2g})"


def by_naps(count):
    """COUNT times how late Servolux notices a daemon that took up to three seconds to be ready."""
    random.seed(1)
    late = []
    for _ in range(count):
        ready, now, nap = random.uniform(0, 3), 0.0, 0  # noqa: S311
        while now < ready:
            now += NAPS[nap % len(NAPS)]
            nap += 1
        late.append((now - ready) * 1000)
    return late


def imported(statement):
    """The milliseconds that an import STATEMENT takes."""
    text = f"from time import perf_counter as now\nt = now()\n{statement}\nprint(now() - t)"
    return float(output(text)) * 1000


def at_once(many):
    """The seconds that MANY starts take; exactly one wins."""
    for name in "go", "many.pid":
        Path(name).unlink(missing_ok=True)
    words = [sys.executable, "-c", MANY]
    started = [subprocess.Popen(words, env=ENVIRON, stdout=subprocess.PIPE) for _ in range(many)]
    begun = time.perf_counter()
    Path("go").touch()
    said = [one.communicate()[0] for one in started]
    took = time.perf_counter() - begun
    if sorted(said) != [b"told\n"] * (many - 1) + [b"won\n"]:
        sys.exit(f"of {many} starts {said.count(b'won' + bytes([10]))} won")
    Path("go").unlink()
    wait_for(lambda: not Path("many.pid").exists())
    return took


def again_and_again(rounds):
    """The milliseconds of each start and stop; nothing is left of them."""
    took = [float(line) for line in output(AGAIN.replace("ROUNDS", str(rounds))).split()]
    left = subprocess.run(["pgrep", "-fx", "sleep 1000"], check=False, capture_output=True).stdout
    mine = [pid for pid in left.split() if os.readlink(f"/proc/{int(pid)}/cwd") == os.getcwd()]
    if mine:
        sys.exit(f"processes are left: {mine}")
    return took


def output(text):
    """What a program of TEXT prints."""
    words = [sys.executable, "-c", text]
    return subprocess.run(words, check=True, env=ENVIRON, stdout=subprocess.PIPE).stdout


def wait_for(condition):
    """Wait until CONDITION() is so."""
    end = time.monotonic() + 10
    while not condition():
        if time.monotonic() > end:
            sys.exit("what was started does not end")
        time.sleep(0.001)
