"""Where a service is looked for by its name: what was meant is found, or it is said where not."""

import os
import re

import pytest

from tests.conftest import wait_until

from .conftest import status

ELSEWHERE = {"SVDIR": "/nonesuch"}
HERE_FIRST = {
    "pysvstat": ["pysvstat"],
    "pysvok": ["pysvok"],
    "pysvc": ["pysvc", "-u"],
    "pysvwait": ["pysvwait", "-t", "0", "-d"],
}
BELOW_FIRST = {
    "status": ["pysv", "status"],
    "start": ["pysv", "-w0", "start"],
    "ls": ["pysv", "ls"],
    "history": ["pysv", "history"],
    "logs": ["pysv", "logs"],
}
ANY = pytest.mark.parametrize(
    "argv", [*HERE_FIRST.values(), *BELOW_FIRST.values()], ids=[*HERE_FIRST, *BELOW_FIRST]
)


def said(result):
    """All that was printed."""
    return result.stdout + result.stderr


@pytest.fixture
def two(fakes, place):
    """A service a in SVDIR that is up, and one here that is down; here is place/here."""
    fakes("a", status(4711))
    (place / "here").mkdir()
    fakes("here/a", status(want=b"d"))
    return place / "here"


@ANY
def test_beside_us_while_svdir_is_elsewhere(run, fakes, place, argv):
    """The kind: a service that is in the other place is found there, by every tool."""
    fakes("a", status(want=b"d") if "-d" in argv else status(4711))
    (place / "a/log").mkdir()
    (place / "a/log/current").write_text("a line\n")
    assert run(*argv, "a", env=ELSEWHERE).returncode == 0
    (place / "other").mkdir()
    assert run(*argv, "a", cwd=place / "other").returncode == 0


def test_pysv_takes_that_of_svdir_first(run, two):
    """As sv does; what is here is a path with a dot, or what SVDIR lacks."""
    assert run("pysv", "status", "a", cwd=two).stdout.startswith(b"run: a: ")
    assert run("pysv", "status", "./a", cwd=two).stdout.startswith(b"down: ./a: ")


@pytest.mark.parametrize("argv", [["pysvstat", "a"], ["pysvstat", "./a"]])
def test_the_others_take_that_which_is_here_first(run, two, argv):
    """As svstat does."""
    assert b"a: down" in run(*argv, cwd=two).stdout


def test_a_directory_that_is_no_service_hides_none(run, fakes, place):
    """A source tree of the same name does not stand before the service."""
    fakes("a", status(4711))
    (place / "here/a").mkdir(parents=True)
    assert run("pysvstat", "a", cwd=place / "here").stdout.startswith(b"a: up")
    (place / "svc/b").mkdir(parents=True)
    fakes("b", status(4711))
    assert run("pysv", "status", "b", env={"SVDIR": str(place / "svc")}).returncode == 0


@ANY
def test_what_is_nowhere(run, place, argv):
    """The answer says where it was looked for, and what SVDIR is."""
    words = said(run(*argv, "nosuch"))
    assert b"looked for " in words
    assert b"./nosuch" in words
    assert b"%s/nosuch" % str(place).encode() in words
    assert b"(SVDIR is %s)" % str(place).encode() in words


@ANY
def test_what_is_nowhere_is_no_success(run, fakes, argv):
    """A script that has a name wrong hears of it, beside one that is right, and with --json."""
    fakes("a", status(4711))
    assert run(*argv, "a", "nosuch").returncode != 0
    if argv[0] == "pysv":
        assert run(*argv, "-j", "nosuch").returncode != 0


@ANY
def test_a_path_is_looked_for_nowhere_else(run, argv):
    """What has a slash at its head or a dot is a path."""
    assert b"looked for" not in said(run(*argv, "./nosuch"))


def test_an_empty_svdir(run, place):
    """It is none: a service of / would be made, or removed."""
    words = said(run("pysv", "status", "nosuch", env={"SVDIR": ""}))
    assert words.endswith(b"service/nosuch, then ./nosuch (SVDIR is not set)\n")
    assert b"looked for /nosuch" not in words
    result = run("pysvscanctl", "-a", env={"SVDIR": ""}, cwd=place)
    assert b"unable to tell the pysvscan of .: " in result.stderr


def test_what_is_no_service_is_left_out(run, fakes, place):
    """In ls and status without a name: a directory that holds neither run nor supervise/."""
    fakes("a", status(4711))
    (place / "lost+found").mkdir()
    (place / "new").mkdir()
    (place / "new/run").touch()
    rows = run("pysv", "ls").stdout.decode().splitlines()
    assert [row.split()[0] for row in rows] == ["SERVICE", "a", "new"]
    assert b"lost+found" not in said(run("pysv", "status"))


