"""What goes wrong around pysvscan: directories replaced, disks full, pids and limits used up."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from tests.conftest import wait_until
from tests.scan.test_hosted import COUNTER, OURS, PLACE, grows, hosts, lines, whole
from tests.scan.test_moved import remove
from tests.scan.test_svscan import DEAF, HERE
from tests.supervise.conftest import NOTE_IN, make_service

# Those that change a number of pysvscan's before it begins.
IMPATIENT = """
from pydaemontools.log.pipe import ending
from pydaemontools.scan import machine
ending.GRACE = machine.STALLED = 0.2
"""
# Nobody may go to the directory of one service while there is a file `shut`.
SHUT = """
import posix
fchdir = posix.fchdir
def refuse(fd):
    if posix.access("/PLACE/shut", posix.F_OK):
        if posix.readlink(f"/proc/self/fd/{fd}").endswith("/sv/a"):
            raise PermissionError(13, "")
    fchdir(fd)
posix.fchdir = refuse
"""
# There is room for watches until the services that there are have been looked after.
FULL = """
import posix
from pydaemontools.base.inotify import Inotify
from pydaemontools.scan.caretaker import Caretaker
watch, keep_up, full = Inotify.watch, Caretaker.keep_up, []
def refuse(self, directory, events):
    if full:
        raise OSError(28, "")
    return watch(self, directory, events)
def note(self):
    full.append(1)
    posix.close(posix.open("/PLACE/full", posix.O_CREAT | posix.O_WRONLY))
    keep_up(self)
