"""Success is never reported too early: a start counts when its process has lived, or is ready."""

import json
import os
import re
import signal

import pytest

from tests.conftest import wait_until

from .conftest import KINDS, S6, kinds

OURS = "pysupervise"
ANY = pytest.mark.parametrize("kind", kinds(*KINDS, S6))
# What a service does, with which files, and what a start says of it; "0.4+ s" are 0.4 or more.
FAILS = {
    "at once": ("echo no >&2; exit 7", {}, "exited 7 after 0.0+ s: no"),
    "after a while": ("echo no >&2; sleep .4; exit 7", {}, "exited 7 after 0.4+ s: no"),
    "by a signal": ("kill -9 $$", {}, "killed by SIGKILL after 0.0+ s"),
    "given up": (
        "echo no >&2; exit 3",
        {"exit_codes": "3"},
        "exited 3 after 0.0+ s, given up (exit code 3 says that it is done): no",
    ),
    "never ready": (
        "exec sleep 1000",
        {"ready": "notify", "timeout_up": "300"},
        "killed by SIGTERM (not ready in time) after 0.3+ s",
    ),
    "into its log": (
        "echo in the log; sleep .4; exit 7",
        {"log/run": "exec pymultilog t ./main"},
        "exited 7 after 0.4+ s: in the log",
    ),
    "into its log, for a terminal": (
        "printf 'a\\033[2Jb\\n'; sleep .4; exit 7",
        {"log/run": "exec pymultilog t ./main"},
        "exited 7 after 0.4+ s: a?[2Jb",
    ),
    "a longer settle": ("sleep 1.5; exit 7", {"settle": "60"}, "exited 7 after 1.5+ s"),
}
# It notes when each of its lives began and ended, in nanoseconds.
DIES = "date +%s%N >>../lives; sleep .2; date +%s%N >>../lives; exit 7"
LIVES = {
    "it lives": ("exec sleep 1000", {}),
    "a shorter settle": ("sleep .9; exit 7", {"settle": "0.1"}),
    "it is ready": ("echo >&3; sleep .5; exit 7", {"notification_fd": "3", "settle": "60"}),
    "its work is done": ("exit 0", {"exit_codes": "0"}),
}


def pid_of(run):
    """The pid of the service `a`."""
    return int(run("pysvstat", "-o", "pid", "a").stdout)


@pytest.mark.parametrize("name", FAILS)
@pytest.mark.parametrize("command", ["start", "restart", "-v up"])
def test_what_died(run, supervised, place, name, command):
    """A start that came to nothing is a failure, and says what it died of, with its last line."""
    body, files, said = FAILS[name]
    # Long enough for a machine that is busy.
    supervised(OURS, place / "a", body, down="", **({"settle": "30"} | files))
    result = run("pysv", "-w", "60", *command.split(), "a")
    least = re.search(r"(\d\.\d)\+ s", said)[1]
    wanted = re.escape(f"fail: a: {said}\n").replace(re.escape(f"{least}+ s"), r"(\d+\.\d) s")
    found = re.fullmatch(wanted, result.stdout.decode())
    assert (result.returncode, bool(found)) == (1, True), result
    assert float(found[1]) >= float(least)


@pytest.mark.parametrize("name", LIVES)
def test_what_started(run, supervised, place, name):
    """What has lived for `settle`, is ready, or is done with 0, has started."""
    body, files = LIVES[name]
    supervised(OURS, place / "a", body, down="", **files)
    assert run("pysv", "-w", "30", "start", "a").returncode == 0


@pytest.mark.parametrize("once", [("exit 0", 0), ("exec sleep 1000", 0), ("exit 1", 1)])
@pytest.mark.parametrize("kind", kinds(OURS, S6))
def test_once(run, supervised, place, kind, once):
    """What is to run once may end with 0, and with nothing else."""
    body, code = once
    supervised(kind, place / "a", body, down="")
    assert run("pysv", "-w", "30", "once", "a").returncode == code


def test_down_meanwhile(run, start, supervised, place):
    """What somebody tells down before it has started did not start."""
    supervised(OURS, place / "a", down="", settle="1000")
    starting = start("pysv", "-w", "60", "start", "a")
    wait_until(lambda: pid_of(run) > 0)
    assert run("pysvc", "-d", "a").returncode == 0
    assert starting.wait(50) == 1
    once = start("pysv", "-w", "60", "once", "a")
    wait_until(lambda: pid_of(run) > 0)
    assert run("pysvc", "-d", "a").returncode == 0
    assert once.wait(50) == 1


@pytest.mark.parametrize("settle", ["0", "1"])
def test_restarts_in_a_row(run, supervised, place, settle):
    """No restart reports the process that it, or the one behind it, ends."""
    supervised(OURS, place / "a", settle=settle)
    wait_until(lambda: pid_of(run) > 0)
    seen = {pid_of(run)}
    for _ in range(3):
        found = json.loads(run("pysv", "-j", "-w", "30", "restart", "a").stdout)
        assert found["result"] == "ok"
        assert found["pid"] not in seen
        assert found["pid"] == pid_of(run)
        seen.add(found["pid"])