@pytest.mark.parametrize("command", ["ls", "status", "logs", "history"])
def test_no_service_at_all(run, place, command):
    """An empty answer says that it is one."""
    result = run("pysv", command)
    assert result.returncode == 0
    assert b"there is no service in " + str(place).encode() in result.stderr


@ANY
def test_a_service_that_nobody_has_supervised(run, place, argv):
    """The kind: whoever asks for what only a supervisor gives is told how to have one."""
    (place / "a").mkdir()
    (place / "a/run").touch()
    words = said(run(*argv, "a"))
    if argv[0] != "pysvok" and argv[1:] != ["ls"] and argv[1:] != ["logs"]:
        assert b"nothing has supervised it yet: start one with `pysupervise " in words
    if argv[0] == "pysv" and argv[1:] != ["logs"]:
        assert b"supervise not running" in words


@pytest.mark.parametrize("argv", [["pysvstat"], ["pysv", "status"], ["pysv", "ls"]])
def test_one_that_has_just_begun(run, fakes, argv):
    """A supervisor of many shows how they are when it has started them: no file is missing."""
    made = fakes("a").path / "supervise"
    # `ok` it makes last.
    for name in ("status", "ok"):
        (made / name).unlink(missing_ok=True)
        words = said(run(*argv, "a"))
        assert b"its supervisor has not yet said how it is" in words
        assert b"supervise/" not in words


def test_one_that_has_just_begun_is_waited_for(run, fakes):
    """Until the time is up: it is no supervisor that is missing."""
    made = fakes("a").path / "supervise"
    (made / "status").unlink()
    assert run("pysvwait", "-u", "-t", "0.2", "a").returncode == 99
    assert run("pysvwait", "-d", "-o", "-t", "0.2", "a").returncode == 99


def test_a_directory_of_services(run, place):
    """Who names that is told what is a service in it."""
    (place / "five/web").mkdir(parents=True)
    (place / "five/web/run").touch()
    assert b"five is not a service directory: it holds no run; %s/five/web is one\n" % (
        str(place).encode()
    ) in said(run("pysv", "status", "five"))


def test_logs_of_what_has_none(run, place):
    """That there is no such service is another thing than that it has no log."""
    (place / "a").mkdir()
    assert b"nosuch: there is no such service: looked for " in run("pysv", "logs", "nosuch").stderr
    assert b"a: there is no log directory" in run("pysv", "logs", "a").stderr


def test_a_log_that_came_later(run, supervised, place):
    """The supervisor that is there looked for it when it started: another one is no remedy."""
    supervised("pysupervise", place / "a")
    # By then it has looked.
    wait_until(lambda: b"a: up " in run("pysvstat", "a").stdout)
    (place / "a/log").mkdir()
    (place / "a/log/run").touch()
    result = run("pysv", "status", "a")
    assert b"a/log: supervise not running" in result.stdout
    wanted = b"a/log was not there when the supervisor of %s/a started" % str(place).encode()
    assert wanted in result.stderr
    assert b"start one with" not in result.stderr


@pytest.mark.parametrize("name", ["./log", "log", "log/", ".//log/."])
@pytest.mark.parametrize("argv", [["pysvstat"], ["pysvc", "-u"], ["pysv", "-w0", "start"]])
def test_a_name_that_does_not_say_which(run, supervised, place, argv, name):
    """Whose log it is stands in the sentence, not just that it is that of `.`."""
    supervised("pysupervise", place / "a")
    # By then it has looked.
    wait_until(lambda: b"a: up " in run("pysvstat", "a").stdout)
    (place / "a/log").mkdir()
    (place / "a/log/run").touch()
    result = run(*argv, name, cwd=place / "a")
    assert f"/a/log was not there when the supervisor of {place}/a st" in result.stderr.decode()
    within = run(*argv, ".", cwd=place / "a/log")
    assert f"/a/log was not there when the supervisor of {place}/a st" in within.stderr.decode()


@ANY
def test_a_path_that_is_nowhere(run, place, argv):
    """Which directory a path meant is said; so is that a variable in a script was empty."""
    (place / "a").mkdir()
    for name in "./log", "../a/b/../log":
        assert f"that is {place}/a/log\n".encode() in said(run(*argv, name, cwd=place / "a"))
    assert b"its name is empty" in said(run(*argv, ""))


