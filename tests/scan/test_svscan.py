"""pysvscan: every service of a directory, in one process."""

import os
import resource
import shutil
import signal
import socket
from contextlib import closing

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import NOTE_IN, make_service

# Prints numbered lines, and where a file `last` says so, ends.
COUNTER = """#!/bin/sh
n=0
while :; do n=$((n + 1)); echo "line $n"; [ -e stop ] && exec sleep 1000; sleep 0.001; done
"""
READER = "#!/bin/sh\nexec pymultilog ./main\n"
HERE = " pwd >where; exec sleep 1000\n"
STUBBORN = " trap '' TERM; echo >there; while :; do sleep 0.05; done\n"


def test_each_service_has_its_own_directory_process_and_logger(scan, run):
    """All from one process, each as if it had a supervisor of its own."""
    tree = scan(
        {
            "a": {"run": HERE},
            "b": {"run": HERE, "log/run": " pwd >where; exec cat\n"},
            "c": {"run": HERE},
        }
    )
    for name in "abc":
        tree[name].up()
        wait_until(lambda name=name: tree[name].read("where") == f"{tree.path}/{name}\n")
    wait_until(lambda: tree["b"].read("log/where") == f"{tree.path}/b/log\n")
    pids = [tree[name].pid() for name in "abc"]
    assert len(set(pids)) == 3
    assert {_parent(pid) for pid in pids} == {tree.scanner.pid}
    said = run("pysv", "status", *(tree.path / name for name in "abc")).stdout.decode()
    assert said.count("run: ") == 4
    assert tree.scanner.stop() == 0
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def _parent(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


def test_one_that_dies_is_started_again_and_no_other(scan):
    """Its neighbours are as they were."""
    tree = scan(dict.fromkeys("abc"))
    pids = [tree[name].up() for name in "abc"]
    os.kill(pids[1], signal.SIGKILL)
    assert tree["b"].up(pids[1]) != pids[1]
    assert [tree["a"].pid(), tree["c"].pid()] == [pids[0], pids[2]]


def test_what_a_service_leaves_behind_is_its_own(scan):
    """An orphan is ended with the service that left it; those of others go on."""
    leaving = " sleep 1001 & sleep 1002 & echo $! >left; wait\n"
    tree = scan({"a": {"run": leaving}, "b": {"run": leaving}})
    left = [int(tree[name].wait_for("left")[0]) for name in "ab"]
    before = tree["b"].up()
    first = tree["a"].up()
    os.kill(first, signal.SIGKILL)
    tree["a"].up(first)
    wait_until(lambda: not os.path.exists(f"/proc/{left[0]}"))
    assert os.path.exists(f"/proc/{left[1]}")
    assert tree["b"].pid() == before


@pytest.mark.parametrize("chained", [False, True])
def test_also_what_made_a_session_of_its_own(scan, chained):
    """Whether the service is a program or a chain; what its neighbour left so goes on."""
    files = {"run": " (setsid sleep 1001 & echo $! >left)\nexec sleep 1002\n"}
    if chained:
        files["real"] = files["run"]
        files["run"] = "#!/usr/bin/env pychain\npysetlock -n ./lock\n./real\n"
    tree = scan({"a": files, "b": files})
    left = [int(tree[name].wait_for("left")[0]) for name in "ab"]
    wait_until(lambda: {_parent(pid) for pid in left} == {tree.scanner.pid})
    first = tree["a"].up()
    os.kill(first, signal.SIGKILL)
    tree["a"].up(first)
    wait_until(lambda: not os.path.exists(f"/proc/{left[0]}"))
    assert os.path.exists(f"/proc/{left[1]}")
    assert tree.scanner.stop() == 0
    wait_until(lambda: not os.path.exists(f"/proc/{left[1]}"))


@pytest.mark.parametrize("deaf", [False, True])
def test_new_ones_are_kept(scan, faulty, deaf):
    """By what the system tells, and without that: complete at once, or by and by."""
    more = {"command": (faulty(DEAF),)} if deaf else {}
    tree = scan({"a": None}, **more)
    tree["a"].up()
    tree.add("b").up()
    (tree.path / "c").mkdir()
    (tree.path / "@").mkdir()
    make_service(tree.path / "web@", {"run": NOTE_IN})
    make_service(tree.path / ".hidden", {"run": NOTE_IN})
    make_service(tree.path / "c", {"run": NOTE_IN})
    tree["c"].up()
    assert not (tree.path / "web@/supervise").exists()
    assert not (tree.path / ".hidden/supervise").exists()


def test_one_whose_directory_comes_behind_its_name(scan, faulty):
    """The target of a link is made later, where no change is heard; a file is no service."""
    tree = scan({"a": None}, command=(faulty(BUSY),))
    (tree.path / "README").write_text("")
    (tree.path / "b").symlink_to(tree.path.parent / "later")
    tree.add("c").up()
    make_service(tree.path.parent / "later", {"run": NOTE_IN})
    tree["b"].up()
    assert b"deaf" not in (tree.scanner.place / "err").read_bytes()


# One that looks often, but only where there is reason to; and says when it hears nothing.
BUSY = """
from pydaemontools.base import cli
from pydaemontools.scan import caretaker, scanner
scanner.LOOK, scanner.YOUNG = 0.1, 0
class Loud(caretaker.Changes):
    def __setattr__(self, name, value):
        if name == "deaf" and value:
            cli.say(b"deaf")
        super().__setattr__(name, value)
caretaker.Changes = Loud
sys.argv[0] = "pysvscan"
from pydaemontools.entry import enter
enter("pysvscan", "")
"""

# What pysupervise's `faulty` starts is pysvscan here, which hears of no change.
DEAF = """
import pydaemontools.base.inotify as one
def refuse(self):
    raise OSError(38, "")
one.Inotify.__init__ = refuse
sys.argv[0] = "pysvscan"
from pydaemontools.entry import enter
enter("pysvscan", "")
"""


def test_a_removed_one_goes_on_until_it_is_told(scan, run):
    """By pysvscanctl -n it is ended, and its logger; what has its directory is not."""
    tree = scan({"a": {"run": NOTE_IN, "log/run": READER}, "b": None})
    pid, other = tree.runs("a", "b")
    logger = tree["a"].read("log/supervise/pid")
    shutil.rmtree(tree.path / "a")
    assert run("pysvscanctl", "-a", tree.path).returncode == 0
    tree.add("c").up()
    assert os.path.exists(f"/proc/{pid}")
    assert run("pysvscanctl", "-n", tree.path).returncode == 0
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"))
    wait_until(lambda: not os.path.exists(f"/proc/{logger.strip()}"))
    assert tree["b"].pid() == other
    tree.add("a").up()


def test_one_that_was_told_to_leave_comes_again(scan, run):
    """As with svscan: as long as its directory is there. Nothing of it stays open."""
    tree = scan({"a": None, "b": None})
    pid = tree["a"].up()
    tree["b"].up()
    before = _open_files(tree)
    assert run("pysvc", "-dx", tree.path / "a").returncode == 0
    assert tree["a"].up(pid) != pid
    wait_until(lambda: _open_files(tree) <= before)


def _open_files(tree):
    return len(os.listdir(f"/proc/{tree.scanner.pid}/fd"))


def test_a_killed_one_is_followed_by_another_that_adopts_all(scan):
    """By kill -9: the same pids, and of what was printed nothing is lost, and nothing doubled."""
    services = {name: {"run": COUNTER, "log/run": READER} for name in "abc"}
    tree = scan(services | {"d": None})
    for name in "abcd":
        tree[name].up()
    pids = wait_until(lambda: len(p := tree.pids()) == 7 and all(p.values()) and p)
    for _ in range(3):
        tree.scanner.process.kill()
        tree.scanner.wait()
        tree = scan()
        # Whose word it is: the lock is the new one's.
        wait_until(lambda tree=tree: _holds(tree))
        wait_until(lambda tree=tree: tree.pids() == pids)
    for name in "abc":
        (tree.path / name / "stop").touch()
        wait_until(lambda name=name: _command(tree[name].pid()).startswith(b"sleep"))
    assert tree.pids() == pids
    assert tree.scanner.stop() == 0
    for name in "abc":
        lines = (tree.path / name / "log/main/current").read_text().splitlines()
        assert lines == [f"line {n}" for n in range(1, len(lines) + 1)]


def _holds(tree):
    with open("/proc/locks") as locks:
        return any(f" {tree.scanner.pid} " in line for line in locks)


def _command(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as words:
        return words.read()


def test_a_second_one_is_refused(scan, run):
    """It names the first; so does pysupervise on one of its services."""
    tree = scan({"a": None})
    pid = tree["a"].up()
    result = run("pysvscan", tree.path)
    assert result.returncode == 111
    assert f"is held by process {tree.scanner.pid}".encode() in result.stderr
    result = run("pysupervise", tree.path / "a")
    assert result.returncode == 111
    assert f"is held by process {tree.scanner.pid}".encode() in result.stderr
    assert tree["a"].pid() == pid


def test_all_end_services_first(scan):
    """TERM: what a service says at its end is in its log. What has to be killed is told by 1."""
    last = " trap 'echo last; exit' TERM; echo first; while :; do sleep 0.05; done\n"
    tree = scan({"a": {"run": last, "log/run": READER}, "b": None})
    wait_until((tree.path / "a/log/main/current").exists)
    wait_until(lambda: (tree.path / "a/log/main/current").read_text() == "first\n")
    tree["b"].up()
    assert tree.scanner.stop() == 0
    assert (tree.path / "a/log/main/current").read_text() == "first\nlast\n"
    tree = scan({"c": {"run": STUBBORN, "timeout-kill": "100\n"}})
    tree["c"].wait_for("there")
    assert tree.scanner.stop() == 1


@pytest.mark.parametrize("script", ["finish", "control/x"])
def test_what_helps_a_service_does_not_end(scan, script):
    """When the service has left it is ended, with all that it started, and then pysvscan ends."""
    hangs = " trap '' TERM; sleep 1000 & echo $! >there; while :; do sleep 0.1; done\n"
    run = " exit 0\n" if script == "finish" else NOTE_IN
    tree = scan({"a": {"run": run, script: hangs}, "b": None})
    tree["b"].up()
    if script == "finish":
        tree["a"].wait_for("there")
    tree.scanner.stop()
    left = tree.path / "a/there"
    assert not left.exists() or not os.path.exists(f"/proc/{int(left.read_text())}")


def test_signals_and_letters(scan, run):
    """HUP and ALRM look, other signals are for nobody; -t ends all."""
    tree = scan({"a": None})
    pid = tree["a"].up()
    for signum in signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT, signal.SIGCONT, signal.SIGWINCH:
        tree.scanner.signal(signum)
    for signum in signal.SIGHUP, signal.SIGALRM:
        tree.scanner.signal(signum)
    tree.add("b").up()
    assert tree["a"].pid() == pid
    assert run("pysvscanctl", "-t", tree.path).returncode == 0
    assert tree.scanner.wait() == 0


def test_telling_one_without_a_fifo(scan, run, place):
    """It goes on where it may not write: a second one, which was the advice, would not start."""
    (place / "sv").mkdir()
    (place / "sv/.pysvscan").touch()
    tree = scan()
    tree.says("unable to create .pysvscan")
    result = run("pysvscanctl", "-a", tree.path)
    assert result.returncode == 111
    assert f"{tree.path} is held by process {tree.scanner.pid}: " in result.stderr.decode()
    assert b"it could make no fifo: `kill -HUP` has it look" in result.stderr


@pytest.mark.needs_root
def test_telling_one_of_another(scan, run, ordinary):
    """Whose it is."""
    tree = scan()
    wait_until((tree.path / ".pysvscan/control").exists)
    result = run(*ordinary, "pysvscanctl", "-a", tree.path)
    assert b".pysvscan belongs to root, group root, mode 0700; this is " in result.stderr


def test_telling_nobody(run, place):
    """What could not be done, why, and what to do."""
    (place / "empty").mkdir()
    result = run("pysvscanctl", "-a", "empty")
    assert result.returncode == 111
    assert b"no pysvscan keeps the services of empty: start one with `pysvscan empty`" in (
        result.stderr
    )
    for nowhere in "none", "":
        assert b"there is no such directory" in run("pysvscanctl", "-a", nowhere).stderr
    assert run("pysvscanctl", "empty").returncode == 100
    result = run("pysvscan", "none")
    assert (result.returncode, result.stderr) == (
        111,
        b"pysvscan: fatal: unable to chdir to none: file does not exist\n",
    )
    assert run("pysvscan", "one", "two").returncode == 100


def test_a_link_that_leads_elsewhere(scan, place):
    """The directory is a link that is switched, as runsvchdir does: the new ones are kept too."""
    for name in "one", "two":
        make_service(place / name, {})
        make_service(place / name / f"of-{name}", {"run": NOTE_IN})
    (place / "current").symlink_to("one")
    tree = scan({}, directory="current")
    tree["of-one"].up()
    (place / "new").symlink_to("two")
    (place / "new").rename(place / "current")
    tree["of-two"].up()


def test_a_directory_in_the_place_of_another(scan):
    """A release is moved into the place of a service: the next start is from there."""
    tree = scan({"a": {"run": HERE}})
    pid = tree["a"].up()
    make_service(tree.path / ".next", {"run": " echo new >here; exec sleep 1000\n"})
    (tree.path / "a").rename(tree.path / ".old")
    (tree.path / ".next").rename(tree.path / "a")
    tree.says("somebody put another directory at a")
    os.kill(pid, signal.SIGKILL)
    tree["a"].wait_for("here")


@pytest.mark.parametrize("deaf", [False, True])
def test_what_is_removed_of_a_service_is_made_again(scan, faulty, run, deaf):
    """Its supervise/, or a file there: heard of, or seen by looking now and then."""
    more = {"command": (faulty(DEAF),)} if deaf else {}
    tree = scan({"a": {"run": NOTE_IN, "log/run": READER}, "b": None}, **more)
    pid = tree["a"].up()
    tree["b"].up()
    shutil.rmtree(tree.path / "a/supervise")
    wait_until((tree.path / "a/supervise/ok").exists)
    assert tree["a"].up() == pid
    (tree.path / "b/supervise/control").unlink()
    wait_until(lambda: run("pysvc", "-d", tree.path / "b").returncode == 0)
    tree["b"].is_(state="down")
    shutil.rmtree(tree.path / "a/log/supervise")
    wait_until((tree.path / "a/log/supervise/ok").exists)


BAD = {
    "a directory for a run": {"run/x": "x"},
    "not executable": {"run": "x"},
    "log": {"run": NOTE_IN},
    "two\nlines": {"run": NOTE_IN},
    "bad\udcff": {"run": NOTE_IN},
    "a link to nothing": None,
    "a loop": None,
    "a file": None,
    "unreadable": None,
}


def test_what_is_wrong_in_one_is_said_and_holds_up_no_other(scan, place):
    """A `run` that is a directory, a name of two lines or without an encoding, links to nothing."""
    (place / "sv").mkdir()
    for name, files in BAD.items():
        if files:
            make_service(place / "sv" / name, files)
    (place / "sv/a link to nothing").symlink_to("nowhere")
    (place / "sv/a loop").symlink_to("a loop")
    (place / "sv/a file").write_text("x")
    make_service(place / "sv/unreadable", {"run": NOTE_IN})
    (place / "sv/unreadable").chmod(0)
    tree = scan({"good": None})
    for name in "good", "log", "two\nlines", "bad\udcff":
        tree[name].up()
    tree.says("unable to start a directory for a run/run: ")
    tree.says("unable to start not executable/run: ")
    tree.add("better").up()
    err = (place / "err").read_bytes()
    assert b"Traceback" not in err
    assert b"two\nlines" not in err


def test_one_that_another_has_is_kept_when_that_ends(scan, supervise, place):
    """Its logger's directory is held: nothing stays open, however often it is tried."""
    (place / "sv/a").mkdir(parents=True)
    make_service(place / "sv/a/log", {"run": READER})
    other = supervise("sv/a/log")
    wait_until((place / "sv/a/log/supervise/ok").exists)
    tree = scan({"a": None, "b": None})
    tree["b"].up()
    tree.says("unable to acquire a/log/supervise/lock")
    before = _open_files(tree)
    for turn in range(3):
        tree.scanner.signal(signal.SIGHUP)
        tree.add(f"new{turn}").up()
    assert _open_files(tree) <= before + 3 * 5
    other.stop()
    tree.scanner.signal(signal.SIGHUP)
    tree["a"].up()


def test_one_that_vanishes_while_it_starts(scan):
    """Its directory is removed at any moment: the others go on, and it leaves when told."""
    tree = scan({"good": None})
    tree["good"].up()
    for turn in range(20):
        tree_dir = tree.path / f"gone{turn}"
        make_service(tree_dir, {"run": NOTE_IN})
        shutil.rmtree(tree_dir, ignore_errors=True)
    tree.add("better").up()
    tree.scanner.stop()
    assert b"Traceback" not in (tree.scanner.place / "err").read_bytes()


def test_as_many_as_there_is_room_for(scan):
    """RLIMIT_NOFILE: said with the numbers; what is started has the limit that we had."""

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))

    limits = " ulimit -Sn >limit; ulimit -Hn >>limit; exec sleep 1000\n"
    services = {f"s{n:03}": {"run": limits} for n in range(60)}
    tree = scan(services, preexec_fn=limit)
    tree.says("process cannot open more files; 300 may be open")
    assert tree["s000"].wait_for("limit", 2) == ["100", "300"]
    kept = len(list(tree.path.glob("*/supervise")))
    assert 20 < kept < 60
    # A started chain, and one that is forked, have it too.
    make_service(tree.path / "s000", {"finish": " ulimit -Sn >finished\n"})
    os.kill(tree["s000"].up(), signal.SIGKILL)
    assert tree["s000"].wait_for("finished") == ["100"]


