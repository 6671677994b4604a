"""Directories that get other names while pysvscan keeps their services.

A service goes with its directory, whatever becomes of names: one directory has one supervisor, and
nobody is asked for what pysvscan has itself.
"""

import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from pydaemontools.base.locks import is_flocked
from tests.conftest import wait_until
from tests.scan.test_svscan import DEAF, HERE
from tests.supervise.conftest import NOTE_IN, make_service

SHOW = ' echo "$INSTANCE" >which; exec sleep 1000\n'
HOLD = """
import fcntl, os, sys
held = [os.open(place, os.O_RDONLY) for place in sys.argv[1:]]
for one in held:
    fcntl.flock(one, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""
# Who holds a lock is looked for among all open files: each time is noted. Nobody may sleep.
NOTED = """
from pydaemontools.base import locks
find = locks._holders
def note(found):
    with open("../../asked", "a") as asked:
        asked.write("x")
    return find(found)
locks._holders, locks.sleep = note, None
sys.argv[0] = "pysvscan"
from pydaemontools.entry import enter
enter("pysvscan", "")
"""
# After each look at files it is noted how many are still to be looked at.
LOOKS = """
from pydaemontools.scan.caretaker import Caretaker
keep_up = Caretaker.keep_up
def note(self):
    keep_up(self)
    with open("/PLACE/looks", "a") as file:
        file.write("%d\\n" % len(self._to_see))
Caretaker.keep_up = note
"""


@pytest.fixture(params=["hears", "deaf"])
def anyhow(request, faulty):
    """How a pysvscan is started that hears of changes, and one that does not."""
    return {"command": (faulty(DEAF),)} if request.param == "deaf" else {}


def _err(tree):
    return (tree.scanner.place / "err").read_bytes()


def remove(path):
    """Remove the directory PATH, whatever is written there meanwhile."""
    wait_until(lambda: shutil.rmtree(path, ignore_errors=True) or not path.exists())


def _move(tree, *names):
    for old, new in itertools.pairwise(names):
        (tree.path / old).rename(tree.path / new)


def test_one_that_gets_another_name_goes_on_by_that(scan, anyhow, run):
    """`mv` of a live service: no restart, no second one, and from then on that is its name."""
    tree = scan({"web@1": {"run": SHOW}, "other": None}, **anyhow)
    pid, _ = tree.runs("web@1", "other")
    _move(tree, "web@1", "web@2")
    tree.add("new").up()
    assert tree["web@2"].up() == pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: tree["web@2"].read("which") == "2\n")
    # As what its directory is called it is known: nobody ends it.
    assert run("pysvscanctl", "-n", tree.path).returncode == 0
    (tree.path / "web@2/run").write_text("#!/nowhere\n")
    tree["web@2"].say("t")
    tree.says("unable to start web@2/run")
    assert b"held by process" not in _err(tree)


@pytest.mark.parametrize("logger", ["log/run", "logger"])
def test_two_that_get_each_other_s_name(scan, anyhow, run, logger):
    """And one of them is removed: that is the one that ends."""
    files = {"run": HERE, logger: " exec cat\n" if logger == "log/run" else "pymultilog ./main\n"}
    tree = scan({"a": files, "b": files}, **anyhow)
    a, b = tree.runs("a", "b")
    _move(tree, "a", ".t")
    _move(tree, "b", "a")
    _move(tree, ".t", "b")
    tree.add("new").up()
    assert [tree["a"].pid(), tree["b"].pid()] == [b, a]
    remove(tree.path / "a")
    assert run("pysvscanctl", "-n", tree.path).returncode == 0
    wait_until(lambda: not os.path.exists(f"/proc/{b}"))
    assert tree["b"].up() == a
    assert tree.scanner.stop() == 0
    assert b"held by process" not in _err(tree)


def test_one_takes_the_place_of_one_that_was_removed(scan, anyhow, run):
    """Its name is another's: what was removed goes on until it is told, the other by that name."""
    tree = scan({name: {"run": SHOW} for name in "abc"}, **anyhow)
    a, b, c = tree.runs(*"abc")
    remove(tree.path / "b")
    _move(tree, "a", "b")
    _move(tree, "c", "a")
    tree.add("new").up()
    assert [tree["b"].up(), tree["a"].up()] == [a, c]
    assert os.path.exists(f"/proc/{b}")
    assert run("pysvscanctl", "-n", tree.path).returncode == 0
    wait_until(lambda: not os.path.exists(f"/proc/{b}"))
    assert [tree["b"].up(), tree["a"].up()] == [a, c]