def test_restarts_at_once(run, start, supervised, place):
    """A restart whose process another one ends goes on to the next: both report the same."""
    supervised(OURS, place / "a")
    wait_until(lambda: pid_of(run) > 0)
    before = pid_of(run)
    first = start("pysv", "-j", "-w", "30", "restart", "a")
    wait_until(lambda: pid_of(run) not in (before, -1))
    second = run("pysv", "-j", "-w", "30", "restart", "a")
    assert (first.wait(50), second.returncode) == (0, 0)
    assert json.loads(first.stdout.read())["pid"] == json.loads(second.stdout)["pid"]


def test_told_down_just_before(run, supervised, place):
    """A start does not take the process that is just being told to end for its own."""
    supervised(OURS, place / "a")
    assert run("pysv", "-w", "30", "start", "a").returncode == 0
    for _ in range(5):
        before = pid_of(run)
        run("pysvc", "-d", "a")
        found = json.loads(run("pysv", "-j", "-w", "30", "start", "a").stdout)
        assert (found["result"], found["pid"] != before) == ("ok", True)


@ANY
def test_any_supervisor(run, supervised, place, kind):
    """Whoever supervises: what dies again and again is never said to have started."""

    def lived_long():
        """Whether a life may have had its second: the machine stood still meanwhile.

        Between its start and what it notes first it may have, as well as behind what it notes last.
        """
        noted = [int(time) for time in (place / "lives").read_text().split()]
        return any(end - begin >= 5e8 for begin, end in zip(noted[::2], noted[1::2], strict=False))

    supervised(kind, place / "a", DIES, down="")
    for code, argv in (
        (1, ("pysv", "-w", "30", "start", "a")),
        (1, ("pysv", "-w", "30", "restart", "a")),
        (99, ("pysvwait", "-U", "-t", "2", "a")),
        (99, ("pysvwait", "-u", "-t", "2", "a")),
    ):
        result = run(*argv)
        if result.returncode != code:
            assert result.returncode == 0, result
            wait_until(lived_long)


def test_check_waits_too(run, supervised, place):
    """`pysv check` of what dies again and again is a failure."""
    supervised(OURS, place / "a", "sleep .3; exit 7")
    assert run("pysv", "-w", "30", "check", "a").returncode == 1


def test_how_often_it_failed(run, supervised, place):
    """All who show services say how it died, how often in a row, and when it is tried again."""
    supervised(OURS, place / "a", "exit 7", backoff="0.1 1 100 10 0", settle="1")
    status = wait_until(
        lambda: b"3 times" in (found := run("pysv", "status", "a").stdout) and found
    )
    assert b", exited 7, 3 times in a row, next try in 1 s" in status
    (place / "a/backoff").write_text("100 1 100 10 0\n")
    wait_until(lambda: b"next try in 100 s" in run("pysv", "ls", "a").stdout)
    for argv in (["pysv", "ls"], ["pysv", "top"], ["pysvstat", "-v", "a"], ["pysv", "status", "a"]):
        assert b"exited 7, " in (said := run(*argv).stdout), argv
        assert b" times in a row, next try in " in said, argv
    for argv in (["pysv", "ls", "-j"], ["pysv", "top", "-j"], ["pysvstat", "-j", "a"]):
        found = json.loads(run(*argv).stdout)
        assert found["failing"].startswith("exited 7, "), argv
    found = json.loads(run("pysv", "-j", "status", "a").stdout)
    assert found["failures"] >= 3
    assert found["nextstart"] > found["updownsince"]
    assert run("pysvc", "-d", "a").returncode == 0
    wait_until(lambda: b"exited" not in run("pysv", "ls", "a").stdout)


def test_a_success_is_no_failure(run, supervised, place):
    """A letter that starts it begins the count anew, and what runs for long has none."""
    supervised(OURS, place / "a", "[ -e good ] && exec sleep 1000; exit 7")
    wait_until(lambda: b"exited 7" in run("pysv", "ls", "a").stdout)
    (place / "a/good").touch()
    assert run("pysv", "-w", "30", "start", "a").returncode == 0
    assert b"exited 7" not in run("pysv", "ls", "a").stdout


def test_a_wrong_settle(run, supervised, place):
    """It counts as not there, and check-config says so."""
    supervised(OURS, place / "a", settle="soon")
    assert b"a/settle: it does not hold a number" in run("pysv", "check-config", "a").stdout


def test_a_stop_between_two_starts(run, supervised, place):
    """Kind: it was down for a moment, and said to be stopped before its supervisor had heard."""
    supervisor = supervised(OURS, place / "a", "exit 7", backoff="60 60")
    wait_until(lambda: b"waiting to start" in run("pysv", "status", "a").stdout)
    os.kill(supervisor.pid, signal.SIGSTOP)
    try:
        early = run("pysv", "-w", "1", "stop", "a")
        assert (early.returncode, early.stdout[:13]) == (1, b"timeout: down")
    finally:
        os.kill(supervisor.pid, signal.SIGCONT)
    done = run("pysv", "-w", "30", "stop", "a")
    assert (done.returncode, done.stdout[:9]) == (0, b"ok: down:")
    assert b"want up" not in done.stdout