def test_systemd_is_told(scan, place):
    """READY=1 when all have been started, STOPPING=1 when they are to end."""
    path = place / "notify"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as told:
        told.bind(str(path))
        told.settimeout(30)
        tree = scan(
            {"a": None, "b": {"run": NOTE_IN, "down": ""}},
            env={"NOTIFY_SOCKET": str(path)},
        )
        assert told.recv(100) == b"READY=1"
        assert tree["a"].pid()
        with open(f"/proc/{tree['a'].up()}/environ", "rb") as environ:
            assert b"NOTIFY_SOCKET" not in environ.read()
        assert tree.scanner.stop() == 0
        assert told.recv(100) == b"STOPPING=1"


def test_a_stderr_that_nobody_reads(scan):
    """It is full: no service waits for another, and what they said goes on when there is room."""
    source, sink = os.pipe()
    loud = " i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo NAME $i >&2; done; exec sleep 1000\n"
    services = {name: {"run": loud.replace("NAME", name)} for name in "abc"}
    tree = scan(services, stderr=sink)
    os.close(sink)
    tree.add("quiet", {"run": HERE}).up()
    with open(source, "rb") as said:
        wanted = {b"%s %d\n" % (name.encode(), n) for name in "abc" for n in range(1, 3001)}
        while wanted:
            line = said.readline()
            # Whole, though three write there.
            assert line in wanted
            wanted.discard(line)
    assert tree["quiet"].up()


@pytest.mark.needs_root
def test_a_full_disk(scan, place, run):
    """What cannot be written is tried again; what runs goes on."""
    (place / "disk").mkdir()
    if run("mount", "-t", "tmpfs", "-o", "size=256k", "none", place / "disk").returncode:
        pytest.skip("needs to mount a tmpfs")
    try:
        _fill(scan)
    finally:
        run("umount", "-l", place / "disk")


def _fill(scan):
    tree = scan({"a": None, "b": None}, directory="disk")
    pids = [tree[name].up() for name in "ab"]
    with pytest.raises(OSError, match="No space"):
        (tree.path / "big").write_bytes(bytes(1 << 20))
    os.kill(pids[0], signal.SIGKILL)
    tree.says("unable to write a/supervise/")
    (tree.path / "big").unlink()
    assert tree["a"].up(pids[0]) != pids[0]
    assert tree["b"].pid() == pids[1]
