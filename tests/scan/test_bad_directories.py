"""pysvscan where the directories are many, strange, or not to be had."""

import os
import resource
import shutil
import signal
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.conftest import remove, wait_until
from tests.scan.test_svscan import HERE, READER, _open_files
from tests.supervise.conftest import NOTE_IN, make_service

# What file modes forbid is refused also to root.
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@pytest.fixture
def roomy(place):
    """A directory for many files, in memory where there is such a place."""
    memory = Path("/dev/shm")
    path = Path(mkdtemp(dir=memory if os.access(memory, os.W_OK) else place))
    yield path
    remove(path)


def test_ten_thousand_directories_and_1024_open_files(scan, roomy):
    """As many as there is room for are kept, which is said with the numbers; they can be told."""

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))

    make_service(roomy / "aa", {"run": NOTE_IN, "log/run": READER})
    for number in range(10_000):
        directory = roomy / f"s{number:05}"
        directory.mkdir()
        os.link(roomy / "aa/run", directory / "run")
        (directory / "down").symlink_to("run")
    tree = scan(directory=str(roomy), preexec_fn=limit)
    tree.says("process cannot open more files; 1024 may be open")
    kept = len(list(tree.path.glob("*/supervise")))
    assert 200 < kept < 400
    assert f"{kept} services are kept, and no more" in _said(tree)
    assert "unable to" not in _said(tree)
    first = tree["aa"].up()
    os.kill(first, signal.SIGKILL)
    tree["aa"].up(first)
    tree["s00000"].say("u")
    tree["s00000"].up()
    # Where one has left, there is room for the next.
    (tree.path / "s00001").rename(tree.path / ".s00001")
    (tree.path / ".s00001/supervise/control").write_text("x")
    wait_until(lambda: len(list(tree.path.glob("*/supervise"))) == kept)
    assert tree.scanner.stop() == 0


def _said(tree):
    return (tree.scanner.place / "err").read_text()


def test_one_that_may_not_be_read(scan, place):
    """It is said once, others are kept; as soon as it may be, it is too."""
    make_service(place / "sv", {})
    make_service(place / "sv/closed", {"run": NOTE_IN})
    (place / "sv/closed").chmod(0)
    before = UNPRIVILEGED if not os.geteuid() else []
    tree = scan({"good": None}, before=before)
    tree["good"].up()
    for _ in range(3):
        tree.scanner.signal(signal.SIGHUP)
    tree.add("better").up()
    (place / "sv/closed").chmod(0o755)
    tree.scanner.signal(signal.SIGHUP)
    tree["closed"].up()
    assert "Traceback" not in _said(tree)


def test_links_and_a_sticky_bit(scan, place):
    """A link of root's or ours is a service, under its own name; of two to one directory, one is
    kept, and the other is said. The sticky bit, by which an old svscan knew a logger, is nothing.
    """
    make_service(place / "away", {"run": HERE, "log/run": READER})
    make_service(place / "sv", {})
    (place / "sv/first").symlink_to("../away")
    (place / "sv/second").symlink_to("../away")
    tree = scan({"sticky": {"run": NOTE_IN}})
    (tree.path / "sticky").chmod(0o1755)
    tree["sticky"].up()
    pid = tree["first"].up()
    tree.says("second is the directory of first, which is kept")
    assert tree["first"].read("where") == f"{place}/away\n"
    (tree.path / "first").unlink()
    tree.scanner.signal(signal.SIGHUP)
    tree.add("later").up()
    assert os.path.exists(f"/proc/{pid}")


