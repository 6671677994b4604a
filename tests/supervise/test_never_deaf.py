"""Nothing that a supervisor says or starts makes it deaf."""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import wait_until, write_script

from .conftest import LISTENER, NOTE, NOTE_IN, Kept, children_of, make_service, stat

SLEEP = " exec sleep 1000\n"


def full_pipe():
    """Make a pipe with no room left: its two ends."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * 4095 + b"\n")
    return reader, writer


class Reader:
    """Reads a pipe, when it is asked to."""

    def __init__(self, fd):
        os.set_blocking(fd, False)
        self.fd, self.found = fd, b""

    def read(self):
        """Read what is there: all that was read."""
        try:
            self.found += os.read(self.fd, 65536)
        except BlockingIOError:
            pass
        return self.found


# A stderr that nobody reads


def test_a_full_stderr_does_not_stop_a_supervisor_of_a_directory(serve):
    """The kind: our own warnings. With stderr full it goes on, restarts, and hears TERM."""
    _reader, writer = full_pipe()
    kept = serve(
        {"run": " exit 3\n", "backoff": "nonsense\n", "log": "no directory\n"}, stderr=writer
    )
    kept.history(2)
    assert kept.stop() == 0
    assert os.get_blocking(writer)


def test_a_full_stderr_does_not_stop_a_supervisor_of_a_program(supervise):
    """The same for a command line; each start and end is told with -v."""
    _reader, writer = full_pipe()
    kept = supervise("-v", "short", stderr=writer)
    kept.next_start(3)
    assert kept.stop() == 0


def test_what_did_not_fit_is_counted_and_told_when_there_is_room(supervise):
    """Nothing else has to happen for it: a service that stays says nothing any more."""
    reader, writer = full_pipe()
    kept = supervise("-v", "note", stderr=writer)
    kept.next_start(1)
    # The program may be there before the supervisor has said so.
    wait_until(lambda: stat(kept.pid, 0) == "S")
    told = Reader(reader)
    wait_until(lambda: b"dropped 1 line for which stderr had no room\n" in told.read())
    kept.signal(signal.SIGKILL, kept.next_start(1))
    wait_until(lambda: told.read().count(b"pysupervise: info: started note, pid ") == 1)
    kept.stop()


def test_a_supervisor_says_all_where_there_is_room(supervise):
    """A pipe that is read gets each line, and no word of any that was dropped."""
    reader, writer = os.pipe()
    kept = supervise("-v", "short", stderr=writer)
    kept.next_start(3)
    kept.stop()
    lines = Reader(reader).read().decode().splitlines()
    assert len(lines) == 2 * len(kept.starts())
    assert all(line.startswith("pysupervise: info: ") for line in lines)


def test_a_fault_of_our_own_is_told_without_waiting(supervise, faulty):
    """The interpreter's own traceback waits for a reader, and the supervisor would stand there."""
    _reader, writer = full_pipe()
    fault = """
from pydaemontools.jobs.loop import Loop
Loop.turn = None
"""
    kept = supervise("note", command=(str(faulty(fault)),), stderr=writer)
    assert kept.wait() == 1
    reader, writer = os.pipe()
    kept = supervise("note", command=(str(faulty(fault)),), stderr=writer)
    assert kept.wait() == 1
    assert b"\nTypeError: 'NoneType' object is not callable\n" in Reader(reader).read()


def test_a_tap_does_not_wait_for_whoever_reads_stderr(serve):
    """The kind: what a service says through us. It waits for its reader, we do not."""
    _reader, writer = full_pipe()
    run = " while :; do echo something >&2; done\n"
    kept = serve({"run": run}, stderr=writer)
    kept.up()
    kept.say("d")
    kept.is_(state="down")
    assert kept.stop() == 0


# Letters that come while a script runs


def write_fifo(path, letters):
    """Write LETTERS to the fifo at PATH, as far as they are read."""
    with path.open("wb", buffering=0) as fifo:
        for at in range(0, len(letters), 4096):
            fifo.write(letters[at : at + 4096])


