"""./notify: what it is told, when, and that nobody waits for it."""

import itertools
import os
import signal

import pytest

from pydaemontools.supervise import table
from pydaemontools.supervise.notify_hook import events
from pydaemontools.supervise.rules import Rules
from pydaemontools.supervise.state import PHASES, State
from tests.conftest import wait_until, write_script
from tests.supervise.conftest import NOTE_IN, processes_in, state

SLEEP = " exec sleep 1000\n"
TELL = ' echo "$*" >>told\n'


def told(kept, count):
    """Wait until it was called COUNT times: the words of each call."""
    return [line.split() for line in kept.wait_for("told", count)]


def test_a_death_is_told(serve):
    """Kind: nobody is told that a service died: with its end, its pid and how long it was up."""
    kept = serve({"run": SLEEP, "notify": TELL + "env | grep ^SERVICE_ | sort >>env\n"})
    pid = kept.up()
    os.kill(pid, signal.SIGKILL)
    assert told(kept, 1)[0] == ["s", "died", "-1", "9", str(pid), "0"]
    assert kept.wait_for("env", 8) == [
        "SERVICE_CODE=-1",
        "SERVICE_EVENT=died",
        "SERVICE_MISSED=0",
        "SERVICE_NAME=s",
        f"SERVICE_PID={pid}",
        "SERVICE_SIGNAL=9",
        "SERVICE_UPTIME=0",
        "SERVICE_WHY=",
    ]


def test_what_history_says_is_there_already(serve):
    """Who looks the death up finds it."""
    kept = serve({"run": " exit 7\n", "notify": " tail -n 1 supervise/history >>seen\n"})
    assert " exited with code 7" in kept.wait_for("seen")[0]


@pytest.mark.parametrize("letters", ["d", "t", "r", "x", "du"])
def test_an_end_that_was_asked_for_is_no_death(serve, letters):
    """Kind: each stop by hand sends a mail."""
    kept = serve({"run": SLEEP, "notify": TELL})
    pid = kept.up()
    kept.say(letters)
    wait_until(lambda: state(pid) is None)
    if letters == "x":
        assert kept.supervisor.wait() == 0
    else:
        kept.say("u")
        os.kill(kept.up(other_than=pid), signal.SIGKILL)
        told(kept, 1)
    assert [one[1] for one in map(str.split, kept.lines("told"))] in ([], ["died"])


@pytest.mark.parametrize(
    ("files", "code", "why"),
    [
        ({"run": " exit 3\n", "exit-codes": "3"}, "3", "exit code 3 says that it is done"),
        ({"run": " exit 4\n", "max-death-tally": "1"}, "4", "died once within 60 seconds"),
        ({"run": " exit 5\n", "finish": " exit 125\n"}, "5", "finish exited with code 125"),
    ],
)
def test_giving_up_is_told(serve, files, code, why):
    """With the last end, and the reason."""
    kept = serve(files | {"notify": TELL + 'echo "$SERVICE_WHY" >>why\n'})
    lines = told(kept, 2)
    assert [line[1:4] for line in lines] == [["died", code, "0"], ["gave-up", code, "0"]]
    assert kept.wait_for("why", 2)[1] == why


def test_ready_hung_and_back(serve):
    """In that order, with the code and the signal of the end alone."""
    run = " [ -e second ] || exec 3>&- sleep 1000\n touch third; echo >&3; exec sleep 1000\n"
    files = {"run": run, "notification-fd": "3", "timeout-up": "100"}
    kept = serve(files | {"notify": TELL + ": >second\n"})
    lines = told(kept, 4)
    assert [line[1:4] for line in lines] == [
        ["hung", "-1", "0"],
        ["died", "-1", "15"],
        ["ready", "-1", "0"],
        ["back", "-1", "0"],
    ]
    assert lines[2][4] == str(kept.pid())


def test_back_when_it_has_lived(serve):
    """A service that never says that it is ready is back when it has settled, and once."""
    kept = serve({"run": SLEEP, "notify": TELL, "settle": "0.1"})
    os.kill(kept.up(), signal.SIGKILL)
    lines = told(kept, 2)
    assert [line[1] for line in lines] == ["died", "back"]
    assert lines[1][4] == str(kept.pid())
    os.kill(kept.pid(), signal.SIGKILL)
    assert [line[1] for line in told(kept, 4)] == 2 * ["died", "back"]


def test_nobody_waits_for_it(serve, place):
    """Kind: a hook that hangs makes the service wait, or the supervisor deaf."""
    kept = serve({"run": NOTE_IN, "notify": " echo x >>told; sleep 1000 & exec sleep 1000\n"})
    first = kept.up()
    kept.wait_for("noted", 1)
    os.kill(first, signal.SIGKILL)
    second = kept.up(other_than=first)
    told(kept, 1)
    kept.wait_for("noted", 2)
    os.kill(second, signal.SIGKILL)
    kept.wait_for("noted", 3)
    kept.up(other_than=second)
    assert len(kept.lines("told")) == 1
    assert kept.stop() == 0
    assert processes_in(place) == []


