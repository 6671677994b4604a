"""pysetlock: -t and -r, who holds the lock, and how one who waits is ended."""

import os
import signal
import time
from pathlib import Path

import pytest


@pytest.fixture
def hold(start):
    """Have a process hold the lock; give it when it does."""

    def hold(*command):
        process = start(*command, "l", "sh", "-c", "echo held; exec sleep 1000")
        assert process.stdout.readline() == b"held\n"
        return process

    return hold


@pytest.fixture
def waiting(start, until):
    """Start a command that waits for a lock; give it when it waits."""

    def waiting(*command, **more):
        process = start(*command, **more)
        until(lambda: any(f" {process.pid} " in line for line in blocked()))
        return process

    return waiting


def blocked():
    """The lines of those who wait for a lock."""
    return [line for line in Path("/proc/locks").read_text().splitlines() if "-> FLOCK" in line]


def test_runs_under_the_lock(run):
    """The program has the lock while it runs, and no longer."""
    inner = "pysetlock -n l echo no"
    result = run("pysetlock", "l", "sh", "-c", inner)
    assert result.returncode == 111
    assert b"pysetlock: fatal: unable to lock l: temporary failure\n" in result.stderr
    assert run("pysetlock", "-n", "l", "echo", "yes").stdout == b"yes\n"


def test_names_the_holder(run, hold):
    """Who could not have the lock is told which process has it."""
    holder = hold("pysetlock")
    result = run("pysetlock", "-n", "l", "true")
    assert result.returncode == 111
    assert result.stderr.decode() == (
        "pysetlock: fatal: unable to lock l: temporary failure\n"
        f"pysetlock: l is held by process {holder.pid}: sleep 1000\n"
    )


def test_names_a_holder_that_has_ended(run, start):
    """Where a child inherited the lock, the process that took it is no longer there."""
    taker = start("pysetlock", "l", "sh", "-c", "sleep 1000 & echo $!")
    child = int(taker.stdout.readline())
    taker.wait()
    result = run("pysetlock", "-n", "l", "true")
    os.kill(child, signal.SIGKILL)
    assert result.stderr.decode().splitlines()[1:] == [
        f"pysetlock: l is held by process {taker.pid}, which has ended and left it to a child"
    ]


def test_keeps_out_the_original(run, hold, needs):
    """The C setlock cannot have what ours holds."""
    original = needs("setlock")
    hold("pysetlock")
    result = run(original, "-n", "l", "true")
    assert result.stderr == b"setlock: fatal: unable to lock l: temporary failure\n"


def test_is_kept_out_by_the_original(run, hold, needs):
    """Ours cannot have what the C setlock holds."""
    hold(needs("setlock"))
    assert run("pysetlock", "-n", "l", "true").returncode == 111


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [("-r", "-r", 0), ("-r", "-n", 111), ("-n", "-r", 111)],
    ids=["two shared locks", "a shared, then an exclusive", "an exclusive, then a shared"],
)
def test_shared(run, hold, first, second, code):
    """Shared locks go together, and with no exclusive one."""
    hold("pysetlock", first)
    assert run("pysetlock", "-n", second, "l", "true").returncode == code


def test_gives_up(run, hold):
    """With -t it waits that long and then fails as -n does."""
    hold("pysetlock")
    before = time.monotonic()
    result = run("pysetlock", "-t", "0.2", "l", "echo", "no")
    assert time.monotonic() - before >= 0.2
    assert (result.returncode, result.stdout) == (111, b"")
    assert b"pysetlock: fatal: unable to lock l: temporary failure\n" in result.stderr


@pytest.mark.parametrize("seconds", ["0", "0.0", ".0", "00."])
def test_gives_up_at_once(run, hold, seconds):
    """No seconds are no seconds."""
    hold("pysetlock")
    assert run("pysetlock", "-t", seconds, "l", "true").returncode == 111


@pytest.mark.parametrize("options", [["-nt1000"], ["-t1000", "-n"]])
def test_n_before_t(run, hold, options):
    """With -n there is no waiting, whatever -t says."""
    hold("pysetlock")
    assert run("pysetlock", *options, "l", "true").returncode == 111


def test_gives_up_quietly(run, hold):
    """-x holds for -t too."""
    hold("pysetlock")
    result = run("pysetlock", "-xt0.01", "l", "echo", "no")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


@pytest.mark.parametrize("seconds", ["1000", "99999999999", "9" * 400])
def test_gets_the_lock_in_time(hold, waiting, seconds):
    """A lock that becomes free within the time is taken, however long that may be."""
    holder = hold("pysetlock")
    process = waiting("pysetlock", "-t", seconds, "l", "echo", "got it")
    holder.kill()
    assert process.communicate()[0] == b"got it\n"
    assert process.returncode == 0


def test_leaves_no_alarm(hold, waiting):
    """The program has SIGALRM as it was before the wait: blocked here, and not ignored."""
    holder = hold("pysetlock")
    show = ["grep", "Sig[BI]", "/proc/self/status"]
    process = waiting("env", "--block-signal=ALRM", "pysetlock", "-t1000", "l", *show)
    holder.kill()
    masks = [int(line.split()[1], 16) for line in process.communicate()[0].splitlines()]
    assert masks == [1 << signal.SIGALRM - 1, 0]


@pytest.mark.parametrize("options", [[], ["-t1000"], ["-x"]], ids=["waiting", "-t", "-x"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_wait(hold, waiting, signum, options):
    """One who waits is ended by the signal itself, without a word."""
    hold("pysetlock")
    process = waiting("pysetlock", *options, "l", "echo", "no")
    process.send_signal(signum)
    assert process.communicate() == (b"", b"")
    assert process.returncode == -signum


def test_a_blocked_alarm_does_not_matter(run, hold):
    """-t works where SIGALRM was blocked or ignored."""
    hold("pysetlock")
    for option in ("--block-signal=ALRM", "--ignore-signal=ALRM"):
        assert run("env", option, "pysetlock", "-t0.01", "l", "true").returncode == 111


@pytest.mark.parametrize("seconds", ["", "x", "-1", "1s", "1e3", ".", "1.2.3", "+1", "inf"])
def test_no_number(run, place, seconds):
    """What is no number of seconds is wrong usage, and nothing is locked."""
    result = run("pysetlock", "-t", seconds, "l", "true")
    assert result.returncode == 100
    hint = f"pysetlock: -t takes a number of seconds, not {seconds or 'nothing'}\n"
    assert result.stderr.decode().endswith(hint)
    assert not (place / "l").exists()


def test_x_without_a_directory(run):
    """-x is quiet where the file cannot be opened."""
    result = run("pysetlock", "-x", "d/l", "true")
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.needs_root
@pytest.mark.parametrize("name", ["pysetlock", "setlock"])
def test_a_link_of_another_account(run, place, originals, name):
    """Kind: a file of ours is made by a name in a directory of others, /tmp say."""
    command = originals / name if name == "setlock" else name
    (place / "lock").symlink_to("made")
    os.lchown(place / "lock", 65534, 65534)
    result = run(command, "lock", "echo", "no")
    assert (result.returncode, result.stdout) == (111, b"")
    assert b"unable to open lock: a symbolic link of another account" in result.stderr
    assert not (place / "made").exists()
    os.lchown(place / "lock", 0, 0)
    assert run(command, "lock", "echo", "yes").stdout == b"yes\n"
    assert (place / "made").exists()