@pytest.mark.parametrize("letter", [b"z", b"\0", b"a", b"h"])
def test_a_flood_of_letters_costs_little_while_a_script_runs(serve, place, letter):
    """The kind: a queue that grows, and with it what each letter costs. A megabyte of what says
    nothing, or of a signal: no queue is copied for each, and little of it is kept.
    """
    os.mkfifo(place / "go")
    kept = serve({"run": SLEEP, "control/h": " echo asked >>asked\nread x <../go\n"})
    kept.up()
    kept.say("h")
    kept.wait_for("asked")
    memory = Path(f"/proc/{kept.supervisor.pid}/statm")
    before = int(memory.read_text().split()[1])
    write_fifo(kept.path / "supervise/control", letter * 1_000_000)
    wait_until(lambda: stat(kept.supervisor.pid, 0) == "S")
    # In pages, which are of 4 KiB at the least.
    assert int(memory.read_text().split()[1]) - before < 150
    (place / "go").write_text("x\n")
    if letter in b"ah":
        assert "s: more than 4096 letters wait; the last ones count" in kept.supervisor.err()
    else:
        kept.say("d")
        kept.is_(state="down")


def test_a_flood_of_letters_keeps_the_last(serve, place):
    """Who says down at last wants it down, whatever came before."""
    os.mkfifo(place / "go")
    kept = serve({"run": SLEEP, "control/h": " echo asked >>asked\nread x <../go\n"})
    kept.up()
    kept.say("h")
    kept.wait_for("asked")
    write_fifo(kept.path / "supervise/control", b"zzzz" + b"w" * 100_000 + b"d")
    (place / "go").write_text("x\n")
    kept.is_(state="down")
    assert kept.supervisor.err().count("letters wait") == 1


# What helps a service, and hangs

# Hears nothing but KILL; nor does its child, nor one that has a session of its own.
STUBBORN = """ trap '' TERM
echo $$ >>helpers
sh -c 'echo $$ >>helpers; while :; do sleep 1000; done' &
setsid sh -c 'echo $$ >>helpers; while :; do sleep 1000; done' &
while :; do sleep 1000; done
"""
# Cleans up when it is told to end.
KIND = " trap 'echo heard >>heard; exit' TERM\necho $$ >>helpers\nsleep 1000 & wait\n"


def helpers(kept, count=3, place="."):
    """Wait for COUNT processes of helpers: their pids."""
    return [int(pid) for pid in kept.wait_for(f"{place}/helpers", count)]


def gone(pids):
    """Wait until none of PIDS is there."""
    wait_until(lambda: all(stat(pid, 0) in (None, "Z") for pid in pids))


@pytest.mark.parametrize("letter", ["k", "x", "TERM"])
def test_kill_exit_and_term_wait_for_no_script(serve, letter):
    """The kind: a helper that hangs. What waited before them has its say in what is wanted."""
    kept = serve({"run": SLEEP, "control/h": STUBBORN, "timeout-control": "0\n"})
    pid = kept.up()
    kept.say("h")
    pids = helpers(kept)
    kept.say("hhdp")
    if letter == "TERM":
        assert kept.stop() == 0
    else:
        kept.say(letter)
    if letter == "k":
        kept.is_(state="down")
    else:
        assert kept.supervisor.wait() == 0
    assert stat(pid, 0) is None
    gone(pids)


@pytest.mark.parametrize("letter", "kxd")
@pytest.mark.parametrize("script", "ktxd")
def test_a_script_that_hung_is_not_asked_again(serve, script, letter):
    """Nor one that stands for the same end: k and x pass their own scripts."""
    kept = serve({"run": LISTENER, f"control/{script}": STUBBORN, "timeout-kill": "0\n"})
    pid = int(kept.wait_for("heard")[0])
    kept.say(letter)
    if script == letter == "x":
        # It has ended by the TERM that came before that script, which is given some seconds more.
        assert kept.supervisor.wait() == 0
        gone([int(one) for one in kept.lines("helpers")])
    elif script == letter or (script == "t" and letter in "xd"):
        pids = helpers(kept)
        kept.say("x")
        assert kept.supervisor.wait() == 0
        gone(pids)
    elif letter == "k":
        kept.up(pid)
        (kept.path / "control" / script).unlink()
        assert kept.stop() == 0
    else:
        kept.is_(state="down") if letter == "d" else kept.supervisor.wait()
    assert stat(pid, 0) is None