def test_one_that_hangs_is_ended_as_a_tree(serve, place):
    """Kind: what a hook started goes on for ever. It is said once, until it works again."""
    notify = " echo x >>told; setsid sleep 1234 & trap '' TERM; sleep 1234; sleep 1234\n"
    files = {"run": " exit 1\n", "notify": notify, "timeout-notify": "50", "max-death-tally": "1"}
    kept = serve(files)
    told(kept, 2)
    said = "pysupervise: warning: s/notify took longer than 0.05 seconds, and is ended\n"
    wait_until(lambda: said in kept.supervisor.err())
    wait_until(lambda: processes_in(place) == [kept.supervisor.pid])
    assert kept.supervisor.err() == said


def test_one_that_fails_is_one_warning(serve):
    """And again when it has worked in between."""
    kept = serve({"run": " exit 1\n", "notify": " echo x >>told; exit 3\n"})
    told(kept, 3)
    said = "pysupervise: warning: s/notify exited with code 3\n"
    wait_until(lambda: said in kept.supervisor.err())
    assert kept.supervisor.err() == said


def test_what_waits_is_bounded(serve, faulty, place):
    """Kind: a service that dies all the time fills memory. The last are told, and how many not."""
    faulty("""
import pydaemontools.supervise.notify_hook as hook, pydaemontools.supervise.rules as rules
hook.MOST = 2
rules.PACE = 0.01
init = rules.Rules.__init__
def quick(self):
    init(self)
    self.pace = 0.01
rules.Rules.__init__ = quick
""")
    os.mkfifo(place / "go")
    run = ' echo x >>runs; [ "$(wc -l <runs)" -lt 7 ] || exec sleep 1000; exit 1\n'
    notify = ' echo "$2 $SERVICE_MISSED" >>told; read -r x <../go\n'
    kept = serve({"run": run, "notify": notify}, command=("faulty",))
    kept.history(6)
    kept.wait_for("told")
    for count in 2, 3:
        (place / "go").write_text("x\n")
        told(kept, count)
    assert told(kept, 3) == [["died", "0"], ["died", "3"], ["died", "0"]]


def test_one_that_comes_and_goes(serve):
    """It is looked for at each start; without it, or where it may not be run, nobody calls."""
    kept = serve({"run": SLEEP, "notify": "echo no\n"})
    first = kept.up()
    os.kill(first, signal.SIGKILL)
    second = kept.up(other_than=first)
    assert kept.supervisor.err() == ""
    write_script(kept.path / "notify", "#!/bin/sh\n" + TELL[1:])
    (kept.path / "notify").chmod(0o755)
    os.kill(second, signal.SIGKILL)
    third = kept.up(other_than=second)
    os.kill(third, signal.SIGKILL)
    assert told(kept, 1)[0][4] == str(third)
    (kept.path / "notify").unlink()
    fourth = kept.up(other_than=third)
    os.kill(fourth, signal.SIGKILL)
    kept.up(other_than=fourth)
    assert len(kept.lines("told")) == 1


def test_a_logger_may_have_one(serve):
    """Its name has that of the service before it."""
    kept = serve({"run": SLEEP, "log/run": " exit 4\n", "log/notify": TELL})
    line = wait_until(lambda: kept.lines("log/told"))[0]
    assert line.split()[:4] == ["s/log", "died", "4", "0"]


def test_without_the_file_it_is_not_loaded(serve, faulty):
    """A service that has none pays nothing for it."""
    faulty("""
import atexit
atexit.register(lambda: open("loaded", "w").write("\\n".join(sys.modules) + "\\n"))
""")
    kept = serve({"run": SLEEP}, command=("faulty",))
    kept.up()
    kept.stop()
    assert "pydaemontools.supervise.notify_hook" not in kept.wait_for("loaded")


def test_an_original_has_none(serve, originals):
    """Under the names of the originals there is no such file."""
    kept = serve({"run": NOTE_IN, "notify": TELL}, command=(originals / "runsv",))
    first = int(kept.wait_for("noted")[0].split()[0])
    os.kill(first, signal.SIGKILL)
    kept.wait_for("noted", 2)
    assert kept.lines("told") == []


# The rules alone.


def test_what_is_told_of_each_change():
    """Over all histories of a few events nothing is told that has not happened."""
    rules = Rules()
    rules.ways = ((b"notify", b""),)
    rules.done_codes = frozenset([3])
    steps = [("u", None), ("d", None), ("t", None), (table.BORN, rules), (table.READY, None)]
    steps += [(table.HUNG, "x"), (table.GONE, 3), (table.GONE, 1), (table.SWEPT, None)]
    for history in itertools.product(steps, repeat=5):
        now = State()
        for at, (event, value) in enumerate(history):
            before = now
            now, _ = table.step(before, event, float(at), value)
            found = events(before, now)
            run = PHASES[before.phase] == "UP"
            assert ("hung" in found) <= (event == table.HUNG and run)
            assert ("ready" in found) == (event == table.READY and run and not before.ready)
            asked = before.term and not before.why
            assert ("died" in found) == (event == table.GONE and run and not asked)
            assert ("gave-up" in found) == (now.failed and not before.failed)
