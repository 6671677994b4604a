"""rss-limit: whose memory counts, how it is counted, and what comes of too much."""

import sys

import pytest

from pydaemontools.base import cli
from pydaemontools.supervise import memory_watch
from pydaemontools.supervise.memory_watch import MemoryWatch
from pydaemontools.supervise.state import UP, State
from tests.conftest import wait_until
from tests.supervise.conftest import children_of, state

# Looks often, and writes down what it has found each time.
OFTEN = """
import pydaemontools.supervise.memory_watch as watch
watch.INTERVAL = 0.05
used = watch.MemoryWatch._used
def noted(self, limit):
    found = used(self, limit)
    with open("looked", "a") as file:
        file.write(f"{found}\\n")
    return found
watch.MemoryWatch._used = noted
"""
# Takes WHAT megabytes, each page of them, in a process that SHAPE says; then all of them sleep.
EATER = f"""#!{sys.executable} -IS
import os, signal, sys, time
def eat(megabytes):
    global eaten
    eaten = bytearray(megabytes << 20)
    for at in range(0, len(eaten), 4096):
        eaten[at] = 1
with open("started", "a") as file:
    file.write("x\\n")
SHAPE
while True:
    signal.pause()
"""
SHAPES = {
    "it has it itself": "eat(150)",
    "its children have it": "for _ in range(3):\n    if not os.fork():\n        eat(50); break",
    "one that forked twice has it": """
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    eat(150)
else:
    os.wait()
""",
    "a thread's child has it": """
import threading
def start():
    if not os.fork():
        eat(150)
    signal.pause()
threading.Thread(target=start, daemon=True).start()
""",
}


@pytest.fixture
def eat(serve, faulty):
    """Supervise a service that takes memory as SHAPE says, and is looked at often."""

    def eat(shape, limit="100m", fault="", **files):
        faulty(OFTEN + fault)
        run = EATER.replace("SHAPE", shape)
        return serve({"run": run, "rss-limit": limit} | files, command=("faulty",))

    return eat


@pytest.mark.parametrize("shape", SHAPES)
def test_too_much_is_ended_and_started_again(eat, shape):
    """Kind: a service that leaks is never ended, whichever of its processes has the memory."""
    kept = eat(SHAPES[shape])
    line = kept.history()[0]
    assert " was killed by SIGTERM (" in line
    assert line.endswith("M of memory, rss-limit 100.0M)")
    assert float(line.rpartition("(")[2].partition("M")[0]) > 100
    kept.wait_for("started", 2)


def test_what_is_shared_counts_once(eat):
    """Kind: workers that share their pages with the one that forked them counted in full."""
    shape = "eat(60)\nfor _ in range(5):\n    if not os.fork():\n        break"
    kept = eat(shape, "250m")
    wait_until(lambda: len(children_of(kept.up())) == 5)
    count = len(kept.lines("looked"))
    found = [int(line) for line in kept.wait_for("looked", count + 5)]
    assert 60 << 20 < found[-1] < 250 << 20
    assert len(kept.lines("started")) == 1
    assert kept.lines("supervise/history") == []


def test_where_pss_is_not_to_be_had(eat):
    """All of the pages count, in each process."""
    shape = "eat(60)\nfor _ in range(5):\n    if not os.fork():\n        break"
    kept = eat(shape, "250m", "watch.pss = lambda pid: 0")
    assert "rss-limit 250.0M" in kept.history()[0]


def test_a_kernel_that_does_not_tell_of_children(eat):
    """Then all processes are looked at."""
    fault = """
import builtins
def opened(name, *args, **more):
    if str(name).endswith("/children"):
        raise FileNotFoundError(2, "")
    return open(name, *args, **more)
from pydaemontools.base import proc
proc.open = opened
"""
    kept = eat(SHAPES["its children have it"], "100m", fault)
    assert "rss-limit 100.0M" in kept.history()[0]


def test_memory_that_nobody_shows_us(eat):
    """It is said once, and nothing is ended."""
    kept = eat("eat(1)", "1k", "watch.rss = lambda pid: 0")
    kept.wait_for("looked", 6)
    kept.say("k")
    kept.wait_for("started", 2)
    kept.wait_for("looked", len(kept.lines("looked")) + 6)
    said = "pysupervise: warning: rss-limit does nothing: the memory of s is not to be seen\n"
    assert kept.supervisor.err() == said


def test_without_proc_nothing_is_counted(eat):
    """Kind: a chroot without /proc has a traceback."""
    fault = """
def gone(*args):
    raise FileNotFoundError(2, "")
watch.descendants = gone
watch.rss = lambda pid: 0
"""
    kept = eat("eat(1)", "1k", fault)
    kept.wait_for("looked", 6)
    assert "is not to be seen" in kept.supervisor.err()
    assert "Traceback" not in kept.supervisor.err()