@pytest.mark.parametrize("script", "hp1")
def test_a_script_has_its_time(serve, script):
    """The file timeout-control, in milliseconds; then the signal is sent, and the rest is done."""
    kept = serve({"run": LISTENER, f"control/{script}": STUBBORN, "timeout-control": "200\n"})
    kept.wait_for("heard")
    kept.say(script + "c")
    # The signal may come together with CONT.
    heard = {"h": "SIGHUP", "1": "SIGUSR1", "p": "SIGCONT"}[script]
    wait_until(lambda: heard in kept.lines("heard"))
    kept.say("d")
    kept.is_(state="down")
    gone(helpers(kept))
    what = f"s/control/{script} took longer than 0.2 seconds, and is ended\n"
    assert what in kept.supervisor.err()


@pytest.mark.parametrize(
    ("limits", "end"),
    [
        ({"timeout-control": "200\n"}, "SIGTERM"),
        ({"timeout-control": "0\n", "timeout-kill": "300\n"}, "SIGKILL"),
    ],
)
def test_a_stop_script_does_not_put_the_stop_off(serve, limits, end):
    """The signal comes after timeout-control, and KILL after timeout-kill whatever it does."""
    kept = serve({"run": SLEEP, "control/t": STUBBORN} | limits)
    kept.up()
    kept.say("d")
    assert f"was killed by {end}" in kept.history()[0]
    kept.say("x")
    assert kept.supervisor.wait() == 0
    gone(helpers(kept))


def test_a_script_before_the_start_has_its_time(serve):
    """control/u: run is started all the same, and has no child that it does not know."""
    kept = serve({"run": NOTE_IN, "control/u": STUBBORN, "timeout-control": "200\n"})
    pids = helpers(kept)
    kept.wait_for("noted")
    gone(pids)
    assert not children_of(kept.up())
    assert "s/control/u took longer than 0.2 seconds" in kept.supervisor.err()


@pytest.mark.parametrize("end", ["d", "x", "k"])
def test_a_script_before_the_start_makes_nobody_deaf(serve, end):
    """What hangs there is of the run, and goes with it."""
    kept = serve({"run": SLEEP, "control/u": STUBBORN, "timeout-control": "0\n"})
    pids = helpers(kept)
    kept.say(end)
    if end == "x":
        assert kept.supervisor.wait() == 0
    gone(pids)


def test_a_helper_may_clean_up(serve):
    """TERM comes first, and KILL only to what does not hear it."""
    kept = serve({"run": SLEEP, "control/h": KIND, "timeout-control": "0\n"})
    kept.up()
    kept.say("h")
    pids = helpers(kept, 1)
    kept.say("x")
    assert kept.supervisor.wait() == 0
    assert kept.lines("heard") == ["heard"]
    gone(pids)


def test_a_finish_that_hangs_is_ended_with_what_it_started(serve):
    """After timeout-finish, TERM first; the next start comes."""
    files = {"run": NOTE + "exit 1\n", "finish": STUBBORN, "timeout-finish": "100\n"}
    kept = serve(files)
    pids = helpers(kept)
    kept.wait_for("noted", 2)
    gone(pids)
    write_script(kept.path / "finish", "#!/bin/sh\n" + KIND)
    kept.wait_for("heard")


