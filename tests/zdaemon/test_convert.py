"""pyzdaemon convert: service directories that do the same under pysupervise."""

import os

import pytest

from pydaemontools.zdaemon.convert import _window


@pytest.fixture
def converted(typed, start, until):
    """Convert `conf`, and supervise what comes out of it; gives the directory."""
    started = []

    def converted(name, *, supervised=True):
        code, said, error = typed("convert", "conf", "service")
        assert code == 0
        directory = typed.place / "service" / name
        assert str(directory) in said.splitlines()
        if supervised:
            started.append(start("pysupervise", directory, env=typed.env))
            until((directory / "supervise/ok").exists)
        return directory, error

    yield converted
    for one in started:
        one.terminate()
        one.wait(20)


def status(typed, directory):
    """What pysv says of DIRECTORY."""
    return typed("status", directory, tool="pysv")[1]


def test_it_does_the_same(typed, converted, until):
    """ZD-43. Directory, umask, variables, words and transcript are those of the file."""
    typed.file("prog", 'pwd; umask; echo "$NAME"; echo "$1"; exec sleep 100\n')
    typed.conf(
        "<environment>\nNAME  some  value\n</environment>",
        program=f"sh {typed.place}/prog a'b",
        directory=f"{typed.place}/there",
        umask="027",
        transcript=f"{typed.place}/log",
    )
    (typed.place / "there").mkdir()
    directory, _ = converted("sh")
    log = typed.place / "log"
    until(lambda: log.read_text() == f"{typed.place}/there\n0027\nsome  value\na'b\n")
    assert status(typed, directory).startswith("run: ")
    assert typed("check-config", directory, tool="pysv")[0] == 0
    assert typed("-w", "20", "stop", directory, tool="pysv")[0] == 0
    assert status(typed, directory).startswith("down: ")


