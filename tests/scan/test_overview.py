"""What pysvscan says of all services in one file is what each of their directories says."""

import os
import re
import shutil
import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydaemontools.base import overview
from pydaemontools.base.inotify import IN_CREATE
from pydaemontools.control import quick_status
from pydaemontools.control.commands import Command
from pydaemontools.control.overview_reader import OverviewReader, ask
from pydaemontools.control.person_steps import person_steps
from pydaemontools.scan.changes import PATIENCE
from tests.conftest import wait_until
from tests.supervise.conftest import make_service

STATUS = Command("s", waits=False, force=False)
HOME = os.open(".", os.O_PATH | os.O_CLOEXEC)
SLEEP = " exec sleep 1000\n"
# It hears of what changes only when it is asked.
ONLY_ASKED = """
from pydaemontools.jobs.loop import Loop
from pydaemontools.scan.changes import Changes
watch = Loop.watch
def unheard(self, fd, callback, *events):
    if getattr(callback, "__func__", None) is not Changes.hear:
        watch(self, fd, callback, *events)
Loop.watch = unheard
"""
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
    steps.home = HOME
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


def read(path):
    """The overview of what there is in PATH, None if nobody keeps one."""
    with looking(path):
        question = ask([])
    return question and question.answer()


def by_overview(path, names):
    """What the one file says of NAMES, where it says anything."""
    found = read(path)
    if not found:
        return dict.fromkeys(names)
    quick = quick_status.QuickStatus(OverviewReader(path, found))
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


def changes(place):
    """What a person may put beside the run in PLACE, and take away: to be called again and again.

    A log that nobody keeps is one of them; and so is a link that leads to nothing yet.
    """
    down, log, away = place / "down", place / "log", place / "away"
    yield down.touch
    yield lambda: down.rename(away)
    yield lambda: down.symlink_to("away.not")
    yield (place / "away.not").touch
    yield (place / "away.not").unlink
    yield down.unlink
    yield lambda: make_service(log, {"run": SLEEP})
    yield lambda: shutil.rmtree(log)
    yield lambda: away.rename(down)
    yield down.unlink


@pytest.mark.parametrize("service", ["up", "down", "hosted"])
def test_what_a_person_has_put_there_is_seen_at_once(kept, service):
    """Nobody waits: what was done before somebody asks is in the answer."""
    tree, path = kept
    (tree.path / "down/down").unlink()
    name = service.encode()
    for change in list(changes(tree.path / service)) * 5:
        change()
        second = int(time.time())
        told, seen = by_overview(path, [name]), by_directory(path, [name])
        if int(time.time()) == second and told[name] is not None:
            assert told == seen


def test_where_nobody_answers_one_looks(kept, run):
    """A pysvscan that stands still, whatever its file says of what a person has put there."""
    tree, path = kept
    os.kill(tree.scanner.pid, signal.SIGSTOP)
    try:
        (tree.path / "up/down").touch()
        found = read(path)
        assert not found.answered
        assert b"normally down" in by_overview(path, [b"up"])[b"up"]
        said = run("pysv", "status", env={"SVDIR": str(tree.path)})
        assert re.search(rb"^run: up: [^\n]* normally down", said.stdout, re.MULTILINE)
    finally:
        os.kill(tree.scanner.pid, signal.SIGCONT)
    wait_until(lambda: read(path).answered)


def test_it_is_asked_until_it_answers_and_not_before(kept, monkeypatch):
    """One that stands still when it is asked, and goes on: the answer has what was before."""
    tree, path = kept
    monkeypatch.setattr(overview, "PATIENCE", 60.0)
    for _ in range(20):
        os.kill(tree.scanner.pid, signal.SIGSTOP)
        (tree.path / "up/down").touch()
        with looking(path):
            question = ask([])
        os.kill(tree.scanner.pid, signal.SIGCONT)
        found = question.answer()
        assert found.answered
        number = found.names.index(b"up")
        assert found.row(number, 0)[0] >> 8 & overview.NORMALLY_DOWN
        (tree.path / "up/down").unlink()
        found = read(path)
        assert found.answered
        assert not found.row(number, 0)[0] >> 8 & overview.NORMALLY_DOWN


def test_who_answers_hears_first(with_fault, monkeypatch):
    """Also what nobody had told it of until then."""
    monkeypatch.setattr(overview, "PATIENCE", 60.0)
    tree = with_fault(ONLY_ASKED, {"up": {"run": SLEEP}})
    wait_until((tree.path / ".pysvscan/overview").exists)
    for _ in range(5):
        (tree.path / "up/down").touch()
        assert read(os.fsencode(tree.path)).row(0, 0)[0] >> 8 & overview.NORMALLY_DOWN
        (tree.path / "up/down").unlink()
        assert not read(os.fsencode(tree.path)).row(0, 0)[0] >> 8 & overview.NORMALLY_DOWN


def test_a_question_is_not_answered_by_what_had_begun_before(tmp_path, monkeypatch):
    """Whoever was answering another then may have seen nothing of what we did since."""
    monkeypatch.setattr(overview, "PATIENCE", 0.0)
    place = tmp_path / ".pysvscan"
    place.mkdir()
    os.mkfifo(place / "control")
    reader = os.open(place / "control", os.O_RDONLY | os.O_NONBLOCK)
    head = [overview.MAGIC, 0, 0, 0, 0, 0, 0]
    for before, after, answered in [
        (4, 4, False),
        (4, 5, False),
        (4, 6, True),
        (5, 6, False),
        (5, 7, False),
        (5, 8, True),
    ]:
        (place / "overview").write_bytes(overview.pack(*head, before))
        with looking(os.fsencode(tmp_path)):
            question = ask([])
        (place / "overview").write_bytes(overview.pack(*head, after))
        assert question.answer().answered is answered, (before, after)
    assert os.read(reader, 100) == b"?" * 6
    os.close(reader)


def test_a_service_that_writes_much_beside_its_run_is_not_listened_to(kept):
    """It is looked at instead, and pysvscan is not woken by it."""
    tree, path = kept
    place = tree.path / "up"
    for number in range(PATIENCE + 1):
        (place / f"{number % 7}").touch()
        (place / f"{number % 7}").unlink()
    number = read(path).names.index(b"up")
    wait_until(lambda: read(path).row(number, 0)[0] >> 8 & overview.UNSURE)
    for _ in range(5):
        (place / "down").touch()
        assert b"normally down" in by_overview(path, [b"up"])[b"up"]
        (place / "down").unlink()
        assert b"normally" not in by_overview(path, [b"up"])[b"up"]

    def masks():
        """What it hears of each directory that it watches."""
        found = {}
        for file in Path(f"/proc/{tree.scanner.pid}/fdinfo").iterdir():
            text = ""
            with suppress(FileNotFoundError):
                # What was open for a moment.
                text = file.read_text()
            for line in text.splitlines():
                if line.startswith("inotify "):
                    words = dict(word.split(":") for word in line.split()[1:] if ":" in word)
                    found[int(words["ino"], 16)] = int(words["mask"], 16)
        return found

    wait_until(lambda: not masks()[place.stat().st_ino] & IN_CREATE)
    assert masks()[(tree.path / "down").stat().st_ino] & IN_CREATE
