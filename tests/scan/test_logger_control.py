"""pysv and a logger that has no directory: the file `logger`."""

import json

import pytest

from tests.conftest import wait_until
from tests.supervise.conftest import supervise  # noqa: F401 - a fixture

LOOP = ("sh", "-c", "while :; do echo a line; sleep 0.02; done")


@pytest.fixture
def pysv(run, supervise, place):  # noqa: F811
    """Have `pysv new` make services with loggers in `sv`, and a pysvscan there; run pysv on it."""

    def run_pysv(*words):
        return run("pysv", *words, env={"SVDIR": str(place / "sv")})

    (place / "sv").mkdir()
    run_pysv.make = lambda name, *words, text="pymultilog t s1m n10 ./main": run_pysv(
        "new", "--logger", text, name, "--", *(words or LOOP)
    )

    def begin():
        scanner = supervise("sv", command=("pysvscan",))
        wait_until((place / "sv/.pysvscan/control").exists)
        return scanner

    run_pysv.begin = begin
    return run_pysv


def lines(place, name="web", log="main"):
    """What is in the log of the service NAME."""
    try:
        return (place / "sv" / name / log / "current").read_bytes().splitlines()
    except FileNotFoundError:
        return []


def test_it_is_shown(pysv, place):
    """status, ls, top and logs know it: how it is, its process, what it has."""
    assert pysv.make("web").returncode == 0
    assert (place / "sv/web/logger").read_text() == "pymultilog t s1m n10 ./main\n"
    assert not (place / "sv/web/log").exists()
    scanner = pysv.begin()
    wait_until(lambda: len(lines(place)) > 3)
    pid = (place / "sv/.pysvscan/loggers").read_bytes().split()[0]
    wait_until(lambda: b"; run: logger: (pid " + pid + b")\n" in pysv("status", "web").stdout)
    assert pysv("ls", "web").stdout.splitlines()[1].split()[5] == b"run"
    record = json.loads(pysv("ls", "-j", "web").stdout)
    assert record["logger"] == {"state": "run", "pid": int(pid)}
    assert "log" not in record
    assert pysv("logs", "-n", "1", "web").stdout.endswith(b" a line\n")
    first, second = pysv("top", "-j", "-n", "2", "-i", "0.5", "web").stdout.splitlines()
    assert json.loads(first)["lines"] is None
    record = json.loads(second)
    assert record["log"] == "a line"
    assert 1 < record["lines"] < 200
    assert record["bytes"] > record["lines"]
    assert scanner.stop() == 0


def test_one_that_cannot_begin_is_shown_as_such(pysv, place):
    """It waits for its next start."""
    pysv.make("web")
    (place / "sv/web/logger").write_text("nosuchprogram\n")
    pysv.begin()
    said = b"; down: logger, waiting to start\n"
    wait_until(lambda: said in pysv("status", "web").stdout)
    assert pysv("ls", "web").stdout.splitlines()[1].split()[5] == b"wait"


def test_a_log_of_another_name_is_found(pysv):
    """The words of the file say where it is, for both tools."""
    texts = {
        "one": "pymultilog t ./lines",
        "two": "pysissylog --keep 2d --to ./lines/",
        "three": "pysissylog --to=./lines/",
        "four": "pymultilog ./log",
    }
    for name, text in texts.items():
        pysv.make(name, text=text)
    pysv.begin()
    for name in texts:
        wait_until(lambda n=name: pysv("logs", "-n", "1", n).stdout.endswith(b"a line\n"))
    status = pysv("status", "four").stdout
    assert b"; run: logger: (pid " in status
    assert status.count(b"\n") == 1


WRONG = {
    "nosuchprogram\n": b"web/logger: unable to run nosuchprogram: file does not exist",
    "pymultilog q ./main\n": b"web/logger: usage: pymultilog action ...",
    "pysissylog --nope\n": b"web/logger: ",
    "pysetuidgid nosuchaccount pymultilog ./main\n": b"web/logger: unknown account nosuchaccount",
    "#!/bin/sh\nexec cat\n": b"web/logger: it holds a script, and not a command line",
    "'\n": b"web/logger: line 1: ",
    "": b"web/logger: no line of it holds a command",
}


@pytest.mark.parametrize("text", WRONG)
def test_check_config_says_what_is_wrong(pysv, place, text):
    """In the words of whoever would say it later."""
    pysv.make("web")
    assert pysv("check-config", "web").returncode == 0
    (place / "sv/web/logger").write_text(text)
    result = pysv("check-config", "web")
    assert result.returncode == 1
    assert result.stdout.startswith(WRONG[text])
    assert len(result.stdout.splitlines()) == 1


def test_check_config_says_that_log_is_used(pysv, place):
    """Where there are both."""
    pysv("new", "web", "--", *LOOP)
    (place / "sv/web/logger").write_text("pymultilog ./main\n")
    said = b"web/logger: it is not used: there is log/, which is\n"
    assert pysv("check-config", "web").stdout == said


def test_new_refuses_what_could_not_be(pysv):
    """A program that is not there; for the originals."""
    result = pysv.make("web", text="nosuchprogram")
    assert (result.returncode, result.stdout) == (111, b"")
    assert b"unable to run nosuchprogram" in result.stderr
    result = pysv("new", "-c", "--logger", "pymultilog ./main", "web", "--", *LOOP)
    assert result.returncode == 100


def test_add_and_remove(pysv, place):
    """Its log is kept, and is its own again; --purge removes it."""
    pysv.begin()
    command = ("--logger", "pymultilog ./main", "web", "--", *LOOP)
    assert pysv("add", *command).returncode == 0
    wait_until(lambda: lines(place))
    result = pysv("remove", "web")
    assert result.returncode == 0, result.stdout
    assert b"its log is kept in " in result.stdout
    assert sorted(path.name for path in (place / "sv/.web").iterdir()) == [".pysv", "main"]
    assert pysv("logs", "-n", "1", "web").stdout == b"a line\n"
    before = len(lines(place, ".web"))
    assert pysv("add", *command).returncode == 0
    assert not (place / "sv/.web").exists()
    wait_until(lambda: len(lines(place)) > before)
    assert pysv("remove", "--purge", "web").returncode == 0
    assert not any((place / "sv").glob("*web*"))


def test_an_instance_has_a_log_of_its_own(pysv, place):
    """The file is the template's, the log is not."""
    pysv.make("web@", text="pymultilog +* ./main")
    pysv.begin()
    for name in "web@1", "web@2":
        assert pysv("add", name).returncode == 0
        wait_until(lambda n=name: lines(place, n))
        assert (place / "sv" / name / "logger").is_symlink()
        assert not (place / "sv" / name / "main").is_symlink()
    assert lines(place, "web@") == []
    assert pysv("remove", "--purge", "web@1").returncode == 0