@pytest.mark.parametrize("how", ["alarm", "restart"])
def test_the_transcript_is_opened_anew(typed, converted, until, how):
    """Kind: a line that a logger had read, and not yet written, when it was told to end."""
    typed.file("prog", "n=0; while :; do n=$((n+1)); echo $n; done\n")
    typed.conf(program=f"sh {typed.place}/prog", transcript=f"{typed.place}/log")
    directory, _ = converted("sh")
    log = typed.place / "log"
    old = [typed.place / f"log.{number}" for number in range(3)]
    for path in old:
        until(lambda: log.stat().st_size)
        log.rename(path)
        assert typed("-w", "20", how, directory / "log", tool="pysv")[0] == 0
        until(log.exists)
    assert typed("-w", "20", "stop", directory, tool="pysv")[0] == 0
    until(lambda: status(typed, directory / "log").startswith("run: "))
    # Its last lines are written by now, or soon.
    typed("-w", "20", "stop", directory / "log", tool="pysv")
    numbers = [int(line) for file in (*old, log) for line in file.read_text().split()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_size(typed, converted, until):
    """`transcript-size` and `transcript-keep` hold for the file there, too."""
    typed.file("prog", "n=0; while :; do n=$((n+1)); echo $n; done\n")
    typed.conf(
        program=f"sh {typed.place}/prog",
        transcript=f"{typed.place}/log",
        transcript_size="10000",
        transcript_keep="1",
    )
    converted("sh")
    until((typed.place / "log.1").exists)


@pytest.mark.parametrize("words", [[], ["log", "many"], ["log", "1", "2", "3"]])
def test_append_wrong(typed, words):
    """It takes a file, a size and a number."""
    code, said, error = typed("append", *words)
    assert (code, said) == (2, "")
    assert error.startswith("Error: append takes a file")


@pytest.mark.parametrize("code", [0, 2])
def test_exit_codes_end_it(typed, converted, until, code):
    """An exit code of the list is the end, also with forever."""
    typed.conf(program=f"sh -c exit\t{code}", forever="on", exit_codes="0,2")
    typed.file("prog", f"exit {code}\n")
    typed.conf(program=f"sh {typed.place}/prog", forever="on", exit_codes="0,2")
    directory, _ = converted("sh")
    until(lambda: "state failed" in (directory / "supervise/state").read_text())


def test_it_is_given_up(typed, converted, until):
    """After backoff-limit runs that end at once it is not started again."""
    typed.file("prog", f"echo run >>{typed.place}/runs\nexit 1\n")
    typed.conf(program=f"sh {typed.place}/prog", backoff_limit="3")
    directory, error = converted("sh")
    until(lambda: "state failed" in (directory / "supervise/state").read_text())
    assert (typed.place / "runs").read_text() == "run\n" * 3
    assert "waits between short runs are doubled" in error


def test_it_is_not_given_up(typed, converted):
    """With forever nothing says when to give up."""
    typed.conf(program="false", forever="on", backoff_limit="3", exit_codes="")
    directory, _ = converted("false", supervised=False)
    there = set(os.listdir(directory))
    assert not there & {"max-death-tally", "exit-codes", "log"}
    assert (directory / "backoff").read_text() == "1 2 3 3 0\n"


def test_stop_timeout(typed, converted, until):
    """What ignores TERM is killed after stop-timeout."""
    typed.file("prog", f"trap '' TERM; : >{typed.place}/up; while :; do sleep 0.1; done\n")
    typed.conf(program=f"sh {typed.place}/prog", stop_timeout="1")
    directory, _ = converted("sh")
    until((typed.place / "up").exists)
    assert (directory / "timeout-kill").read_text() == "1000\n"
    assert typed("-w", "20", "stop", directory, tool="pysv")[0] == 0


def test_a_start_test(typed, converted, until):
    """The start test is what says that it is ready."""
    typed.conf(program="sleep 100", start_test_program=f"test -e {typed.place}/x")
    directory, _ = converted("sleep")
    until(lambda: "ready 0" in (directory / "supervise/state").read_text())
    typed.file("x", "")
    until(lambda: "ready 1" in (directory / "supervise/state").read_text())


def test_several_runners_and_their_keys(typed, converted):
    """Each runner is a directory of its name; keys of ours have their files."""
    typed.file(
        "conf",
        "<runner web>\nprogram sleep 100\nstart-notify on\nstart-delay 2\nsocket-group daemon\n"
        "transcript logs/\n</runner>\n"
        "<runner mail>\nprogram sleep 100\ntranscript journald:\ntranscript-size 1MB\n"
        "user nobody\ngroup daemon\n</runner>\n<eventlog>\n</eventlog>\n",
    )
    web, error = converted("web", supervised=False)
    mail = web.parent / "mail"
    assert (web / "ready").read_text() == "notify\n"
    assert (web / "settle").read_text() == "2\n"
    assert (web / "control-group").read_text() == "daemon\n"
    assert f"pysissylog --to {typed.place}/logs/ web\n" in (web / "log/run").read_text()
    assert "pysissylog --to journald: mail\n" in (mail / "log/run").read_text()
    assert "\npysetuidgid -s nobody:daemon\n" in (mail / "run").read_text()
    assert error.count("<eventlog> is left out") == 2
    assert "transcript-size is left out" in error


@pytest.mark.needs_root
def test_user(typed, converted, until):
    """With `user` it is that account's, with its groups."""
    typed.file("prog", "id -u; id -G; exec sleep 100\n").chmod(0o644)
    typed.conf(program=f"sh {typed.place}/prog", user="nobody", transcript=f"{typed.place}/log")
    converted("sh")
    until(lambda: (typed.place / "log").read_text() == "65534\n65534\n")


@pytest.mark.parametrize("words", [["convert"], ["convert", "conf"], ["convert", "a", "b", "c"]])
def test_wrong_usage(typed, words):
    """It takes a file and a directory."""
    code, said, error = typed(*words)
    assert (code, said) == (2, "")
    assert error.startswith("Error: convert takes a file and a directory")


def test_nothing_is_overwritten(typed, converted):
    """A directory that is there already is an error, and stays as it is."""
    typed.conf(program="sleep 100")
    directory, _ = converted("sleep", supervised=False)
    code, _, error = typed("convert", "conf", "service")
    assert code == 1
    assert f"unable to make {directory}: file already exists" in error
    assert typed("convert", "nosuch", "service")[0] == 2


@pytest.mark.parametrize(
    ("directory", "why"),
    [("conf", "file already exists"), ("conf/in", "not a directory"), ("/proc/no/place", "")],
)
def test_a_place_that_cannot_be(typed, directory, why):
    """Kind: a DIR that cannot be made is one line, and no traceback."""
    typed.conf(program="sleep 100")
    code, said, error = typed("convert", "conf", directory)
    assert (code, said) == (1, "")
    path = os.path.join(typed.place, directory)
    assert error.startswith(f"pyzdaemon: fatal: unable to make {path}: {why}")
    assert error.count("\n") == 1


def test_a_variable_that_is_no_file(typed):
    """Kind: a name that cannot be one in a directory."""
    typed.conf("<environment>\na/b c\n</environment>", program="sleep 100")
    code, _, error = typed("convert", "conf", "service")
    assert code == 1
    assert "unable to make a file of the variable a/b" in error
    assert os.listdir(typed.place / "service") == []


@pytest.mark.parametrize("limit", range(1, 60))
def test_runs_that_are_not_short_are_never_given_up(limit):
    """So many deaths fit into the time only if runs are shorter than backoff-limit."""
    waits = sum(min(1 << at, limit) for at in range(limit - 1))
    assert waits < _window(limit) <= limit * limit
