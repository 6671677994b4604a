"""Who hears the signal that ends a service: its process, its group or its session."""

import signal
import sys

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import LISTENER, children_of, command, stat
from tests.supervise.test_predecessor import killed

# Such a shell does not run its trap until the command that it waits for has ended.
TRAPS = """ trap 'echo trapped >>said; exit 0' TERM
echo up >>noted
sleep 1000
echo went on >>said
"""
BESIDE = " stays stay &\nuntil [ -s heard ]; do sleep .01; done\nexec sleep 1000\n"
# The process ends when the other, which is in a group of its own, has heard of it.
GROUPED = f"""#!{sys.executable} -IS
import os, signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
if not os.fork():
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    os.execvp("stays", ["stays"])
signal.sigwait([signal.SIGTERM])
while "SIGTERM" not in open("heard").read():
    time.sleep(0.01)
"""


@pytest.fixture(autouse=True)
def stays(place, script):
    """A program that tells what it hears."""
    script(place / "bin/stays", LISTENER)


def waiting(kept):
    """Wait until the shell waits: what comes while it forks is lost in what it forks."""
    wait_until(lambda: "sleep" in map(command, children_of(kept.pid())))


@pytest.mark.parametrize("letter", ["d", "D", "x", "r", "t", "TERM"])
@pytest.mark.parametrize("target", ["group", "session"])
def test_a_shell_that_waits_for_a_program_runs_its_trap(serve, target, letter):
    """Kind: only the process itself heard the stop, whoever asked for it; it waited for KILL."""
    kept = serve({"run": TRAPS, "down-target": f"{target}\n", "timeout-kill": "0\n"})
    waiting(kept)
    if letter == "TERM":
        assert kept.stop() == 0
    else:
        kept.say(letter)
    assert kept.wait_for("said") == ["trapped"]
    if letter in "rt":
        kept.wait_for("noted", 2)


@pytest.mark.parametrize("target", ["process\n", None, "everybody\n"])
def test_the_process_alone_hears_it_where_nothing_else_is_said(serve, target):
    """The others hear it when it has ended."""
    files = {"run": TRAPS, "timeout-kill": "300\n"}
    kept = serve(files | ({"down-target": target} if target else {}))
    waiting(kept)
    kept.say("d")
    assert "SIGKILL" in kept.history()[0]
    assert not kept.read("said")


@pytest.mark.parametrize("target", ["group", "session", "process"])
def test_nobody_is_told_twice(serve, target):
    """What is left behind had heard it with the process."""
    kept = serve({"run": BESIDE, "down-target": f"{target}\n", "timeout-kill": "300\n"})
    kept.wait_for("heard")
    kept.say("d")
    kept.is_(state="down")
    assert kept.lines("heard")[1:] == ["SIGTERM", "SIGCONT"]


def test_a_session_is_more_than_a_group(serve, place, script):
    """It has all groups in it."""
    script(place / "bin/grouped", GROUPED)
    kept = serve({"run": " exec grouped\n", "down-target": "session\n", "timeout-kill": "0\n"})
    kept.wait_for("heard")
    kept.say("d")
    kept.is_(state="down")
    assert "exited with code 0" in kept.history()[0]


@pytest.mark.parametrize("target", ["group", "session"])
def test_what_is_no_stop_is_for_the_process(serve, target):
    """Other signals go to it alone, also the one that would be its stop."""
    beside = " mkdir sub; (cd sub; exec stays) &\nuntil [ -s sub/heard ]; do sleep .01; done\n"
    files = {"run": beside + "exec stays stay\n", "down-signal": "USR1\n"}
    kept = serve(files | {"down-target": f"{target}\n", "timeout-kill": "300\n"})
    kept.wait_for("heard")
    kept.say("1h")
    kept.wait_for("heard", 3)
    kept.say("Ok")
    kept.is_(state="down")
    # That is what is left behind, when KILL has ended the process.
    assert sorted(kept.lines("sub/heard")[1:]) == ["SIGCONT", "SIGUSR1"]


def test_a_script_in_place_of_term_that_fails(serve):
    """The signal that comes then is the stop."""
    files = {"run": TRAPS, "control/t": " exit 1\n", "down-target": "group\n"}
    kept = serve(files | {"timeout-kill": "0\n"})
    waiting(kept)
    kept.say("d")
    kept.is_(state="down")
    assert kept.lines("said") == ["trapped"]


NO_PROC = """
from pydaemontools.jobs import tree
def processes():
    raise FileNotFoundError
tree.processes = processes
"""


def test_without_proc_a_session_is_a_group(serve, faulty):
    """Nobody can tell who else is in it."""
    faulty(NO_PROC)
    files = {"run": TRAPS, "down-target": "session\n", "timeout-kill": "0\n"}
    kept = serve(files, command=["faulty"])
    waiting(kept)
    kept.supervisor.signal(signal.SIGTERM)
    assert kept.wait_for("said") == ["trapped"]


# A launcher with a daemon below it, which is named as the one that counts and leads a group.
NAMED = f"""#!{sys.executable} -IS
import os, signal, socket, time
if not os.fork():
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    way = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    way.sendto(b"MAINPID=%d\\nREADY=1" % os.getpid(), "\\0" + os.environ["NOTIFY_SOCKET"][1:])
    if not os.fork():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        os.execvp("stays", ["stays"])
    os.wait()
    os._exit(0)
while not os.path.exists("heard"):
    time.sleep(0.01)
os._exit(0)
"""


@pytest.mark.parametrize("target", ["group", "session"])
def test_the_group_is_that_of_the_process_that_counts(serve, place, script, target):
    """MAINPID names it, and run has ended: what it waits for hears the stop too."""
    script(place / "bin/named", NAMED)
    files = {"run": " exec named\n", "ready": "notify\n", "down-target": f"{target}\n"}
    kept = serve(files | {"timeout-kill": "0\n"})
    below = int(kept.wait_for("heard")[0])
    wait_until(lambda: kept.pid() == int(stat(below, 1)))
    kept.say("d")
    kept.is_(state="down")
    assert "exited with code 0" in kept.history()[0]


@pytest.mark.parametrize("target", ["group", "session"])
@pytest.mark.parametrize("letter", ["d", "t"])
def test_what_was_adopted_is_told_in_the_same_way(serve, supervise, target, letter):
    """Kind: what a file says holds for one's own child alone."""
    kept = serve({"run": TRAPS, "down-target": f"{target}\n", "timeout-kill": "0\n"})
    waiting(kept)
    old = kept.pid()
    killed(kept)
    kept.supervisor = supervise("s")
    wait_until(lambda: f"adopted process {old}" in kept.supervisor.err())
    kept.say(letter)
    assert kept.wait_for("said") == ["trapped"]
    if letter == "t":
        assert kept.up(old) != old
