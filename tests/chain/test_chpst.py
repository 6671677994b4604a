"""pychpst: what chpst does, in one link of a chain; and what the other links have from it."""

import os
import shutil
from pathlib import Path

import pytest

NAME = 'tr "\\0" " " </proc/$$/cmdline'


@pytest.mark.needs_root
@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("nobody", "65534 65534 65534"),
        ("nobody:7:daemon", "65534 7 7 1"),
        ("4242:7:8", "4242 7 7 8"),
        (":4242:7:8", "4242 7 7 8"),
        (":0:5", "0 5 5"),
    ],
)
def test_account(run, account, expected):
    """An account is what pysetuidgid takes, and what chpst takes."""
    result = run("pychpst", "-u", account, "sh", "-c", "echo $(id -u) $(id -g) $(id -G)")
    assert (result.stdout.decode().split(), result.stderr) == (expected.split(), b"")


@pytest.mark.parametrize("account", ["4242:7:8", ":4242:7:8"])
def test_account_in_the_environment(run, account):
    """-U sets the first group."""
    result = run("pychpst", "-U", account, "sh", "-c", "echo $UID $GID")
    assert result.stdout == b"4242 7\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 100, "usage: pychpst "),
        (["-q", "true"], 100, "illegal option -- q"),
        (["-V", "true"], 100, "illegal option -- V"),
        (["-o", "5x", "true"], 100, "usage: pychpst "),
        (["-m", "-1", "true"], 100, "usage: pychpst "),
        (["-n", "", "true"], 100, "usage: pychpst "),
        (["-n", "--5", "true"], 100, "usage: pychpst "),
        (["-l", "a", "-L", "b", "true"], 100, "usage: pychpst "),
        (["-u", "no-such-account", "true"], 111, "fatal: unknown account no-such-account"),
        (["-u", "root:no-such-group", "true"], 111, "fatal: unknown group no-such-group"),
        (["-u", ":1", "true"], 111, "fatal: invalid uid/gids: 1"),
        (["-e", "d", "true"], 111, "fatal: unable to switch to directory: d: file does not exist"),
        (["-C", "d", "true"], 111, "fatal: unable to change directory: d: file does not exist"),
        (["-/", "d", "true"], 111, "fatal: unable to change directory: d: file does not exist"),
        (["-L", "d/l", "true"], 111, "fatal: unable to open lock: d/l: file does not exist"),
        (["-b", "x", "nonesuch"], 111, "fatal: unable to run nonesuch: file does not exist"),
    ],
    ids=str,
)
def test_errors(run, words, code, said):
    """What is wrong is said in the one grammar of errors, under its own name."""
    result = run("pychpst", *words)
    assert (result.returncode, result.stdout) == (code, b"")
    assert result.stderr.decode().startswith(f"pychpst: {said}")
    assert b"Traceback" not in result.stderr


def test_says_what_would_help(run):
    """A wrong number has the second line that pysoftlimit has."""
    result = run("pychpst", "-o", "x", "true")
    assert result.stderr.splitlines()[-1] == (
        b"pychpst: -o takes a number, or = for the hard limit, not x"
    )


def test_sizes(run):
    """Limits may have a unit; = is the hard limit."""
    script = "ulimit -Sc; ulimit -So; ulimit -Ho"
    result = run("pychpst", "-c", "2m", "-o", "=", "bash", "-c", script.replace("o", "n"))
    core, soft, hard = result.stdout.split()
    assert (core, soft) == (b"2048", hard)


def test_directory(run, place):
    """-C changes the directory before the lock is taken, after the environment was read."""
    (place / "d").mkdir()
    (place / "env").mkdir()
    (place / "env/A").write_text("v")
    result = run("pychpst", "-C", "d", "-e", "env", "-l", "l", "sh", "-c", "pwd; echo $A")
    assert result.stdout.decode() == f"{place}/d\nv\n"
    assert os.listdir(place / "d") == ["l"]


@pytest.mark.parametrize("name", ["other", "-sh", ""])
def test_argv0(run, name):
    """-b is the name of the program at the end, through no more than one link."""
    result = run("pychpst", "-b", name, "sh", "-c", NAME)
    assert result.stdout.decode() == f"{name} -c {NAME} "
    result = run("pychpst", "-b", name, "pypgrphack", "sh", "-c", NAME)
    assert result.stdout.decode() == f"sh -c {NAME} "


@pytest.mark.needs_root
@pytest.mark.parametrize("name", ["other", ""])
def test_argv0_and_memory_and_account(run, name):
    """All at once, where the account may not read the library of the interpreter."""
    words = ("-u", "nobody", "-b", name, "-m", "500m", "-o", "99")
    result = run("pychpst", *words, "sh", "-c", NAME + "; ulimit -n; ulimit -v")
    assert result.stdout.decode().split()[-2:] == ["99", "512000"]
    assert result.stdout.decode().startswith(f"{name} -c ")


def test_one_start(run, counted):
    """A chain of it, and of the originals' names, is one start of an interpreter."""
    made, starts = counted
    words = ["pychpst", "-P", "pychpst", "-n", "1", "pysetlock", "l", "pychpst", "-o", "99"]
    result = run(*words, "sh", "-c", "ulimit -n", path=f"{made}/bin:/usr/bin:/bin")
    assert (result.stdout, result.stderr, starts()) == (b"99\n", b"", 1)