@pytest.mark.parametrize("linked", [False, True])
def test_one_that_is_removed_and_made_again(scan, run, place, linked):
    """By a package that is installed anew: what runs goes on, the next start is of what is there
    now. Also where its supervise/ is a link to a place that stays.
    """
    (place / "sv/.next").mkdir(parents=True)
    # A logger that does not mind where it is.
    make_service(place / "sv/a", {"run": NOTE_IN, "log/run": " exec cat\n"})
    make_service(place / "sv/.next", {"run": HERE, "log/run": " exec cat\n"})
    for directory in ("a", ".next") if linked else ():
        (place / "sv" / directory / "supervise").symlink_to(place / "state")
    tree = scan({"b": None})
    tree["b"].up()
    (first,), logger = tree.runs("a"), tree["a"].read("log/supervise/pid")
    # It needs its run no more.
    wait_until(lambda: Path(f"/proc/{int(logger)}/comm").read_text() == "cat\n")
    shutil.rmtree(tree.path / "a")
    (tree.path / ".next").rename(tree.path / "a")
    tree.says("somebody put another directory at a: the next start is from there")
    assert tree["a"].up() == first
    assert run("pysvok", tree.path / "a").returncode == 0
    os.kill(first, signal.SIGKILL)
    tree["a"].wait_for("where")
    wait_until(lambda: tree["a"].read("log/supervise/pid") == logger)
    tree["a"].say("d")
    tree["a"].is_(state="down")
    assert tree.scanner.stop() == 0


def test_an_empty_directory_is_waited_in(scan):
    """It does not end because there is nothing to do; nor when the last has left."""
    tree = scan({}, directory="empty")
    wait_until((tree.path / ".pysvscan/control").exists)
    tree.add("a").up()
    (tree.path / "a").rename(tree.path / ".a")
    (tree.path / ".a/supervise/control").write_text("x")
    wait_until(lambda: not (tree.path / ".a/supervise/pid").read_text().strip())
    tree.add("b").up()
    assert tree.scanner.stop() == 0


def test_services_that_die_at_once_leave_nothing_open(scan):
    """Each death and each start: as many open files as before."""
    dies = " echo x >>starts; exit 1\n"
    tree = scan({name: {"run": dies, "log/run": READER} for name in "abc"} | {"d": None})
    tree["d"].up()
    for name in "abc":
        tree[name].wait_for("starts", 2)
    before = _open_files(tree)
    for name in "abc":
        tree[name].wait_for("starts", 4)
    # Not while one is being started.
    wait_until(lambda: _open_files(tree) <= before)


@pytest.mark.parametrize("deaf", [True, False])
def test_a_directory_that_is_replaced_and_replaced(scan, place, faulty, deaf):
    """The directory of services is moved away, and another put there: its services come, those of
    the old one go on until they are told.
    """
    from tests.scan.test_svscan import DEAF

    more = {"command": (faulty(DEAF),)} if deaf else {}
    tree = scan({"a": None}, **more)
    pids = [tree["a"].up()]
    for turn in range(2):
        make_service(place / "next", {})
        make_service(place / f"next/new{turn}", {"run": NOTE_IN})
        tree.path.rename(place / f"old{turn}")
        (place / "next").rename(tree.path)
        tree.scanner.signal(signal.SIGHUP)
        pids.append(tree[f"new{turn}"].up())
    assert all(os.path.exists(f"/proc/{pid}") for pid in pids)
    assert tree.scanner.stop() == 0
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_one_is_removed_while_it_is_to_be_seen(scan):
    """Kind: what comes to be seen cannot be looked at: nobody goes round in a circle for it."""
    tree = scan({name: {"run": NOTE_IN} for name in ("gone", "goes", "stays")})
    first = [tree[name].up() for name in ("gone", "goes", "stays")][2]
    remove(tree["gone"].path)
    tree.says("unable to")
    for name in "goes", "stays":
        # Both are to be looked at, and one is not there any more by then.
        (tree[name].path / "supervise/status").unlink()
    (tree["goes"].path / "supervise/control").write_text("dx")
    (tree["goes"].path).rename(tree.path / ".goes")
    wait_until((tree["stays"].path / "supervise/status").exists)
    os.kill(first, signal.SIGKILL)
    tree["stays"].up(first)
    assert tree.scanner.stop() == 0