def test_the_old_release_is_kept_beside_the_new_one(scan):
    """The service goes on in its place; what is called otherwise there is another one, then."""
    tree = scan({"web": {"run": HERE}})
    (pid,) = tree.runs("web")
    make_service(tree.path / ".next", {"run": HERE})
    # Whoever looked between the two would see that the service has another name.
    tree.scanner.signal(signal.SIGSTOP)
    _move(tree, "web", "web.old")
    _move(tree, ".next", "web")
    tree.scanner.signal(signal.SIGCONT)
    tree.says("somebody put another directory at web")
    assert tree["web"].up() == pid
    assert tree["web.old"].up(pid) != pid


def test_a_link_that_leads_to_the_next_release(with_fault, place):
    """Its service goes on, and is kept there: what is told and started is of that directory."""
    for name in "v1", "v2":
        make_service(place / name, {"run": HERE})
    (place / "sv").mkdir()
    (place / "sv/web").symlink_to("../v1")
    tree = with_fault(LOOKS, {"other": {"run": HERE}})
    pid, other = tree.runs("web", "other")
    # What it wrote at the start is looked after by then: nothing else has it look at the link.
    looks = place / "looks"
    wait_until(lambda: looks.exists() and looks.read_text().split()[2:][-1:] == ["0"])
    (place / "sv/.web").symlink_to("../v2")
    _move(tree, ".web", "web")
    tree.says("somebody put another directory at web")
    assert tree["web"].up() == pid
    tree["web"].say("t")
    assert tree["web"].up(pid) != pid
    assert os.readlink(f"/proc/{tree['web'].pid()}/cwd") == str(place / "v2")
    assert tree["other"].pid() == other


def test_two_names_for_one_directory(scan, place, anyhow):
    """The first counts and the other is said; where the first has gone it goes by the other."""
    (place / "sv").mkdir()
    make_service(place / "sv/web@1", {"run": SHOW})
    (place / "sv/web@2").symlink_to("web@1")
    make_service(place / "away", {"run": HERE})
    for name in "first", "second":
        (place / "sv" / name).symlink_to("../away")
    tree = scan({}, **anyhow)
    (pid,) = tree.runs("first")
    tree.says("second is the directory of first, which is kept")
    tree.says("web@2 is the directory of web@1, which is kept")
    (tree.path / "first").unlink()
    tree.add("new").up()
    (tree.path / "second/run").write_text("#!/nowhere\n")
    tree["second"].say("t")
    tree.says("unable to start second/run")
    assert not os.path.exists(f"/proc/{pid}")
    assert _err(tree).count(b"is the directory of") == 2


def test_one_whose_name_leads_to_another_has_gone(scan, place, run, anyhow):
    """It was removed, and a link to the directory of another stands there: -n ends it."""
    make_service(place / "away", {"run": HERE})
    (place / "sv").mkdir()
    (place / "sv/b").symlink_to("../away")
    tree = scan({"a": {"run": HERE}}, **anyhow)
    a, b = tree.runs("a", "b")
    remove(tree.path / "a")
    (tree.path / "a").symlink_to("../away")
    tree.says("a is the directory of b, which is kept")
    assert run("pysvscanctl", "-n", tree.path).returncode == 0
    wait_until(lambda: not os.path.exists(f"/proc/{a}"))
    assert tree["b"].up() == b
    assert b"another supervisor" not in _err(tree)


