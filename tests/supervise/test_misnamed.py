"""What a person may call pysupervise with that it cannot keep: cause and remedy in a sentence."""

import pytest

from pydaemontools.supervise.settings import SettingsReader
from tests.conftest import wait_until, write_script

from .conftest import NOTE_IN, make_service

LONG = "/run/" + "x" * 103  # a byte more than a socket's address has room for


@pytest.fixture
def five(place):
    """A directory with five services."""
    for name in "abcde":
        (place / "five").mkdir(exist_ok=True)
        make_service(place / "five" / name, {"run": NOTE_IN})
    return place / "five"


def tree(directory):
    """All names in DIRECTORY."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_several_directories(run, five):
    """The kind: more than one pysupervise could keep; nothing is made in any of them."""
    before = tree(five)
    names = [f"five/{name}" for name in "abcde"]
    result = run("pysupervise", *names)
    assert result.returncode == 100
    assert result.stderr.splitlines()[1:] == [
        (
            b"pysupervise: these are 5 directories, and one pysupervise keeps one: "
            b"`pysvscan` keeps all that are below a directory"
        )
    ]
    assert tree(five) == before


def test_words_behind_a_directory(run, five):
    """The program is the run of the directory, and nothing else."""
    result = run("pysupervise", "five/a", "sleep", "5")
    assert result.returncode == 100
    assert b"five/a is a directory, and takes no words behind it" in result.stderr
    assert not (five / "a/supervise").exists()


def test_a_directory_that_holds_services(run, five):
    """It ends at once, names some of them, and has made nothing."""
    before = tree(five)
    result = run("pysupervise", "five")
    assert (result.returncode, result.stderr) == (
        111,
        (
            b"pysupervise: fatal: five is not a service directory: it holds no run\n"
            b"pysupervise: five/a, five/b, five/c and 2 more are some: "
            b"`pysvscan five` keeps all of them\n"
        ),
    )
    assert tree(five) == before


def test_a_directory_with_nothing_to_run(run, place):
    """What makes one is said."""
    (place / "empty").mkdir()
    result = run("pysupervise", "./empty/")
    assert (result.returncode, result.stderr) == (
        111,
        (
            b"pysupervise: fatal: ./empty is not a service directory: it holds no run\n"
            b"pysupervise: `pysv new` makes a service directory for a command\n"
        ),
    )
    assert tree(place / "empty") == []


def test_where_a_supervisor_was_a_run_may_come_later(serve, script):
    """What it left may have to be adopted, so only the run is waited for."""
    kept = serve({"supervise/x": "", "down-signal": "TERM\n"})
    wait_until(lambda: "unable to start s/run: file does not exist" in kept.supervisor.err())
    script(kept.path / "run", NOTE_IN)
    kept.up()


def test_the_originals_make_supervise_anywhere(originals, start, place):
    """As daemontools' supervise does: it waits for a run."""
    (place / "empty").mkdir()
    start(originals / "supervise", "empty")
    wait_until((place / "empty/supervise/ok").exists)


def test_a_run_that_is_not_executable(serve):
    """The remedy is said, and does it: it comes up when it may be run."""
    kept = serve({"run": "exec sleep 1000\n"})
    wanted = (
        "pysupervise: fatal: unable to start s/run: access denied\n"
        "pysupervise: s/run is not executable: `chmod +x s/run` makes it so\n"
    )
    wait_until(lambda: wanted in kept.supervisor.err())
    write_script(kept.path / "run", NOTE_IN)
    (kept.path / "run").chmod(0o755)
    kept.up()


def test_a_run_that_is_a_directory(serve):
    """It is said that it is one."""
    kept = serve({"run/x": "", "y": ""})
    wanted = "pysupervise: s/run is a directory, and not a program\n"
    wait_until(lambda: wanted in kept.supervisor.err())


@pytest.mark.parametrize("argv", [["pysetlock", "x.lock"], ["pysupervise"], ["pychain", "-c"]])
def test_a_program_that_is_not_executable(run, place, argv):
    """The kind: each tool that becomes or starts a program says so."""
    (place / "server").write_text("#!/bin/sh\n")
    result = run(*argv, "./server")
    assert result.returncode == 111
    assert b": ./server is not executable: `chmod +x ./server` makes it so\n" in result.stderr


READY = {
    "log error: (": "a regular expression behind log (missing ), unterminated subpattern",
    f"unix {LONG}": "a path of at most 107 bytes behind unix, but 108",
    "tcp localhost:80": "tcp [ADDRESS:]PORT, the address in numbers",
    "http localhost": "http[s]://HOST[:PORT][/PATH] behind http",
    "smtp": "notify, check, log PATTERN, tcp",
}


@pytest.mark.parametrize("line", READY)
def test_a_line_of_ready_that_is_wrong(place, line):
    """What is wrong with just this line is said, and the line with it."""
    (place / "ready").write_text(f"{line}\n")
    reader = SettingsReader(str(place).encode())
    assert reader.rules().ways == ()
    (problem,) = reader.problems
    assert problem.startswith(f"ready does not hold {READY[line]}".encode())
    assert problem.endswith(f": {line}".encode())


def test_a_wrong_ready_is_told_by_who_reads_it(serve, run):
    """By pysupervise once, and by check-config."""
    kept = serve({"run": NOTE_IN, "ready": "log (\n"})
    text = "ready does not hold a regular expression behind log (missing )"
    wait_until(lambda: f"pysupervise: warning: s/{text}" in kept.supervisor.err())
    assert b"s/ready: it does not hold a reg" in run("pysv", "check-config", "./s").stdout


def test_the_longest_path_of_a_socket(place):
    """That one is right."""
    (place / "ready").write_text(f"unix {LONG[:-1]}\n")
    reader = SettingsReader(str(place).encode())
    assert [way for way, _ in reader.rules().ways] == [b"unix"]
    assert reader.problems == []