@pytest.mark.parametrize("argv", [["pysv", "status"], ["pysv", "history"], ["pysvstat"]])
def test_the_root_directory(run, argv):
    """It holds a /run, which no supervisor runs."""
    assert b"/ is not a service directory: it holds no run" in said(run(*argv, "/"))


def test_a_program_called_supervise(run, place):
    """Only a directory of that name is a supervisor's."""
    (place / "bin/a").mkdir(parents=True)
    (place / "bin/a/supervise").touch()
    assert said(run("pysv", "status", "bin")).endswith(b": it holds no run\n")


@pytest.mark.parametrize(
    "argv",
    [
        ["logs", "a", "-n", "1"],
        ["status", "a", "-j"],
        ["ls", "a", "--json"],
        ["check", "a", "-w", "0"],
    ],
)
def test_options_behind_a_service(run, fakes, place, argv):
    """The kind: what begins with a dash is an option, wherever it stands, until two of them."""
    fakes("a", status(4711))
    (place / "a/main").mkdir()
    (place / "a/main/current").write_text("one\ntwo\n")
    result = run("pysv", *argv)
    assert (result.returncode, result.stderr) == (0, b"")
    # But for the seconds that it has been up.
    shown, wanted = (
        re.sub(rb"\d+", b"N", one.stdout) for one in (result, run("pysv", argv[0], *argv[2:], "a"))
    )
    assert shown == wanted
    assert b"-f: there is no such service" in run("pysv", "logs", "--", "-f").stderr


@pytest.mark.parametrize("tool", [["pysvstat"], ["pysvc", "-u"], ["pysvwait"]])
def test_options_behind_a_directory(run, fakes, tool):
    """Of the tools that read as djb's getopt does, that is said."""
    fakes("a", status(4711))
    assert b"options stand before the directories" in said(run(*tool, "a", "-v"))


def test_a_shutdown_that_worked(run, supervised, place):
    """It is said that the service is down and its supervisor gone: that is what was asked."""
    supervised("pysupervise", place / "a")
    result = run("pysv", "-w", "30", "shutdown", "a")
    assert result.returncode == 0
    assert said(result) == b"ok: a: down, and its supervisor has ended\n"
    again = run("pysv", "shutdown", "a")
    assert (again.returncode, said(again)) == (0, b"ok: a: supervise not running\n")


def test_the_remedy_where_one_process_kept_all(run, fakes, place):
    """It was a pysvscan: as a remedy that is named, since it keeps the others too."""
    fakes("a").close()
    (place / ".pysvscan").mkdir()
    assert run("pysv", "start", "a", env=ELSEWHERE).stderr.endswith(
        b": start one with `pysvscan .`\n"
    )
    named = run("pysv", "start", f"{place}/a", env=ELSEWHERE).stderr
    assert named.endswith(f": start one with `pysvscan {place}`\n".encode())


def test_the_remedy_where_a_scanner_is(run, fakes, place):
    """A second pysvscan would not start, and would be none: the first has to look again."""
    fakes("a").close()
    (place / "b").mkdir()
    (place / "b/run").touch()
    (place / ".pysvscan").mkdir()
    os.mkfifo(place / ".pysvscan/control")
    fd = os.open(place / ".pysvscan/control", os.O_RDONLY | os.O_NONBLOCK)
    wanted = f": `pysvscanctl -a {place}` has the pysvscan there look at once\n".encode()
    for name in "a", "b":
        assert run("pysv", "start", name).stderr.endswith(wanted)
    os.close(fd)
    assert b"start one with `pysvscan " in run("pysv", "start", "a").stderr


@pytest.mark.parametrize("name", ["./log", "../a/log/", "."])
def test_the_remedy_for_a_logger(run, place, name):
    """Its service is to be supervised: a logger alone would read a terminal."""
    (place / "a/log").mkdir(parents=True)
    for file in "a/run", "a/log/run":
        (place / file).touch()
    at = place / ("a/log" if name == "." else "a")
    for tool in ["pysv", "start"], ["pysvstat"]:
        words = run(*tool, name, cwd=at).stderr
        assert words.endswith(b"/a`\n"), words


def test_a_start_without_a_supervisor(run, fakes):
    """The remedy stands beside the cause, with the path that was found."""
    fakes("a").close()
    result = run("pysv", "start", "a", env=ELSEWHERE)
    assert result.returncode == 1
    assert result.stdout == b"fail: a: supervise not running\n"
    wanted = b"pysv: a was supervised once; its supervisor has ended: start one with "
    assert result.stderr == wanted + b"`pysupervise a`\n"