@pytest.mark.parametrize("end", ["k", "x", "TERM"])
@pytest.mark.parametrize("files", [{}, {"log/run": " exec cat >/dev/null\n"}])
def test_kill_exit_and_term_pass_a_finish_that_hangs(serve, end, files):
    """K at once, x and TERM after five seconds at most, with all that it started."""
    kept = serve({"run": NOTE + "exit 1\n", "finish": STUBBORN} | files)
    pids = helpers(kept)
    if end == "TERM":
        kept.supervisor.signal(signal.SIGTERM)
    else:
        kept.say(end)
    if end == "k":
        kept.wait_for("noted", 2)
    else:
        assert kept.supervisor.wait() == 0
    gone(pids)


@pytest.mark.parametrize("end", ["k", "TERM"])
def test_a_finish_of_a_logger_that_hangs_is_passed_too(serve, end):
    """A logger's helpers are like a service's."""
    kept = serve({"run": SLEEP, "log/run": " exit 1\n", "log/finish": STUBBORN})
    pids = helpers(kept, place="log")
    kept.up()
    if end == "k":
        write_script(kept.path / "log/run", "#!/bin/sh\necho again >>again; exec cat >/dev/null\n")
        (kept.path / "log/supervise/control").write_text("k")
        kept.wait_for("log/again")
        (kept.path / "log/finish").unlink()
        assert kept.stop() == 0
    else:
        kept.supervisor.signal(signal.SIGTERM)
        wait_until(lambda: kept.read("supervise/stat") == "down\n")
        kept.supervisor.signal(signal.SIGTERM)
        assert kept.supervisor.wait() == 0
    gone(pids)


@pytest.mark.parametrize("more", [{"watchdog": "0.3 check\n"}, {"timeout-check": "100\n"}])
def test_a_check_that_hangs_is_ended_with_what_it_started(serve, more):
    """Whichever way it is asked."""
    kept = serve({"run": SLEEP, "check": STUBBORN} | more)
    gone(helpers(kept))
    kept.say("x")
    assert kept.supervisor.wait() == 0
    gone(helpers(kept))


def test_without_proc_a_helper_is_ended_by_its_group(faulty, supervise, place):
    """What the kernel does not show is not found; what leads, and its group, is."""
    fault = """
from pydaemontools.jobs import helper_tree, tree
class Tree:
    below, signal_all = staticmethod(tree.below), staticmethod(tree.signal_all)
    def processes():
        return {}
helper_tree.tree = Tree
"""
    make_service(place / "s", {"run": SLEEP, "control/h": STUBBORN, "timeout-control": "0\n"})
    kept = Kept(supervise("s", command=(str(faulty(fault)),)), place / "s")
    kept.say("h")
    pids = helpers(kept)
    away = next(pid for pid in pids[1:] if os.getsid(pid) == pid)
    os.kill(away, signal.SIGKILL)
    kept.say("k")
    gone(pids)


# Sends what it can for ever, beside its parent, and counts it.
FLOODER = f"""#!{sys.executable} -IS
import mmap, os, signal, socket, sys
address = os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
if not os.fork():
    if not os.getuid():
        os.setuid(65534)
    count = 0
    while True:
        s.sendto(b"STATUS=flood", address)
        count += 1
        if count % 100 == 0:
            os.truncate("count", count)
s.sendto(b"STATUS=works\\nREADY=1", address)
signal.pause()
"""


def test_a_flood_of_messages(serve, place):
    """Kind: whoever reaches NOTIFY_SOCKET has all of our time. It is read slowly, and told once."""
    place.chmod(0o777)
    count = place / "s/count"
    kept = serve({"run": FLOODER, "ready": "notify\n", "count": ""})
    count.chmod(0o666)
    begun = time.monotonic()
    kept.supervisor.until(lambda: "floods the NOTIFY_SOCKET of s" in kept.supervisor.err())
    size = count.stat().st_size
    wait_until(lambda: count.stat().st_size > size + 1000)
    # What was read, with what a full socket holds and what the second had begun with.
    assert count.stat().st_size <= 500 * (time.monotonic() - begun + 2) + 1500
    kept.is_(ready="1")
    assert kept.supervisor.err().count("floods") == 1
    kept.say("d")
    kept.is_(state="down")