def test_one_start_by_the_originals_names(run, place, python):
    """A chain of chpst by any of its names is one process image: nothing is exec'ed between."""
    assert run(*python, "originals", "o", "--suite", "runit").returncode == 0
    (place / "o/other").symlink_to("chpst")
    (place / "o/dsetlock").symlink_to("chpst")
    words = ["chpst", "-n", "1", "setlock", "l", "other", "-o", "99", "dsetlock", "m", "softlimit"]
    # A variable that a second start would lose: Python's own, and not in the environment.
    probe = ("-c", "5", "sh", "-c", "ulimit -n; ulimit -c")
    trace = ("strace", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-z", "-o", "trace")
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    result = run(*trace, *words, *probe, path=f"{place}/o:/usr/bin:/bin")
    assert (result.returncode, result.stdout.split()[0]) == (0, b"99"), result.stderr
    started = (place / "trace").read_text().count("execve(")
    assert started == 2, "the interpreter, and sh"


@pytest.mark.needs_root
def test_our_links_in_another_root(run, place):
    """Kind: what follows in a chain is looked for where this installation is not."""
    (place / "r").mkdir()
    (place / "r/d").mkdir()
    (place / "r/d/A").write_text("within")
    words = ["pyenvdir", "d", "pysetlock", "l", "pychpst", "-u", ":5:6", "pysoftlimit", "-c0"]
    result = run("pychpst", "-/", "r", *words, "/nonesuch")
    assert result.returncode == 111
    assert result.stderr == b"pysoftlimit: fatal: unable to run /nonesuch: file does not exist\n"
    assert sorted(os.listdir(place / "r")) == ["d", "l"]


@pytest.mark.needs_root
@pytest.mark.parametrize("name", ["nobody", "nobody:daemon", "1:daemon"])
def test_no_accounts_in_another_root(run, place, name):
    """A root has the accounts that its own files have."""
    (place / "r").mkdir()
    result = run("pychpst", "-/", "r", "-u", name, "/true")
    assert result.returncode == 111
    assert result.stderr.startswith(b"pychpst: fatal: unknown ")
    assert b"Traceback" not in result.stderr


@pytest.mark.needs_root
def test_a_program_where_the_account_may_not_look(run, place, script, scripts):
    """Kind: an error is told, and not that it is a directory that is closed to the account."""
    (place / "x/y").mkdir(parents=True)
    script(place / "x/y/p", "#!/bin/sh\n")
    (place / "x").chmod(0o700)
    said = f"{place}/x belongs to root, group root, mode 0700; this is nobody\n"
    for words in ("p",), (place / "x/y/p",):
        path = f"{scripts}:/usr/bin:/bin:{place}/x/y"
        result = run("pychpst", "-u", "nobody", *words, path=path)
        assert result.returncode == 111
        assert result.stderr.decode().endswith(f": access denied\npychpst: {said}")


@pytest.mark.needs_root
@pytest.mark.parametrize("words", [("pychpst", "-u"), ("pysetuidgid",)])
def test_a_root_that_may_not(run, words):
    """Kind: root is told that it is no root. It may have been deprived of the power."""
    result = run("setpriv", "--bounding-set=-setgid", *words, "nobody", "true")
    assert result.returncode == 111
    assert result.stderr.splitlines()[1].partition(b": ")[2].startswith(b"this root may not: ")


def test_a_lock_is_waited_for(start, run, until):
    """-l waits, -L does not."""
    holder = start("pychpst", "-L", "l", "sh", "-c", "echo held; read x")
    assert holder.stdout.readline() == b"held\n"
    refused = run("pychpst", "-L", "l", "true")
    assert refused.returncode == 111
    assert refused.stderr.startswith(b"pychpst: fatal: unable to lock: l: temporary failure\n")
    waiter = start("pychpst", "-l", "l", "echo", "mine")
    name = Path(f"/proc/{waiter.pid}/cmdline")
    until(lambda: name.read_bytes().startswith(b"pychpst"))
    holder.communicate(b"\n")
    assert waiter.communicate()[0] == b"mine\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pychpst -n 1 -P", "ok"),
        ("pychpst -q", "illegal option -- q; usage: pychpst "),
        ("pychpst -e nonesuch", "unable to switch to directory: nonesuch: file does not exist"),
        ("pychpst -u nonesuch", "unknown account nonesuch"),
        ("pychpst -L no/l", "unable to open no/l: there is no directory no"),
    ],
)
def test_check(run, place, line, said):
    """The check of a script knows it."""
    (place / "web").write_text(line + "\ntrue\n")
    verdict = run("pychain", "--check", "web").stdout.decode().splitlines()[0]
    assert verdict.startswith(f"web:1: {line}: {said}")
    assert not (place / "l").exists()


def test_check_sets_what_it_would_set(run, place):
    """What -e and -U set is set for the lines below."""
    (place / "env").mkdir()
    (place / "env/A").write_text("v")
    (place / "web").write_text("pychpst -e env -U root\necho $A $UID\n")
    assert b"warning" not in run("pychain", "--check", "web").stdout