def test_one_that_ignores_term_is_killed(eat):
    """It has the time of one that is told to end."""
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\neat(150)"
    line = eat(deaf, **{"timeout-kill": "50"}).history()[0]
    assert " was killed by SIGKILL (" in line
    assert "rss-limit 100.0M)" in line


def test_one_that_is_paused_is_left_alone(eat):
    """It cannot end; when it goes on it is looked at again."""
    kept = eat("while not os.path.exists('go'):\n    time.sleep(.01)\neat(150)\nopen('ate', 'w')")
    kept.wait_for("looked")
    pid = kept.up()
    kept.say("p")
    wait_until(lambda: state(pid) == "T")
    (kept.path / "go").touch()
    kept.say("c")
    assert "rss-limit 100.0M)" in kept.history()[0]


def test_a_logger_may_have_one(serve, faulty):
    """What it has is its own: the service's memory is not counted."""
    faulty(OFTEN)
    eater = EATER.replace("SHAPE", "eat(150)")
    files = {"run": eater, "log/run": eater, "log/rss-limit": "100m"}
    kept = serve(files, command=("faulty",))
    line = wait_until(lambda: kept.lines("log/supervise/history"))[0]
    assert "rss-limit 100.0M)" in line
    assert kept.lines("supervise/history") == []


def test_without_the_file_nobody_looks(serve, faulty):
    """Not even the module is loaded; nor is there a look after the file has gone."""
    faulty("""
import atexit
atexit.register(lambda: open("loaded", "w").write("\\n".join(sys.modules) + "\\n"))
""")
    kept = serve({"run": " exec sleep 1000\n"}, command=("faulty",))
    kept.up()
    kept.stop()
    assert "pydaemontools.supervise.service" in kept.wait_for("loaded")
    assert "pydaemontools.supervise.memory_watch" not in kept.lines("loaded")


def test_an_edit_counts_at_the_next_start(eat):
    """The limit is that of the rules of the run."""
    kept = eat("eat(150)")
    kept.history()
    (kept.path / "rss-limit").unlink()
    pid = kept.up()
    kept.say("k")
    kept.up(other_than=pid)
    count = len(wait_until(lambda: kept.lines("started")))
    kept.say("k")
    kept.wait_for("started", count + 1)
    assert "rss-limit" not in kept.lines("supervise/history")[-1]


@pytest.mark.parametrize("text", ["", "0", "-1", "1 2", "many", "1t", "1.5g", "9" * 40])
def test_what_is_no_size(eat, text):
    """It is said, and there is no limit; nothing at all is like no file."""
    kept = eat("eat(1)", text)
    kept.up()
    said = "s/rss-limit does not hold a number of bytes, perhaps with k, m or g\n"
    assert kept.supervisor.err() == (f"pysupervise: warning: {said}" if text else "")


# The rules alone.


class Kept:
    """A service whose memory is told by the test."""

    name = b"s"
    pid = 7

    def __init__(self):
        self.state = State()
        self.state.phase = UP
        self.state.rules = self.state.rules.but(rss_limit=100)
        self.loop = self
        self.fed = []

    def at(self, _when, callback):
        """Remember what is to be called."""
        self.due = callback

    def feed(self, event, value):
        """Remember what has happened."""
        self.fed.append((event, value))


@pytest.mark.parametrize(
    ("found", "ended"),
    [
        ([101, 99, 101, 100], False),
        ([99, 101, 101], True),
        ([101, 101], True),
        ([101], False),
    ],
)
def test_twice_in_a_row(monkeypatch, found, ended):
    """Kind: a fork that counts double for a moment ended a service."""
    kept = Kept()
    watch = MemoryWatch(kept)
    watch.begin()
    for used in found:
        monkeypatch.setattr(watch, "_used", lambda _limit, used=used: used)
        kept.due()
    assert bool(kept.fed) is ended


def test_pss_only_where_rss_is_too_much(monkeypatch):
    """What costs more is asked only where it can matter."""
    asked = []
    monkeypatch.setattr(memory_watch, "members", lambda _service: {7, 8})
    monkeypatch.setattr(memory_watch, "rss", lambda pid: 45 + 10 * (pid == len(asked) + 8))
    monkeypatch.setattr(memory_watch, "pss", lambda pid: asked.append(pid) or 20)
    kept = Kept()
    watch = MemoryWatch(kept)
    assert watch._used(100) == 100
    assert asked == []
    assert watch._used(99) == 40
    assert sorted(asked) == [7, 8]


@pytest.mark.parametrize(
    ("count", "text"), [(0, b"0"), (1023, b"1023"), (1536, b"1.5k"), (5 * 2**30, b"5.0G")]
)
def test_a_size_is_shown(count, text):
    """In the unit that fits."""
    assert cli.shown_size(count) == text