Inotify.watch, Caretaker.keep_up = refuse, note
"""


def _says(tree):
    return (tree.scanner.place / "err").read_text()


def _replace(tree, name, by, aside):
    """Have the directory BY in the place of the service NAME, which is ASIDE from then on."""
    before = _says(tree).count("another directory at")
    (tree.path / name).rename(tree.path / aside)
    (tree.path / by).rename(tree.path / name)
    wait_until(lambda: _says(tree).count("another directory at") > before)


def test_a_directory_that_is_replaced_and_put_back(scan):
    """Its lock is nobody's meanwhile: the process of its logger has none of pysvscan's locks."""
    tree = scan({"web": {"run": HERE, "logger": OURS}})
    (pid,) = tree.runs("web")
    make_service(tree.path / ".next", {"run": HERE, "logger": OURS})
    _replace(tree, "web", by=".next", aside=".old")
    _replace(tree, "web", by=".old", aside=".next")
    assert tree["web"].is_(state="run").up() == pid
    assert "another supervisor" not in _says(tree)
    assert tree.scanner.stop() == 0


def test_a_logger_goes_where_its_service_is(scan):
    """With the next start: what it writes to the directory that was replaced is soon removed."""
    tree = scan({"web": {"run": COUNTER, "logger": OURS}})
    grows(tree, ["web"])
    make_service(tree.path / ".next", {"run": COUNTER, "logger": OURS})
    _replace(tree, "web", by=".next", aside=".old")
    tree["web"].say("t")
    grows(tree, ["web"])
    old = (tree.path / ".old" / PLACE).read_text().splitlines()
    (tree.path / "web/stop").touch()
    wait_until(lambda: not _grew(tree, "web"))
    assert tree.scanner.stop() == 0
    found = old + lines(tree, "web")
    starts = [at for at, line in enumerate(found) if line == "line 1"]
    assert len(starts) == 2
    for run in found[: starts[1]], found[starts[1] :]:
        assert run == [f"line {n}" for n in range(1, len(run) + 1)]


def _grew(tree, name):
    """Whether the log of the service NAME grows: whether its program prints."""
    with open(f"/proc/{tree[name].pid()}/cmdline", "rb") as words:
        return b"sleep" not in words.read()


def test_one_whose_supervise_is_elsewhere_is_replaced_and_adopted(scan, place):
    """Where it is stands there: whoever comes after a kill -9 finds what runs, and no second."""
    (place / "run").mkdir()
    for name in "sv/web", "sv/.next":
        (place / name).mkdir(parents=True)
        (place / name / "supervise").symlink_to(place / "run/web")
    tree = scan({"web": None})
    (pid,) = tree.runs("web")
    make_service(tree.path / ".next", {"run": NOTE_IN})
    _replace(tree, "web", by=".next", aside=".old")
    here = (tree.path / "web").stat()
    wait_until(lambda: f"{here.st_dev}:{here.st_ino}" in tree["web"].state_file()["place"])
    tree.scanner.process.kill()
    tree.scanner.wait()
    again = scan()
    again.says("adopted process")
    assert again["web"].up() == pid
    assert again.scanner.stop() == 0
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"))


def test_what_a_list_of_another_boot_names_is_a_stranger(scan, place):
    """The same pid and the same start time: where that is from stands beside it."""
    tree = scan({"a": {"run": COUNTER, "logger": OURS}})
    wait_until(lambda: hosts(tree))
    where = (tree.path / ".pysvscan/loggers").read_text().split(" ", 2)[2]
    assert tree.scanner.stop() == 0
    with subprocess.Popen(["sleep", "1000"]) as other:
        with open(f"/proc/{other.pid}/stat") as stat:
            start = stat.read().rpartition(")")[2].split()[19]
        (tree.path / ".pysvscan/loggers").write_text(f"{other.pid} {start} x{where}")
        tree = scan()
        grows(tree, ["a"])
        assert other.poll() is None
        other.kill()
    (place / "sv/a/stop").touch()


@pytest.mark.needs_root
def test_a_full_disk_holds_up_no_end(with_fault, run, place):
    """A logger that cannot write what is left has a while, and what is lost is said.

    So for all at TERM, and for one that was removed at -n.
    """
    disk = place / "disk"
    disk.mkdir()
    if run("mount", "-t", "tmpfs", "-o", "size=64k", "none", disk).returncode:
        pytest.skip("needs to mount a tmpfs")
    try:
        flood = {"run": " exec yes\n"}
        services = {n: flood | {"logger": f"pymultilog s1m n10 {disk}/{n}\n"} for n in "ab"}
        tree = with_fault(IMPATIENT, services | {"c": {"run": HERE}})
        for name in "ab":
            tree.says(f"{name}/logger: pymultilog: warning: unable to")
        remove(tree.path / "a")
        assert run("pysvscanctl", "-n", tree.path).returncode == 0
        tree.says("a/logger has not read")
        (pid,) = tree.runs("c")
        os.kill(pid, 0)
        assert tree.scanner.stop() == 0
        tree.says("b/logger has not read")
    finally:
        run("umount", "-l", disk)


def test_who_was_killed_before_the_end_is_not_asked(scan):
    """Down since: nobody had to be killed at the end, and so the exit code is 0."""
    tree = scan(dict.fromkeys("ab"))
    (pid, _) = tree.runs("a", "b")
    tree["a"].say("o")
    tree["a"].is_(want="o")
    os.kill(pid, signal.SIGKILL)
    tree["a"].is_(state="down")
    assert tree.scanner.stop() == 0


def test_two_loggers_for_one_directory(scan):
    """Said once; the first has it, a third goes on, and when the first has left no line lacks."""
    logger = "pymultilog s1m n10 ../main\n"
    tree = scan({"a": {"run": COUNTER, "logger": logger}})
    wait_until((tree.path / "main/current").exists)
    tree.add("b", {"run": COUNTER, "logger": logger})
    tree.add("c", {"run": COUNTER, "logger": OURS})
    tree.says("b/logger: pymultilog: fatal: unable to lock directory ../main")
    seen = time.monotonic()
    grows(tree, ["c"])
    wait_until(lambda: time.monotonic() > seen + 2.5)
    assert _says(tree).count("unable to lock directory") == 1
    (tree.path / "b/stop").touch()
    (tree.path / "a").rename(tree.path / ".a")
    tree.scanner.process.send_signal(signal.SIGHUP)
    (tree.path / ".a/stop").touch()
    (tree.path / ".pysvscan/control").write_bytes(b"n")
    found = wait_until(lambda: _parts((tree.path / "main/current").read_text().splitlines()))
    for part in found:
        assert part == [f"line {n}" for n in range(1, len(part) + 1)]
    whole(tree, ["c"])


def _parts(found):
    """The lines of the two, one after the other, where both are there."""
    starts = [at for at, line in enumerate(found) if line == "line 1"]
    return [found[: starts[1]], found[starts[1] :]] if len(starts) == 2 else None


def test_no_room_for_more_watches(with_fault, place, run):
    """What a service has lost that came when there was none is made again, as where none hears.

    What a person puts beside its run is seen too, of all of them.
    """
    tree = with_fault(FULL, {"before": {"run": HERE}})
    wait_until((place / "full").exists)
    pid = tree.add("a").up()
    shutil.rmtree(tree.path / "a/supervise")
    wait_until((tree.path / "a/supervise/ok").exists)
    assert tree["a"].up() == pid
    wait_until((tree.path / ".pysvscan/overview").exists)
    for name in "a", "before":
        (tree.path / name / "down").touch()
    said = run("pysv", "status", env={"SVDIR": str(tree.path)}).stdout
    assert said.count(b"normally down") == 2
    assert tree.scanner.stop() == 0


def test_one_that_comes_in_the_same_moment_as_another(scan, faulty):
    """The directory has the time of change then that it had: it is looked at once more."""
    tree = scan({"a": None}, command=(faulty(DEAF),))
    tree["a"].up()
    make_service(tree.path / ".b", {"run": NOTE_IN})
    make_service(tree.path / ".c", {"run": NOTE_IN})
    (tree.path / ".b").rename(tree.path / "b")
    tree.scanner.signal(signal.SIGHUP)
    tree["b"].up()
    found = tree.path.stat()
    tree.scanner.signal(signal.SIGSTOP)
    (tree.path / ".c").rename(tree.path / "c")
    os.utime(tree.path, ns=(found.st_atime_ns, found.st_mtime_ns))
    tree.scanner.signal(signal.SIGCONT)
    tree["c"].up()


@pytest.mark.parametrize("logger", [None, OURS])
def test_a_directory_that_nobody_may_go_to(with_fault, place, logger):
    """By a chmod, or as its disk has gone: the others go on, and it does when that has passed."""
    more = {"logger": logger} if logger else {}
    tree = with_fault(SHUT, {"a": {"run": COUNTER} | more, "b": {"run": HERE}})
    pid, other = tree["a"].up(), tree["b"].up()
    (place / "shut").touch()
    os.kill(pid, signal.SIGKILL)
    tree.says("warning: unable to write a/supervise/state")
    os.kill(other, signal.SIGKILL)
    tree["b"].up(other)
    (place / "shut").unlink()
    tree["a"].up(pid)
    wait_until(lambda: tree["b"].read("where") == f"{tree.path}/b\n")
    assert tree.scanner.stop() == 0
    assert "Traceback" not in _says(tree)
