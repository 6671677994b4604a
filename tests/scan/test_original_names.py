"""svscan and runsvdir under their names, where ours are made otherwise than the C ones.

What both have in common is compared in tests/oracle.
"""

import os
import signal
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.scan.test_svscan import HERE, READER, _parent
from tests.supervise.conftest import NOTE_IN, make_service

NAMES = {"svscan": "supervise", "runsvdir": "runsv"}


@pytest.fixture
def scan_as(scan, originals):
    """Start a scanner by its original's NAME, of the services in `sv`."""

    def scan_as(name, services=None, *argv, **more):
        return scan(services, *argv, command=(f"{originals}/{name}",), **more)

    return scan_as


def keeper(tree):
    """The pid of the process that keeps the services of TREE, once it does."""
    children = Path(f"/proc/{tree.scanner.pid}/task/{tree.scanner.pid}/children")
    return int(wait_until(lambda: children.read_text().split())[0])


def up(kept, other_than=0):
    """Wait until the service KEPT is up, by a pid OTHER_THAN that one: the pid."""

    def pid():
        # Of a status that may have 18 bytes or 20.
        found = int.from_bytes((kept.path / "supervise/status").read_bytes()[12:16], "little")
        return found != other_than and found

    return wait_until(pid)


def end(tree):
    """Have all services of TREE leave, and wait until their supervisor has."""
    pid = keeper(tree)
    tree.scanner.process.kill()
    for control in tree.path.rglob("supervise/control"):
        control.write_text("dx")
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.parametrize("name", NAMES)
def test_one_process_keeps_all(scan_as, name):
    """It is called as each of the supervisors that it stands for; services are its children."""
    tree = scan_as(name, {"a": {"run": HERE}, "b": {"run": HERE, "log/run": READER}})
    pids = [up(tree[one]) for one in "ab"]
    pid = keeper(tree)
    assert {_parent(one) for one in pids} == {pid}
    assert Path(f"/proc/{pid}/comm").read_text() == f"{NAMES[name]}\n"
    assert Path(f"/proc/{pid}/cmdline").read_bytes().startswith(f"{NAMES[name]} sv/*\0".encode())
    assert tree["b"].wait_for("where") == [f"{tree.path}/b"]
    end(tree)


@pytest.mark.parametrize(("name", "signum"), [("svscan", 9), ("runsvdir", 15)])
def test_a_keeper_that_ends_is_followed_by_another(scan_as, name, signum):
    """As a supervisor would be; a signal that is for all supervisors ends the services too."""
    tree = scan_as(name, {"a": None})
    first, pid = up(tree["a"]), keeper(tree)
    os.kill(pid, signum)
    wait_until(lambda: keeper(tree) != pid)
    assert up(tree["a"], first)
    # As in C, what a killed one leaves goes on beside the next.
    assert Path(f"/proc/{first}").exists() == (signum == signal.SIGKILL)
    end(tree)


def test_a_scanner_that_is_told_while_its_keeper_is_dead(scan_as):
    """HUP and ALRM to runsvdir just when its process of services has been killed: no trouble."""
    tree = scan_as("runsvdir", {"a": None})
    os.kill(up(tree["a"]) and keeper(tree), signal.SIGKILL)
    tree.scanner.signal(signal.SIGALRM)
    tree.scanner.signal(signal.SIGHUP)
    assert tree.scanner.wait() == 111
    assert b"Traceback" not in (tree.scanner.place / "err").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_what_was_given_is_handed_on(scan_as, name, place):
    """A file above fd 2, as each of the C programs hands it on; a closed stdin is /dev/null."""
    given = os.open(place / "given", os.O_WRONLY | os.O_CREAT)
    shows = f" readlink /proc/$$/fd/{given} /proc/$$/fd/0 >shown.new; mv shown.new shown\n"
    services = {"a": {"run": shows + "exec sleep 1000\n"}}

    def close():
        os.close(0)

    tree = scan_as(name, services, pass_fds=(given,), preexec_fn=close)
    os.close(given)
    assert tree["a"].wait_for("shown", 2) == [str(place / "given"), "/dev/null"]
    end(tree)


def test_runsvdir_without_a_place_to_be(place, originals, run):
    """Its own directory may not be read: said as runit says it, with runit's code."""
    (place / "closed").mkdir()
    words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] * (not os.geteuid())
    script = f"cd closed && chmod 0 . && exec {' '.join(words)} {originals}/runsvdir ../sv"
    result = run("sh", "-c", script)
    said = b"runsvdir ../sv: fatal: unable to open current directory: access denied\n"
    assert (result.returncode, result.stderr) == (100, said)


def test_a_title_that_nobody_has_room_for(scan_as):
    """What is said faster than it is shown is lost, and no service waits for it."""
    loud = " for n in 1 2 3; do head -c 200000 /dev/zero | tr '\\0' x >&2; done; exec sleep 1000\n"
    tree = scan_as("runsvdir", {"a": {"run": loud}, "b": {"run": NOTE_IN}}, "log:" + "." * 40)
    title = Path(f"/proc/{tree.scanner.pid}/cmdline")
    wait_until(lambda: b"log:." + b"x" * 30 in title.read_bytes())
    os.kill(up(tree["b"]), signal.SIGKILL)
    assert up(tree["b"])
    end(tree)


def test_runsvchdir_where_it_is_told(run, place, originals):
    """$RUNSVDIR, as runit 2.3 has it."""
    make_service(place / "a", {})
    make_service(place / "b", {})
    (place / "current").symlink_to("a")
    result = run(f"{originals}/runsvchdir", "b", env={"RUNSVDIR": str(place)})
    assert (result.returncode, result.stdout) == (0, b"runsvchdir: b: now current.\n")
    assert os.readlink(place / "current") == "b"
    assert os.readlink(place / "previous") == "a"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_stays_open_of_what_left_or_vanished(scan_as, name):
    """A service that is told to leave again and again, and directories that come and go."""
    tree = scan_as(name, {"a": {"run": NOTE_IN, "log/run": READER}, "b": None})
    first = up(tree["a"])
    up(tree["b"])
    files = Path(f"/proc/{keeper(tree)}/fd")
    before = len(list(files.iterdir()))
    for one in ("a/log", "a") if name == "svscan" else ("a",):
        (tree.path / one / "supervise/control").write_text("dx")
    assert up(tree["a"], first)
    wait_until(lambda: len(list(files.iterdir())) <= before)
    end(tree)