def test_one_that_was_removed_and_is_made_again_by_and_by(scan, run):
    """As long as there is no run, it has gone: -n ends what runs; then it comes as a new one."""
    tree = scan({"a": {"run": HERE}, "b": None})
    (pid,) = tree.runs("a")
    remove(tree.path / "a")
    (tree.path / "a").mkdir()
    assert run("pysvscanctl", "-n", tree.path).returncode == 0
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"))
    make_service(tree.path / "a", {"run": NOTE_IN})
    assert tree["a"].up(pid)


def test_others_that_hold_many_hold_up_nobody(scan, faulty, place):
    """Nobody waits for a lock, and who has it is asked a first time, and not with each look."""
    names = [f"held{n}" for n in range(5)]
    for name in names:
        (place / "sv" / name).mkdir(parents=True)
        make_service(place / "sv" / name, {"run": NOTE_IN})
    words = [sys.executable, "-c", HOLD, *(place / "sv" / name for name in names)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, **pipes) as other:
        assert other.stdout.readline() == b"held\n"
        tree = scan({"good": None}, command=(faulty(NOTED),))
        tree["good"].up()
        for name in names:
            tree.says(f"{name} is held by process {other.pid}")
        asked = (place / "asked").read_text()
        for turn in range(5):
            tree.scanner.signal(signal.SIGHUP)
            tree.add(f"new{turn}").up()
        assert (place / "asked").read_text() == asked
        other.stdin.close()
    tree.scanner.signal(signal.SIGHUP)
    for name in names:
        tree[name].up()


def test_whether_something_is_held(tmp_path):
    """Only what is there, and only as long as it is."""
    held = os.open(tmp_path, os.O_RDONLY)
    try:
        assert not is_flocked(b".", held)
        assert not is_flocked(b"nothing", held)
    finally:
        os.close(held)


NAMES = ["a", "b", "c", "d e", "-x", "web@1", "z" * 255, "n\nl", "bad\udcff"]


def _history(tree, place, chance):
    """One thing that somebody does below the tree."""
    one, other = (tree.path / chance.choice(NAMES) for _ in range(2))
    what = chance.randrange(6)
    try:
        if what < 2 and not one.exists() and not one.is_symlink():
            make_service(place / "making", {"run": NOTE_IN})
            (place / "making").rename(one)
        elif what == 2:
            one.unlink() if one.is_symlink() else shutil.rmtree(one)
        elif what == 3:
            one.rename(other)
        elif what == 4 and one.exists() and other.exists():
            for old, new in ((one, place / "t"), (other, one), (place / "t", other)):
                old.rename(new)
        elif what == 5 and not one.exists():
            one.symlink_to(chance.choice(NAMES))
    except OSError:
        # It was not there, or is being written to.
        pass


@pytest.mark.parametrize("seed", range(3))
def test_any_history_ends_with_one_supervisor_for_each_directory(scan, place, run, seed):
    """What is there is supervised, once; what has gone ends when told; and nothing stays open."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    tree = scan({"stays": None})
    tree["stays"].up()
    before = len(os.listdir(f"/proc/{tree.scanner.pid}/fd"))
    for turn in range(60):
        _history(tree, place, chance)
        if turn % 7 == 0:
            time.sleep(0.02)
    there = [path for path in tree.path.iterdir() if path.name[0] != "." and path.exists()]
    for path in there:
        if (path / "run").exists():
            wait_until(lambda path=path: run("pysvok", path).returncode == 0)
    for path in there:
        if path.name != "stays":
            path.unlink() if path.is_symlink() else remove(path)

    def gone():
        run("pysvscanctl", "-an", tree.path)
        return len(os.listdir(f"/proc/{tree.scanner.pid}/fd")) <= before

    wait_until(gone)
    assert tree.scanner.stop() == 0
    assert b"Traceback" not in _err(tree)
