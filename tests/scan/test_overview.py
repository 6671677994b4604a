"""What pysvscan says of all services in one file is what each of their directories says."""

import os
import re
import shutil
import signal
import time
from contextlib import contextmanager, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydaemontools.base import overview
from pydaemontools.control import quick_status
from pydaemontools.control.commands import Command
from pydaemontools.control.overview_reader import OverviewReader, read
from pydaemontools.control.person_steps import person_steps
from pydaemontools.control.servicefiles import Home
from tests.conftest import wait_until
from tests.supervise.conftest import make_service

STATUS = Command("s", waits=False, force=False)
HOME = Home(own=True)
SLEEP = " exec sleep 1000\n"
DEAF = " trap '' TERM; echo >there; while :; do sleep 0.05; done\n"
KINDS = {
    "up": {"run": SLEEP},
    "down": {"run": SLEEP, "down": ""},
    "logged": {"run": SLEEP, "log/run": " exec cat >/dev/null\n"},
    "hosted": {"run": SLEEP, "logger": "pymultilog ./main"},
    "child": {"run": SLEEP, "logger": "cat"},
    "fails": {"run": " exit 7\n", "backoff": "30"},
    "short": {"run": " exit 0\n"},
    "unready": {"run": SLEEP, "notification-fd": "3"},
    "s6": {"run": SLEEP, "dialect": "s6"},
    "deaf": {"run": DEAF},
    "written": {"run": SLEEP, "log/current": ""},
    "odd \n\\xff": {"run": SLEEP},
}
QUICK = {"up", "down", "logged", "hosted", "child", "written", "deaf", "odd \n\\xff"}


@contextmanager
def looking(path):
    """Have SVDIR be PATH, for what is called in this process."""
    before = dict(os.environb)
    os.environb[b"SVDIR"] = path
    try:
        yield
    finally:
        os.environb.clear()
        os.environb.update(before)


def by_directory(path, names):
    """What is seen in the directories of NAMES, one after the other, and the exit code."""
    steps, printer = person_steps(STATUS, json=False, limit=0)
    os.close(steps.home)
    steps.home = HOME.fd
    said = []

    def flush(end=b""):
        said.append(b"".join(printer.text) + end)
        printer.text.clear()

    printer.flush = flush
    lines = {}
    with looking(path):
        for name in names:
            steps.run([name])
            lines[name] = b"".join(said)
            said.clear()
    return lines


def by_overview(path, names):
    """What the one file says of NAMES, where it says anything."""
    found = read(path)
    if not found:
        return dict.fromkeys(names)
    quick = quick_status.QuickStatus(OverviewReader(path, found, HOME))
    return dict(zip(names, quick.lines(names), strict=True))


def same(path, quick=()):
    """Whether both say the same of all that there is, and the one file something of QUICK.

    In another second, or as something changes, they do not yet: what is written first is seen.
    """
    names = sorted(name for name in os.listdir(path) if name[:1] != b".")
    second = int(time.time())
    told = by_overview(path, names)
    seen = by_directory(path, names)
    if int(time.time()) != second or any(told[n] not in (None, seen[n]) for n in names):
        return False
    return set(map(os.fsencode, quick)) <= {name for name, line in told.items() if line}


@pytest.fixture
def kept(scan):
    """A tree of a service of each kind, and where it is."""
    tree = scan(KINDS)
    path = os.fsencode(tree.path)
    wait_until((tree.path / ".pysvscan/overview").exists)
    wait_until(lambda: same(path, QUICK))
    return tree, path


def test_whatever_happens_both_say_the_same(kept, run):
    """Letters, deaths, pauses, what a person changes in a directory, new services and old."""
    tree, path = kept
    for name in "logged/log", "up", "hosted", "deaf":
        (tree.path / name / "supervise/control").write_bytes(b"p")
        wait_until(lambda: same(path, QUICK))
        (tree.path / name / "supervise/control").write_bytes(b"c")
    for letters in "d", "u", "o", "k", "t":
        for name in "up", "down", "deaf", "hosted", "logged":
            tree[name].say(letters)
        wait_until(lambda: same(path, QUICK - {"up", "down", "deaf", "hosted", "logged"}))
    (tree.path / "up/down").touch()
    (tree.path / "down/down").unlink()
    make_service(tree.path / "child", {"log/run": SLEEP})
    wait_until(lambda: same(path, {"odd \n\\xff"}))
    make_service(tree.path / "new", {"run": SLEEP})
    wait_until(lambda: same(path, {"new"}))
    shutil.rmtree(tree.path / "written")
    run("pysvscanctl", "-n", str(tree.path))
    wait_until(lambda: same(path, {"new"}))
    assert run("pysv", "status", env={"SVDIR": str(tree.path)}).returncode == 3


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["up", "down", "logged", "logged/log", "hosted", "deaf", "short"]),
            st.sampled_from([*"duoptckx", "down", "no down", "KILL"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_after_any_history_both_say_the_same(kept, history):
    """Whoever does what to which service."""
    tree, path = kept
    for name, what in history:
        place = tree.path / name
        if what == "down":
            (place / "down").touch()
        elif what == "no down":
            (place / "down").unlink(missing_ok=True)
        elif what == "KILL":
            with suppress(OSError, ValueError):
                os.kill(int((place / "supervise/pid").read_text()), signal.SIGKILL)
        else:
            with suppress(OSError):
                fd = os.open(place / "supervise/control", os.O_WRONLY | os.O_NONBLOCK)
                os.write(fd, what.encode())
                os.close(fd)
        wait_until(lambda: same(path))


def test_without_its_pysvscan_the_file_says_nothing(kept, run):
    """One that was killed left it: what it says is not true any more, and is not read."""
    tree, path = kept
    env = {"SVDIR": str(tree.path)}
    os.kill(tree.scanner.pid, signal.SIGKILL)
    tree.scanner.process.wait()
    assert (tree.path / ".pysvscan" / overview.NAME.decode()).exists()
    assert read(path) is None
    assert b"run: up:" not in run("pysv", "status", env=env).stdout


@pytest.mark.parametrize("command", ["status", "ls"])
@pytest.mark.parametrize("words", [(), ("*",), ("up", "[dhlos]*", "nothing", "/nowhere")])
def test_of_some_as_of_all(kept, run, command, words):
    """Patterns, names and paths, in their order, with what there is none of among them."""
    tree, path = kept
    env = {"SVDIR": str(tree.path)}
    found = {}

    def equal():
        said = run("pysv", command, *words, env=env)
        (tree.path / ".pysvscan" / "overview").rename(tree.path / ".pysvscan/away")
        found["seen"] = run("pysv", command, *words, env=env)
        (tree.path / ".pysvscan" / "away").rename(tree.path / ".pysvscan/overview")
        found["said"] = said
        return (said.stdout, said.stderr, said.returncode) == (
            found["seen"].stdout,
            found["seen"].stderr,
            found["seen"].returncode,
        )

    wait_until(equal)
    assert re.search(rb"^(run: up: .pid|up +run) +", found["said"].stdout, re.MULTILINE)
    assert read(path)


def test_where_it_cannot_be_written_nothing_is_lost(scan, run):
    """A place that is no directory: pysvscan goes on, and pysv looks into each directory."""
    tree = scan({"up": {"run": SLEEP}})
    wait_until((tree.path / ".pysvscan/overview").exists)
    (tree.path / ".pysvscan").rename(tree.path / ".moved")
    (tree.path / ".pysvscan").write_text("")
    make_service(tree.path / "new", {"run": SLEEP})
    env = {"SVDIR": str(tree.path)}
    wait_until(lambda: run("pysv", "status", env=env).stdout.count(b"run: ") == 2)
    assert tree["new"].pid()
